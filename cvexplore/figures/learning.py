"""A run's losses, and how far a layer has moved, with the moment that is looked at."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Line = tuple[Sequence[int], Sequence[float]]  # steps and values


def learning(
    losses: Mapping[str, Line], moved: Mapping[str, Line], step: int, height: int = 380
) -> "Figure":
    """Return losses above and distances below, over one axis of steps.

    Args:
        losses: by split.
        moved: by what the distance is from.
        step: to mark.
        height: in pixels.
    """
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.06)
    for row, lines in enumerate((losses, moved), 1):
        for place, (name, (steps, values)) in enumerate(lines.items()):
            figure.add_trace(
                Scatter(
                    x=list(steps),
                    y=list(values),
                    mode="lines+markers" if len(steps) <= 100 else "lines",
                    name=name,
                    line={"color": colour(figure, place + 2 * (row - 1)), "width": 2},
                    marker={"size": 6},
                    hovertemplate=f"{name}<br>step %{{x:,}}: %{{y:.4g}}<extra></extra>",
                ),
                row=row,
                col=1,
            )
    figure.update_layout(frame(height))
    figure.update_yaxes(title="Loss", rangemode="tozero", row=1)
    figure.update_yaxes(title="Cosine distance", rangemode="tozero", row=2)
    figure.update_xaxes(title="Step", row=2)
    figure.add_vline(x=step, line={"color": "#888888", "width": 2, "dash": "dot"})
    return figure
