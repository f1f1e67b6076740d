"""Architectures against each other: a scatter of facts, and bars of their parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.catalog.names import Architecture
from cvexplore.figures.theme import KINDS, colour, frame
from cvexplore.trace.records import ROLES, Trace

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True)
class Axis:
    """A fact to plot: its title, whether it spans orders of magnitude, and what to divide it by."""

    title: str
    log: bool = True
    divisor: float = 1


AXES = {
    "parameters": Axis("Parameters (M)", divisor=1e6),
    "macs": Axis("Multiply-adds (G)", divisor=1e9),
    "activation_bytes": Axis("Activation memory (MB)", divisor=1e6),
    "top1": Axis("ImageNet top-1 (%)", log=False),
    "year": Axis("Year of the paper", log=False),
    "layers": Axis("Layers"),
}


def scatter(
    architectures: Sequence[Architecture],
    x: str = "macs",
    y: str = "top1",
    picked: Sequence[str] = (),
    height: int = 440,
    legend: bool = True,
) -> "Figure":
    """Return a scatter of two facts, coloured by kind and sized by parameters.

    Points carry the architecture's name as custom data; those without one of the facts are left
    out.
    """
    from plotly.graph_objects import Figure, Scatter

    across, up = AXES[x], AXES[y]
    figure = Figure()
    for index, kind in enumerate(KINDS):
        rows = [
            each
            for each in architectures
            if each.kind == kind and _value(each, x) is not None and _value(each, y) is not None
        ]
        if not rows:
            continue
        figure.add_trace(
            Scatter(
                x=[_value(each, x) for each in rows],
                y=[_value(each, y) for each in rows],
                customdata=[[each.name, each.family, each.year] for each in rows],
                name=kind,
                mode="markers+text",
                text=[each.name.partition("/")[2] if each.name in picked else "" for each in rows],
                textposition="top center",
                marker={
                    "color": colour(figure, index),
                    "size": [_size(each) for each in rows],
                    "opacity": [1.0 if each.name in picked else 0.65 for each in rows],
                },
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>%{customdata[1]}, %{customdata[2]}<br>"
                    f"{across.title}: %{{x:,.4~g}}<br>{up.title}: %{{y:,.4~g}}<extra></extra>"
                ),
            )
        )
    figure.update_layout(
        frame(height, clickmode="event+select", dragmode="zoom", showlegend=legend)
    )
    figure.update_xaxes(title=across.title, type="log" if across.log else "linear")
    figure.update_yaxes(title=up.title, type="log" if up.log else "linear")
    return figure


def _value(architecture: Architecture, fact: str) -> float | None:
    value = getattr(architecture, fact)
    return None if not value else value / AXES[fact].divisor


def _size(architecture: Architecture) -> float:
    """Return a marker's diameter in pixels: its area grows with the root of the parameters."""
    millions = (architecture.parameters or 1) / 1e6
    return min(34.0, 6 + 2.2 * millions**0.4)


def parameter_bars(traces: Mapping[str, Trace]) -> "Figure":
    """Return a bar a network, divided by what its parameters do."""
    from plotly.graph_objects import Bar, Figure

    spent = {name: trace.by_role() for name, trace in traces.items()}
    figure = Figure()
    for index, each in enumerate(ROLES):
        counts = [spent[name][each] for name in traces]
        if not any(counts):
            continue
        figure.add_trace(
            Bar(
                name=each,
                y=list(traces),
                x=[count / 1e6 for count in counts],
                orientation="h",
                marker_color=colour(figure, index),
                hovertemplate=f"<b>%{{y}}</b><br>{each}: %{{x:,.3f}} million<extra></extra>",
            )
        )
    figure.update_layout(frame(110 + 50 * len(traces), barmode="stack", bargap=0.35))
    figure.update_layout(legend_traceorder="normal")
    figure.update_xaxes(title=AXES["parameters"].title)
    figure.update_yaxes(autorange="reversed")
    return figure
