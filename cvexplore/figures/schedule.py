"""The learning rate over a run, drawn before the run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def learning_rates(rates: Sequence[float], steps: int, height: int = 200) -> "Figure":
    """Return the learning rate by step.

    Args:
        rates: at evenly spaced steps from the first to the last.
        steps: optimiser steps of the run.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Scatter

    places = [index * max(0, steps - 1) / max(1, len(rates) - 1) + 1 for index in range(len(rates))]
    figure = Figure()
    figure.add_trace(
        Scatter(
            x=places,
            y=list(rates),
            mode="lines",
            line={"color": colour(figure, 0), "width": 2.5},
            hovertemplate="step %{x:,.0f}<br>learning rate %{y:.2e}<extra></extra>",
        )
    )
    figure.update_layout(frame(height, showlegend=False))
    figure.update_xaxes(title="Step")
    figure.update_yaxes(title="Learning rate", rangemode="tozero", exponentformat="e")
    return figure
