"""Which answers changed from one network to another, class by class."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import frame

if TYPE_CHECKING:
    import numpy as np
    from plotly.graph_objects import Figure

# Nothing is the page's own colour, in light and in dark.
_COLOURS = [
    (0.0, "rgb(178, 24, 43)"),
    (0.5, "rgba(136, 136, 136, 0.06)"),
    (1.0, "rgb(33, 102, 172)"),
]


def confusion_change(
    before: Sequence[float], after: Sequence[float], classes: Sequence[str], height: int = 420
) -> "Figure":
    """Return how much oftener each class was given each answer, as a share of its pictures.

    Args:
        before: counts of a true class that were given each class, row by row. Shape: (K * K)
        after: those of the other network, of the same pictures or others.
        classes: K names.
        height: in pixels.
    """
    import numpy as np
    from plotly.graph_objects import Figure, Heatmap

    change = 100 * (_shares(after, len(classes)) - _shares(before, len(classes)))
    most = max(1.0, float(np.nanmax(np.abs(change))) if np.isfinite(change).any() else 1.0)
    names = [html.escape(name) for name in classes]
    figure = Figure(
        Heatmap(
            z=change.round(2).tolist(),
            x=names,
            y=names,
            colorscale=_COLOURS,
            zmid=0,
            zmin=-most,
            zmax=most,
            colorbar={"title": "points", "thickness": 12},
            hovertemplate=(
                "%{y}, called %{x}<br>%{z:+.1f} points of the pictures of %{y}<extra></extra>"
            ),
        )
    )
    figure.update_layout(frame(height))
    figure.update_xaxes(title="Answer", type="category", constrain="domain")
    figure.update_yaxes(title="Truth", type="category", autorange="reversed", scaleanchor="x")
    return figure


def _shares(counts: Sequence[float], classes: int) -> "np.ndarray":
    """Return counts as shares of their row; a class without a picture has none."""
    import numpy as np

    table = np.asarray(counts, float).reshape(classes, classes)
    whole = table.sum(1, keepdims=True)
    return np.divide(table, whole, out=np.full_like(table, np.nan), where=whole > 0)
