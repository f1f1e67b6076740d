"""Ways to learn side by side: what they reach with few labels, and what their labels cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BAND = 0.35  # opacity, of what is half transparent already
_ASIDE = 1.09  # by which dots of one place are moved apart, on a logarithmic axis


@dataclass(frozen=True)
class Line:
    """What one way to learn reaches.

    Args:
        name: what it is called.
        labels: labelled pictures a class, rising.
        means: what is measured at each, over the seeds.
        spreads: its standard deviation.
        seeds: how many there are.
        control: whether others are held against it: drawn dashed.
    """

    name: str
    labels: Sequence[int]
    means: Sequence[float]
    spreads: Sequence[float]
    seeds: int = 1
    control: bool = False


@dataclass(frozen=True)
class Cost:
    """What a way to learn needs of people.

    Args:
        name: what it is called.
        family: which its colour is of.
        pictures: that it learns from.
        hours: that people need to label them.
        what: "class", "box", … or "none".
    """

    name: str
    family: str
    pictures: int
    hours: float
    what: str


def by_labels(lines: Sequence[Line], what: str, height: int = 420) -> "Figure":
    """Return what each reaches against the number of labels, with a band of one deviation.

    A point's ``customdata`` is the name and the labels.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for index, line in enumerate(lines):
        shade = colour(figure, index)
        above = [m + s for m, s in zip(line.means, line.spreads, strict=True)]
        below = [m - s for m, s in zip(line.means, line.spreads, strict=True)]
        figure.add_trace(
            Scatter(
                x=[*line.labels, *reversed(line.labels)],
                y=[*above, *reversed(below)],
                mode="lines",
                fill="toself",  # in the line's colour, which the page's theme may replace
                line={"color": shade, "width": 0},
                opacity=_BAND,
                hoverinfo="skip",
                legendgroup=line.name,
                showlegend=False,
            )
        )
        figure.add_trace(
            Scatter(
                x=list(line.labels),
                y=list(line.means),
                customdata=[
                    [line.name, labels, spread]
                    for labels, spread in zip(line.labels, line.spreads, strict=True)
                ],
                name=line.name,
                legendgroup=line.name,
                mode="lines+markers",
                line={"color": shade, "width": 2, "dash": "dash" if line.control else "solid"},
                marker={"size": 8},
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>%{x} labels a class: %{y:.1%} ± "
                    f"%{{customdata[2]:.1%}}, {line.seeds} seeds<extra></extra>"
                ),
            )
        )
    ticks = sorted({each for line in lines for each in line.labels})
    figure.update_layout(frame(height, clickmode="event+select"))
    figure.update_xaxes(
        title="Labelled pictures a class",
        type="log",
        tickvals=ticks,
        ticktext=list(map(str, ticks)),
    )
    figure.update_yaxes(title=what, tickformat=".0%")
    return figure


def bars(lines: Sequence[Line], what: str, *, percent: bool = True) -> "Figure":
    """Return one bar for each way to learn, with a line of one deviation; controls are grey.

    A bar's ``customdata`` is the name and the labels.
    """
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    shown = list(reversed(lines))  # plotly draws the first at the bottom
    form = ".1%" if percent else ".3f"
    figure.add_trace(
        Bar(
            x=[line.means[0] for line in shown],
            y=[line.name for line in shown],
            orientation="h",
            error_x={"array": [line.spreads[0] for line in shown], "thickness": 1.5},
            customdata=[[line.name, line.labels[0], line.spreads[0]] for line in shown],
            marker={
                "color": [
                    "rgba(128, 128, 128, 0.55)" if line.control else colour(figure, 0)
                    for line in shown
                ]
            },
            text=[f"{line.means[0]:{form}}" for line in shown],
            textposition="inside",
            insidetextanchor="start",
            hovertemplate=(
                f"<b>%{{y}}</b><br>%{{x:{form}}} ± %{{customdata[2]:{form}}}<extra></extra>"
            ),
        )
    )
    figure.update_layout(frame(60 + 34 * len(lines), showlegend=False, clickmode="event+select"))
    figure.update_xaxes(title=what, tickformat=".0%" if percent else None, rangemode="tozero")
    return figure


def costs(found: Sequence[Cost], height: int = 420) -> "Figure":
    """Return the pictures each learns from against the hours that people label them.

    The hours grow with their root, so that what needs none has a place. A point's ``customdata``
    begins with the name.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    families = list(dict.fromkeys(each.family for each in found))
    places = _side_by_side(found)
    for index, family in enumerate(families):
        own = [each for each in found if each.family == family]
        figure.add_trace(
            Scatter(
                x=[places[each.name] for each in own],
                y=[each.hours**0.5 for each in own],
                text=[each.name for each in own],
                customdata=[
                    [each.name, _time(each.hours), each.what, each.pictures] for each in own
                ],
                name=family,
                mode="markers",
                marker={"size": 12, "color": colour(figure, index), "opacity": 0.85},
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>learns from %{customdata[3]:,} pictures<br>"
                    "%{customdata[1]} of labelling (%{customdata[2]})<extra></extra>"
                ),
            )
        )
    most = max((each.hours for each in found), default=1.0)
    ticks = [hours for hours in (0, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if hours <= 1.2 * most]
    figure.update_layout(frame(height, clickmode="event+select"))
    figure.update_xaxes(title="Pictures it learns from", type="log", dtick=1)
    figure.update_yaxes(
        title="Hours of labelling",
        tickvals=[each**0.5 for each in ticks],
        ticktext=list(map(str, ticks)),
    )
    return figure


def _side_by_side(found: Sequence[Cost]) -> dict[str, float]:
    """Return where each stands: those of one place in a row, which the middle of is the place."""
    rows: dict[tuple[int, float], list[str]] = {}
    for each in found:
        rows.setdefault((each.pictures, round(each.hours, 1)), []).append(each.name)
    return {
        name: pictures * _ASIDE ** (index - (len(names) - 1) / 2)
        for (pictures, _), names in rows.items()
        for index, name in enumerate(names)
    }


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:,.1f} hours"
    return f"{60 * hours:,.0f} minutes" if hours else "no time"
