"""How all figures look: the page's theme colours them, so only the frame is set here."""

from typing import Any

KINDS = ("CNN", "transformer", "hybrid", "MLP")  # the order in which the theme's colours are given


def frame(height: int, **more: Any) -> dict[str, Any]:
    """Return the layout every figure shares: little margin, and the legend above."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": None},
        "hoverlabel": {"align": "left"},
        **more,
    }
