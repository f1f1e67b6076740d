"""A concept's scores beside those of random pictures, and beside shuffled labels."""

from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_GREY = "#8A8F98"  # readable on light and dark ground
_BINS = 24


def concept_scores(concept: np.ndarray, random: np.ndarray, label: str) -> "Figure":
    """Return a dot for the TCAV score of each repetition, a row for each kind of CAV.

    Args:
        concept: the scores, 0 to 1. Shape: (R,)
        random: those of random pictures against random pictures. Shape: (R,)
        label: what the concept is called.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for row, (name, scores) in enumerate((("random", random), (label, concept))):
        paint = colour(figure, 0) if row else _GREY
        figure.add_trace(
            Scatter(
                x=scores,
                y=row + _spread(scores),
                mode="markers",
                name=name,
                marker={"color": paint, "size": 8, "opacity": 0.75, "line": {"width": 0}},
                hovertemplate="score %{x:.2f}<extra>" + name + "</extra>",
            )
        )
        mean = float(scores.mean())
        figure.add_trace(
            Scatter(
                x=[mean, mean],
                y=[row - 0.38, row + 0.38],
                mode="lines",
                name=f"mean of {name}",
                line={"color": paint, "width": 3},
                hovertemplate=f"mean {mean:.2f}<extra>{name}</extra>",
            )
        )
    figure.add_vline(x=0.5, line={"width": 1, "dash": "dot", "color": _GREY})
    figure.update_layout(frame(220, showlegend=False))
    figure.update_xaxes(
        title="Class images whose score rises", range=[-0.04, 1.04], tickformat=".0%"
    )
    figure.update_yaxes(tickvals=[0, 1], ticktext=["random", label], range=[-0.6, 1.6])
    return figure


def _spread(scores: np.ndarray) -> np.ndarray:
    """Return heights that keep equal scores apart, the same at each call.  Shape: (R,)"""
    heights = np.zeros(len(scores))
    for value in np.unique(scores.round(2)):
        same = np.flatnonzero(scores.round(2) == value)
        heights[same] = (np.arange(len(same)) - (len(same) - 1) / 2) * min(0.11, 0.7 / len(same))
    return heights


def shuffled_labels(rise: float, shuffled: np.ndarray, label: str) -> "Figure":
    """Return how far a class's score rises along a CAV, beside CAVs of shuffled labels.

    Args:
        rise: along the concept's.
        shuffled: along those of shuffled labels. Shape: (S,)
        label: what the concept is called.
    """
    from plotly.graph_objects import Figure, Histogram, Scatter

    figure = Figure()
    low, high = min(rise, shuffled.min()), max(rise, shuffled.max())
    width = max(high - low, 1e-12) / _BINS
    bins = {"start": low, "end": high + width, "size": width}
    figure.add_trace(
        Histogram(
            x=shuffled,
            xbins=bins,
            marker={"color": _GREY, "line": {"width": 0}},
            name="shuffled labels",
            hovertemplate="%{y} shuffles rise by %{x}<extra></extra>",
        )
    )
    most = int(np.histogram(shuffled, bins=_BINS)[0].max())
    figure.add_trace(
        Scatter(
            x=[rise, rise],
            y=[0, most],
            mode="lines",
            name=label,
            line={"color": colour(figure, 0), "width": 4},
            hovertemplate=f"{label}: {rise:+.3g}<extra></extra>",
        )
    )
    figure.update_layout(frame(220, bargap=0.08))
    figure.update_xaxes(title="Rise of the class's score", zeroline=True)
    figure.update_yaxes(title="Shuffles", rangemode="tozero", nticks=5)
    return figure
