"""Parallel coordinates: a line a run, through its settings to what they led to.

Drawn as ordinary lines: plotly's own kind needs WebGL, which many servers and old machines lack.

Source: Inselberg, "The plane with parallel coordinates", The Visual Computer 1, 1985.
"""

import html
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cvexplore.figures.theme import frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_WORST, _BEST = (140, 143, 163), (232, 104, 4)  # grey to orange: seen on a light and a dark page
_MOST_TICKS = 8  # values that are written out one by one
_WIDE = 50.0  # greatest by least, from which on orders of magnitude are what counts
_LONG = 18  # letters of a tick before they would run into the next axis
_ROUND = 4  # ticks of an axis with many values


@dataclass(frozen=True)
class Dimension:
    """One upright axis.

    Args:
        title: written above it.
        values: one a run, numbers or words.
    """

    title: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Scale:
    """Where the values of a dimension stand.

    Args:
        places: of each value, from 0 at the bottom to 1 at the top.
        ticks: places and what is written beside them.
    """

    places: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]


def parallel(
    settings: Sequence[Dimension],
    measured: Dimension,
    names: Sequence[str],
    *,
    lower: bool = False,
    through: Collection[int] | None = None,
    height: int = 380,
) -> "Figure":
    """Return a line a run, the better the more orange, by rank; points carry the run's place.

    Args:
        settings: what differs between the runs.
        measured: the last axis; a number a run.
        names: of the runs, for who points at a line.
        lower: whether less of what was measured is better.
        through: places of the runs that stand out; None for all.
        height: in pixels.

    Raises:
        ValueError: an axis has more or fewer values than there are runs.
    """
    from plotly.graph_objects import Figure, Scatter

    axes = [*settings, measured]
    if any(len(each.values) != len(names) for each in axes):
        raise ValueError("every axis of parallel coordinates needs one value a run")
    scales = [scale(each.values) for each in axes]
    goodness = _ranks(measured.values, lower)
    figure = Figure()
    for run in sorted(range(len(names)), key=goodness.__getitem__):  # the best is drawn last
        seen = through is None or run in through
        said = [f"{html.escape(a.title)}: {html.escape(_written(a.values[run]))}" for a in axes]
        figure.add_trace(
            Scatter(
                x=list(range(len(axes))),
                y=[each.places[run] for each in scales],
                mode="lines+markers",
                line={"color": _between(goodness[run]), "width": 2.5},
                marker={"size": 7},
                opacity=0.9 if seen else 0.12,
                customdata=[[run]] * len(axes),
                hovertemplate="<br>".join([f"<b>{html.escape(names[run])}</b>", *said])
                + "<extra></extra>",
            )
        )
    for place, (axis, found) in enumerate(zip(axes, scales, strict=True)):
        _draw_axis(figure, place, axis.title, found, last=place == len(axes) - 1)
    figure.update_layout(frame(height, showlegend=False, dragmode="select", hovermode="closest"))
    figure.update_layout(margin={"l": 12, "r": 12, "t": 8, "b": 8})
    figure.update_xaxes(visible=False, range=[-0.12, len(axes) - 0.55], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-0.06, 1.16], fixedrange=True)
    return figure


def _ranks(values: Sequence[float], lower: bool) -> list[float]:
    """Return each value's rank, 0 the worst and 1 the best: one failed run hides no difference."""
    order = sorted(range(len(values)), key=lambda run: -values[run] if lower else values[run])
    most = max(1, len(values) - 1)
    return [order.index(run) / most for run in range(len(values))]


def _draw_axis(figure: "Figure", place: int, title: str, found: Scale, *, last: bool) -> None:
    figure.add_shape(
        type="line", x0=place, x1=place, y0=0, y1=1, layer="below", line={"color": "#888888"}
    )
    for height, text in found.ticks:
        figure.add_annotation(
            x=place,
            y=height,
            text=html.escape(text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"),
            showarrow=False,
            xanchor="left",
            xshift=7,
            font={"size": 11},
            bgcolor=_background(figure),
            borderpad=1,
            opacity=0.85,
        )
    figure.add_annotation(
        x=place,
        y=1.1,
        text=f"<b>{html.escape(title)}</b>",
        showarrow=False,
        xanchor="center" if place and not last else "left",
        xshift=-8 if place == 0 or last else 0,
    )


def _background(figure: "Figure") -> str | None:
    """Return the page's colour; in the app's template only the cells of tables name it."""
    tables = figure.layout.template.data.table  # type: ignore[attr-defined]
    return tables[0].cells.fill.color if tables else None


def scale(values: Sequence[Any]) -> Scale:
    """Return where values stand: numbers in proportion or by magnitude, words side by side."""
    if not _numeric(values):
        return _words(values)
    low, high = min(values), max(values)
    log = low > 0 and high / low >= _WIDE

    def at(value: float) -> float:
        if low == high:
            return 0.5
        if log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    distinct = sorted(set(values))
    ticks = distinct if len(distinct) <= _MOST_TICKS else _round(low, high, log)
    return Scale(tuple(map(at, values)), tuple((at(each), f"{each:.4g}") for each in ticks))


def _words(values: Sequence[Any]) -> Scale:
    """Return places of words, in the order they come; the first stands on top."""
    known = list(dict.fromkeys(map(str, values)))
    step = 1 / max(1, len(known) - 1)
    places = {word: 1 - place * step if known[1:] else 0.5 for place, word in enumerate(known)}
    return Scale(tuple(places[str(each)] for each in values), tuple((places[w], w) for w in known))


def _numeric(values: Sequence[Any]) -> bool:
    return bool(values) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values
    )


def _round(low: float, high: float, log: bool) -> list[float]:
    """Return both ends and what is between them: powers of ten, or even shares."""
    if log:
        inside = range(math.floor(math.log10(low)) + 1, math.ceil(math.log10(high)))
        return [low, *(10.0**each for each in inside), high]
    return [low + (high - low) * place / _ROUND for place in range(_ROUND + 1)]


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _between(share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_WORST, _BEST, strict=True))
    return f"rgb({', '.join(map(str, mixed))})"
