"""The learning-rate range test: the loss by rate, and the rates worth a try."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cvexplore.training.lr_range import Suggestion

_ABOVE = 1.3  # times the first loss: what bursts beyond it would flatten all else


def lr_range(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float] = (),
    suggestion: "Suggestion | None" = None,
    chosen: float | None = None,
    height: int = 300,
) -> "Figure":
    """Return the loss by learning rate.

    Args:
        rates: of each step.
        losses: at each step.
        smoothed: the same, smoothed; left out while the test is under way.
        suggestion: the range to shade.
        chosen: the rate to mark.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    faint = {"size": 4, "color": colour(figure, 0), "opacity": 0.4 if smoothed else 1.0}
    shown = "learning rate %{x:.2e}<br>loss %{y:.3g}<extra></extra>"
    figure.add_trace(
        Scatter(
            x=list(rates),
            y=list(losses),
            mode="markers",
            name="loss of a step",
            marker=faint,
            hovertemplate=shown,
        )
    )
    if smoothed:
        figure.add_trace(
            Scatter(
                x=list(rates),
                y=list(smoothed),
                mode="lines",
                name="smoothed",
                line={"color": colour(figure, 0), "width": 2.5},
                hovertemplate=shown,
            )
        )
    if suggestion:
        figure.add_vrect(
            x0=suggestion.low,
            x1=suggestion.high,
            fillcolor=colour(figure, 1),
            opacity=0.18,
            line_width=0,
        )
        _say(figure, "worth a try", math.sqrt(suggestion.low * suggestion.high), top=True)
    if chosen:
        figure.add_vline(x=chosen, line={"color": "#888888", "width": 2, "dash": "dot"})
        _say(figure, "chosen", chosen, top=False)
    figure.update_layout(frame(height))
    figure.update_xaxes(title="Learning rate", type="log", exponentformat="power", dtick=1)
    top = _ABOVE * losses[0] if losses else 1.0
    figure.update_yaxes(title="Loss", range=[0, top])
    return figure


def _say(figure: "Figure", text: str, rate: float, *, top: bool) -> None:
    """Write a word at a rate, above the losses or at the foot."""
    figure.add_annotation(
        text=text,
        x=math.log10(rate),  # annotations of a logarithmic axis stand at the logarithm
        y=1.0 if top else 0.0,
        yref="paper",
        yanchor="top" if top else "bottom",
        xanchor="center" if top else "right",
        showarrow=False,
    )
