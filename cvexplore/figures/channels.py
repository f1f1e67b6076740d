"""One channel's values as a figure."""

from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BINS = 40


def histogram(channel: np.ndarray, *, beside: np.ndarray) -> "Figure":
    """Return how one channel's values are distributed, beside those of its whole layer.

    Both are shares of their own number of values, so that they compare.

    Shape: channel (H, W), beside (C, H, W)
    """
    import plotly.graph_objects as go

    low, high = float(beside.min()), float(beside.max())
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    for name, values, place in (("channel", channel, 0), ("whole layer", beside, 6)):
        counts, _ = np.histogram(values, edges)
        figure.add_bar(
            x=middles,
            y=counts / values.size,
            name=name,
            marker={"color": colour(figure, place), "line": {"width": 0}},
            opacity=0.75 if place == 0 else 0.45,
            width=edges[1] - edges[0],
            hovertemplate="%{y:.2%} near %{x:.3g}<extra>" + name + "</extra>",
        )
    figure.update_layout(frame(170, barmode="overlay", bargap=0))
    figure.update_yaxes(type="log", tickformat=".0e", nticks=4, title="share")
    figure.update_xaxes(title="value")
    return figure
