"""Architectures against each other: a scatter of facts, and bars of their parameters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.catalog.names import Architecture
from cvexplore.figures.theme import KINDS, colour, frame
from cvexplore.trace.records import ROLES, Fact, Trace

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True)
class Axis:
    """A fact to plot.

    Args:
        title: with its unit.
        log: whether it spans orders of magnitude.
        divisor: what to divide it by.
        better: +1 where more is better, -1 where less is, 0 where neither.
    """

    title: str
    log: bool = True
    divisor: float = 1
    better: int = 0


AXES = {
    "parameters": Axis("Parameters (M)", divisor=1e6, better=-1),
    "macs": Axis("Multiply-adds (G)", divisor=1e9, better=-1),
    "activation_bytes": Axis("Activation memory (MB)", divisor=1e6, better=-1),
    "top1": Axis("ImageNet top-1 (%)", log=False, better=1),
    "top5": Axis("ImageNet top-5 (%)", log=False, better=1),
    "year": Axis("Year of the paper", log=False),
    "layers": Axis("Layers"),
    "depth": Axis("Depth (weighted layers)"),
    "receptive_field": Axis("Receptive field (pixels)"),
    "image_size": Axis("Image size (pixels)", log=False, better=-1),
}


def scatter(
    architectures: Sequence[Architecture],
    x: str = "macs",
    y: str = "top1",
    size: str = "parameters",
    *,
    picked: Sequence[str] = (),
    front: Sequence[str] = (),
    papers: Mapping[str, str] | None = None,
    linear: bool = False,
    height: int = 440,
    legend: bool = True,
) -> "Figure":
    """Return a scatter of two facts, coloured by kind and sized by a third.

    Points carry the architecture's name as custom data; those without one of the facts are left
    out.

    Args:
        architectures: a point each.
        x: the fact across, a key of ``AXES``.
        y: the fact up.
        size: the fact that a dot's area grows with.
        picked: names to write beside their dots.
        front: names that a line joins, such as a Pareto front.
        papers: titles of the families' papers, for who hovers.
        linear: whether all axes are linear, whatever they span.
        height: in pixels.
        legend: whether kinds are named.
    """
    from plotly.graph_objects import Figure, Scatter

    across, up = AXES[x], AXES[y]
    known = {each.name: each for each in architectures if _has(each, x) and _has(each, y)}
    said = (
        "<b>%{customdata[0]}</b><br>%{customdata[1]}, %{customdata[2]}<br>"
        f"{across.title}: %{{x:,.4~g}}<br>{up.title}: %{{y:,.4~g}}"
        "<br><i>%{customdata[3]}</i><extra></extra>"
    )

    def data(rows: Sequence[Architecture]) -> list[list[str | int]]:
        return [[e.name, e.family, e.year, (papers or {}).get(e.family, "")] for e in rows]

    figure = Figure()
    joined = [known[name] for name in front if name in known]
    if len(joined) > 1:
        figure.add_trace(
            Scatter(
                x=[_value(each, x) for each in joined],
                y=[_value(each, y) for each in joined],
                name="Pareto front",
                mode="lines",
                line={"color": colour(figure, len(KINDS)), "width": 1.5, "dash": "dot"},
                hoverinfo="skip",
            )
        )
    for index, kind in enumerate(KINDS):
        rows = [each for each in known.values() if each.kind == kind]
        if not rows:
            continue
        figure.add_trace(
            Scatter(
                x=[_value(each, x) for each in rows],
                y=[_value(each, y) for each in rows],
                customdata=data(rows),
                name=kind,
                mode="markers",
                marker={
                    "color": colour(figure, index),
                    "size": _diameters(rows, known.values(), size),
                    "opacity": 0.65,
                },
                hovertemplate=said,
            )
        )
    ringed = [known[name] for name in picked if name in known]
    if ringed:  # last, so that no dot hides a name
        figure.add_trace(
            Scatter(
                x=[_value(each, x) for each in ringed],
                y=[_value(each, y) for each in ringed],
                customdata=data(ringed),
                name="picked",
                mode="markers+text",
                text=[f"<b>{each.name.partition('/')[2]}</b>" for each in ringed],
                textposition="top center",
                marker={
                    "symbol": "circle-open",
                    "color": colour(figure, len(KINDS) + 1),
                    "size": [6 + each for each in _diameters(ringed, known.values(), size)],
                    "line": {"width": 2.5},
                },
                hovertemplate=said,
                showlegend=False,
            )
        )
    figure.update_layout(
        frame(height, clickmode="event+select", dragmode="zoom", showlegend=legend)
    )
    figure.update_xaxes(title=across.title, type="log" if across.log and not linear else "linear")
    figure.update_yaxes(title=up.title, type="log" if up.log and not linear else "linear")
    return figure


def _has(architecture: Architecture, fact: str) -> bool:
    return bool(getattr(architecture, fact))


def _value(architecture: Architecture, fact: str) -> float | None:
    value = getattr(architecture, fact)
    return None if not value else value / AXES[fact].divisor


def _diameters(
    rows: Iterable[Architecture], among: Iterable[Architecture], fact: str
) -> list[float]:
    """Return the dots' diameters in pixels: their area grows with the root of the fact."""
    every = [value for each in among if (value := _value(each, fact))]
    low, high = min(every, default=1), max(every, default=1)
    values = [_value(each, fact) or low for each in rows]
    if AXES[fact].log:
        return [6 + 28 * (value / high) ** 0.4 for value in values]
    return [6 + 16 * (value - low) / max(high - low, 1e-9) for value in values]


# What a network spends: the chart's title, the fact, and what to divide it by.
SPENT: Mapping[str, tuple[Fact, float]] = {
    "Parameters (M)": ("parameters", 1e6),
    "Multiply-adds (G)": ("macs", 1e9),
    "Activation memory (MB)": ("activation_bytes", 1e6),
}


def role_bars(traces: Mapping[str, Trace], title: str = "Parameters (M)") -> "Figure":
    """Return a bar a network, divided by what the parameters, multiply-adds or bytes serve.

    Args:
        traces: by name.
        title: what is divided, a key of ``SPENT``.
    """
    from plotly.graph_objects import Bar, Figure

    fact, divisor = SPENT[title]
    spent = {name: trace.by_role(fact) for name, trace in traces.items()}
    figure = Figure()
    for index, each in enumerate(ROLES):
        counts = [spent[name][each] for name in traces]
        if not any(counts):
            continue
        figure.add_trace(
            Bar(
                name=each,
                y=list(traces),
                x=[count / divisor for count in counts],
                orientation="h",
                marker_color=colour(figure, index),
                hovertemplate=f"<b>%{{y}}</b><br>{each}: %{{x:,.4~g}}<extra></extra>",
            )
        )
    figure.update_layout(frame(110 + 50 * len(traces), barmode="stack", bargap=0.35))
    figure.update_layout(legend_traceorder="normal")
    figure.update_xaxes(title=title)
    figure.update_yaxes(autorange="reversed")
    return figure
