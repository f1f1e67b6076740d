"""How all figures look: the page's theme colours them, so only the frame is set here."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

KINDS = ("CNN", "transformer", "hybrid", "MLP")  # each has its colour, whichever of them are shown


def colour(figure: "Figure", index: int) -> str:
    """Return the theme's colour number ``index``.

    It is written into each trace: the app replaces the template's colours in traces, not the
    template itself.
    """
    colours = figure.layout.template.layout.colorway or ("#4F46E5",)  # type: ignore[attr-defined]
    return colours[index % len(colours)]


def frame(height: int, **more: Any) -> dict[str, Any]:
    """Return the layout every figure shares: little margin, and the legend above."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": None},
        "hoverlabel": {"align": "left"},
        **more,
    }
