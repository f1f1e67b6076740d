"""How many of a network's parameters learn: against all of them, and over a run.

Axes are logarithmic, for a head is often a thousandth of its network.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Opening = Sequence[tuple[float, int]]  # from this share of the run on, so many learn

_OF_ALL = "rgba(128, 128, 128, 0.55)"
_BAR = 34  # pixels a row
_ROOM = 0.7  # of the bars' width, for the words beside them


def total_and_trained(total: int, trained: Mapping[str, int]) -> "Figure":
    """Return a bar for all parameters, and below it one for those that learn.

    Args:
        total: parameters of the network.
        trained: how many of them learn, by the name of the way; of one way or of several.
    """
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    names = ["all", *trained]
    counts = [total, *trained.values()]
    colours = [_OF_ALL, *(colour(figure, index) for index in range(len(trained)))]
    figure.add_trace(
        Bar(
            x=counts,
            y=names,
            orientation="h",
            marker={"color": colours},
            text=[f"{total:,}", *(ratio(total, count) for count in trained.values())],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,}<extra></extra>",
        )
    )
    figure.update_layout(frame(_BAR * len(names) + 44, bargap=0.3, showlegend=False))
    low = max(0, math.floor(math.log10(max(1, min(counts)))) - 1)
    high = math.log10(max(total, 10))
    room = (high - low) * _ROOM
    figure.update_xaxes(type="log", range=[low, high + room], dtick=1, fixedrange=True)
    figure.update_xaxes(title="Parameters", exponentformat="SI")
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure


def learning_along(ways: Mapping[str, Opening], total: int, now: float | None = None) -> "Figure":
    """Return how many parameters learn over a run: a line a way, and a dotted one for them all.

    Args:
        ways: from which share of the run on how many learn, by the name of the way.
        total: parameters of the network.
        now: the share of the run to mark.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for index, (name, opening) in enumerate(ways.items()):
        ends = [*opening, (1.0, opening[-1][1])]
        figure.add_trace(
            Scatter(
                x=[share for share, _ in ends],
                y=[count for _, count in ends],
                name=name,
                mode="lines",
                line={"color": colour(figure, index), "width": 3, "shape": "hv"},
                text=[ratio(total, count) for _, count in ends],
                hovertemplate=f"{name}, from %{{x:.0%}} on: %{{text}}<extra></extra>",
            )
        )
    figure.add_hline(total, line={"color": _OF_ALL, "width": 1.5, "dash": "dot"})
    if now is not None:
        figure.add_vline(now, line={"color": _OF_ALL, "width": 1.5})
    figure.update_layout(frame(240, showlegend=len(ways) > 1))
    figure.update_xaxes(title="Share of the run", tickformat=".0%", range=[-0.01, 1.01])
    figure.update_yaxes(title="Parameters that learn", type="log", dtick=1, exponentformat="SI")
    return figure


def ratio(total: int, trained: int) -> str:
    """Return how many of all parameters learn, in words: "1,290: 0.31 %, one of 327"."""
    if not trained or trained == total:
        return f"{trained:,}: {'all' if trained else 'none'}"
    share, times = 100 * trained / total, total / trained
    digits = 0 if share >= 9.95 else 1 if share >= 0.995 else 2
    fewer = f", one of {times:,.0f}" if times >= 1.5 else ""
    return f"{trained:,}: {share:.{digits}f} %{fewer}"
