"""How many pictures of each class are learned from, looked at, and kept for the end."""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def split_bars(
    parts: Mapping[str, Sequence[int]], classes: Sequence[str], height: int = 150
) -> "Figure":
    """Return a bar a class, cut into the parts of a split.

    Args:
        parts: pictures of each class, by the part's name.
        classes: their names, in the same order.
        height: in pixels.
    """
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    for index, (name, counts) in enumerate(parts.items()):
        figure.add_trace(
            Bar(
                x=list(range(len(classes))),
                y=list(counts),
                customdata=list(map(html.escape, classes)),
                name=name,
                marker={"color": colour(figure, index)},
                hovertemplate=f"%{{customdata}}: %{{y:,}} for {name}<extra></extra>",
            )
        )
    few = len(classes) <= 12 and sum(map(len, classes)) <= 60  # names that fit side by side
    figure.update_layout(frame(height, barmode="stack", bargap=0.25, legend_traceorder="normal"))
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(classes))) if few else [],
        ticktext=list(map(html.escape, classes)) if few else [],
        fixedrange=True,
        title=None if few else f"{len(classes)} classes",
    )
    figure.update_yaxes(fixedrange=True, nticks=4)
    return figure
