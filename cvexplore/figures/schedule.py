"""The learning rate over a run, drawn before the run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_EPOCHS = 40  # lines, before they hide the curve


def learning_rates(
    rates: Sequence[float], steps: int, height: int = 200, steps_per_epoch: int = 0
) -> "Figure":
    """Return the learning rate by step, with a thin line at the end of each epoch.

    Args:
        rates: at evenly spaced steps from the first to the last.
        steps: optimiser steps of the run.
        height: in pixels.
        steps_per_epoch: where the lines are; 0 for none.
    """
    from plotly.graph_objects import Figure, Scatter

    places = [index * max(0, steps - 1) / max(1, len(rates) - 1) + 1 for index in range(len(rates))]
    figure = Figure()
    said = "step %{x:,.0f}<br>learning rate %{y:.2e}"
    if steps_per_epoch:
        said += "<br>epoch %{customdata:.1f}"
    figure.add_trace(
        Scatter(
            x=places,
            y=list(rates),
            customdata=[place / max(1, steps_per_epoch) for place in places],
            mode="lines",
            line={"color": colour(figure, 0), "width": 2.5},
            hovertemplate=f"{said}<extra></extra>",
        )
    )
    for end in _ends(steps, steps_per_epoch):
        figure.add_vline(
            end, line={"color": "rgba(128, 128, 128, 0.35)", "width": 1, "dash": "dot"}
        )
    figure.update_layout(frame(height, showlegend=False))
    figure.update_xaxes(title="Step")
    figure.update_yaxes(title="Learning rate", rangemode="tozero", exponentformat="e")
    return figure


def _ends(steps: int, steps_per_epoch: int) -> range:
    """Return the last step of each epoch but the last, if there are few enough to see."""
    if not steps_per_epoch or steps > _MOST_EPOCHS * steps_per_epoch:
        return range(0)
    return range(steps_per_epoch, steps, steps_per_epoch)
