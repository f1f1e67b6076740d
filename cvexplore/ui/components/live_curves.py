"""Curves that grow while they are looked at.

The chart elements of Streamlit draw themselves anew when their data change, and forget where a
person had zoomed in. This one keeps zoom, hidden curves and cursor, and takes the new points.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

from cvexplore.ui.components import static_url

_HERE = Path(__file__).parent
_UPLOT_CSS = _HERE.parent / "static" / "vendor" / "uPlot.min.css"


def _joined(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


_COMPONENT = component(
    "cvexplore_live_curves",
    html='<div class="curves"></div>\n<span class="ink" hidden></span>',
    css=_joined(_UPLOT_CSS, _HERE / "live_curves.css"),
    js=_joined(_HERE / "live_panel.js", _HERE / "live_curves.js"),  # sent inline: one module
)


@dataclass(frozen=True)
class Curve:
    """One curve with steps of its own: validation is measured more rarely than training.

    Args:
        label: its name in the legend.
        x: steps.
        y: one value a step; None, NaN and infinities leave a gap.
        colour: index into the theme's categorical colours; by default the curve's place in its
            panel, so that the first curve of every panel is of one colour.
        dashed: drawn with dashes, for what is a reference rather than a measurement.

    Raises:
        ValueError: there are more steps than values, or fewer.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: int | None = None
    dashed: bool = False

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError(
                f"curve {self.label!r} has {len(self.x)} steps but {len(self.y)} values"
            )


@dataclass(frozen=True)
class Panel:
    """One plot: curves that share a y axis.

    Args:
        title: what is measured.
        curves: in the order of the legend.
        height: of the plot without its legend, in pixels.
        log: whether the y axis is logarithmic; values of zero and below then leave a gap.
        unit: written behind the title, such as "%" or "images per second".
    """

    title: str
    curves: tuple[Curve, ...]
    height: int = 260
    log: bool = False
    unit: str = ""


def live_curves(panels: Sequence[Panel], *, run: str, key: str) -> None:
    """Draw panels over one shared axis of steps, to be called again with more points.

    Dragging zooms all panels, a double click shows everything again, and a press on the legend
    hides a curve; all of it outlasts the refreshes of a fragment. Unless zoomed, the axis follows
    the newest point.

    Args:
        panels: from top to bottom. Thin long curves to about a thousand points first: all of them
            are sent at each call.
        run: which run the points are of; another run begins without zoom.
        key: names this chart.
    """
    _COMPONENT(
        key=key,
        data={
            "library": static_url("vendor/uPlot.esm.js"),
            "run": run,
            "key": key,
            "panels": [_panel(panel) for panel in panels],
        },
    )


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "unit": panel.unit,
        "height": panel.height,
        "log": panel.log,
        "curves": [_curve(curve, panel.log, place) for place, curve in enumerate(panel.curves)],
    }


def _curve(curve: Curve, log: bool, place: int) -> dict[str, Any]:
    """Return a curve in ascending steps; a step that a resumed run told twice counts once."""
    values = {float(x): y for x, y in zip(curve.x, curve.y, strict=True) if math.isfinite(x)}
    steps = sorted(values)
    return {
        "label": curve.label,
        "colour": place if curve.colour is None else curve.colour,
        "dashed": curve.dashed,
        "x": steps,
        "y": [_drawable(values[step], log) for step in steps],
    }


def _drawable(value: float | None, log: bool) -> float | None:
    """Return a number that JSON and the axis can hold, or None for a gap."""
    if value is None or not math.isfinite(value) or (log and value <= 0):
        return None
    return float(f"{value:.6g}")  # no eye sees a seventh digit, and each costs a byte a refresh
