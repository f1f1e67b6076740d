"""Memory as pictures: what it is held for at the peak, and how it comes and goes in a pass."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def parts_bar(parts: Mapping[str, int]) -> "Figure":
    """Return one bar, divided by what the bytes serve; what takes none is left out.

    Args:
        parts: bytes by what they serve, in the order of the bar.
    """
    from plotly.graph_objects import Bar, Figure

    divisor, unit = _unit(sum(parts.values()))
    figure = Figure()
    for index, (name, size) in enumerate(parts.items()):
        if size:
            figure.add_trace(
                Bar(
                    name=name,
                    x=[size / divisor],
                    y=[""],
                    orientation="h",
                    marker_color=colour(figure, index),
                    hovertemplate=f"{name}: %{{x:,.3~g}} {unit}<extra></extra>",
                )
            )
    figure.update_layout(frame(190, barmode="stack", bargap=0.3, legend_traceorder="normal"))
    figure.update_xaxes(title=f"Memory at the peak ({unit})")
    figure.update_yaxes(showticklabels=False)
    return figure


def over_time(moments: Sequence[Mapping[str, int]], turn: int) -> "Figure":
    """Return what is held from moment to moment as areas on each other, in ``parts_bar``'s colours.

    Args:
        moments: bytes by what they serve, each with the same names in the same order.
        turn: the moment with which the backward pass begins; none does where it is past the end.
    """
    from plotly.graph_objects import Figure, Scatter

    divisor, unit = _unit(max(sum(each.values()) for each in moments))
    figure = Figure()
    for index, name in enumerate(moments[0]):
        sizes = [each[name] / divisor for each in moments]
        if any(sizes):
            figure.add_trace(
                Scatter(
                    name=name,
                    x=list(range(len(moments))),
                    y=sizes,
                    mode="lines",
                    line={"width": 0, "shape": "hv"},
                    fillcolor=colour(figure, index),
                    stackgroup="held",
                    hovertemplate=f"{name}: %{{y:,.3~g}} {unit}<extra></extra>",
                )
            )
    if turn < len(moments):
        figure.add_vline(x=turn, line={"dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=turn, y=1, yref="paper", text="backward pass", showarrow=False, yanchor="bottom"
        )
    figure.update_layout(frame(300, hovermode="x", showlegend=False))
    figure.update_layout(margin_t=24)
    figure.update_xaxes(title="From the first operation to the last", showticklabels=False)
    figure.update_yaxes(title=f"Memory ({unit})", rangemode="tozero")
    return figure


def _unit(size: float) -> tuple[float, str]:
    return next((each for each in _UNITS if size >= each[0]), _UNITS[-1])
