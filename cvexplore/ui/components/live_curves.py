"""Curves that grow while they are looked at.

The chart elements of Streamlit draw themselves anew when their data change, and forget where a
person had zoomed in. This one keeps zoom, hidden curves and cursor, and takes the new points.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from streamlit.components.v2 import component

from cvexplore.ui.components import static_url

_HERE = Path(__file__).parent
_UPLOT_CSS = _HERE.parent / "static" / "vendor" / "uPlot.min.css"


_COMMENT = re.compile(r"^\s*/\*.*?\*/\s*?\n", re.DOTALL | re.MULTILINE)


def _joined(*paths: Path) -> str:
    """Return the files as one, without the comments between lines: each refresh sends it again."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return _COMMENT.sub("", text)


_COMPONENT = component(
    "cvexplore_live_curves",
    html='<div class="curves"></div>\n<span class="ink" hidden></span>',
    css=_joined(_UPLOT_CSS, _HERE / "live_curves.css"),
    js=_joined(  # sent inline: one module
        *(_HERE / f"live_{part}.js" for part in ("axes", "marks", "panel", "curves"))
    ),
)

Axis = Literal["step", "epoch", "second"]


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
        faint: drawn as a shadow behind the curve of the same label, in its colour: what was
            measured behind what was smoothed. It is in no legend, and hides with that curve.

    Raises:
        ValueError: there are more steps than values, or fewer.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: int | None = None
    dashed: bool = False
    faint: bool = False

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError(
                f"curve {self.label!r} has {len(self.x)} steps but {len(self.y)} values"
            )


@dataclass(frozen=True)
class Band:
    """A filled stretch between two values at each step, such as the spread of several runs.

    Args:
        label: of the curve it belongs to; it takes that curve's colour and hides with it.
        x: steps.
        low: the lower value at each step.
        high: the upper value at each step.
    """

    label: str
    x: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True)
class Marker:
    """A moment at which something changed: a line through all panels, and what it was."""

    x: float
    label: str


@dataclass(frozen=True)
class Panel:
    """One plot: curves that share a y axis.

    Args:
        title: what is measured.
        curves: in the order of the legend.
        height: of the plot without its legend, in pixels.
        log: whether the y axis is logarithmic; values of zero and below then leave a gap.
        unit: written behind the title, such as "%" or "images per second".
        bands: behind the curves.
    """

    title: str
    curves: tuple[Curve, ...]
    height: int = 260
    log: bool = False
    unit: str = ""
    bands: tuple[Band, ...] = ()


def live_curves(
    panels: Sequence[Panel],
    *,
    run: str,
    key: str,
    axis: Axis = "step",
    markers: Sequence[Marker] = (),
) -> None:
    """Draw panels over one shared axis of steps, to be called again with more points.

    Dragging zooms all panels, a double click shows everything again, and a press on the legend
    hides a curve; all of it outlasts the refreshes of a fragment. Unless zoomed, the axis follows
    the newest point.

    Args:
        panels: from top to bottom. Thin long curves to about a thousand points first: all of them
            are sent at each call.
        run: which run the points are of; another run begins without zoom.
        key: names this chart.
        axis: what the x axis counts; another one begins without zoom.
        markers: moments to mark; the uppermost panel says what they are.
    """
    _COMPONENT(
        key=key,
        data={
            "library": static_url("vendor/uPlot.esm.js"),
            "run": run,
            "key": key,
            "axis": axis,
            "markers": [
                {"x": float(marker.x), "label": marker.label}
                for marker in markers
                if math.isfinite(marker.x)
            ],
            "panels": [_panel(panel) for panel in panels],
        },
    )


def _panel(panel: Panel) -> dict[str, Any]:
    places = {label: place for place, label in enumerate(dict.fromkeys(_labels(panel)))}
    curves = [_curve(curve, panel.log, places[curve.label]) for curve in panel.curves]
    colours = {curve["label"]: curve["colour"] for curve in curves}
    return {
        "title": panel.title,
        "unit": panel.unit,
        "height": panel.height,
        "log": panel.log,
        "curves": curves,
        "bands": [_band(band, panel.log, places | colours) for band in panel.bands],
    }


def _labels(panel: Panel) -> list[str]:
    return [each.label for each in (*panel.curves, *panel.bands)]


def _curve(curve: Curve, log: bool, place: int) -> dict[str, Any]:
    x, y = _in_order(curve.x, curve.y, log)
    return {
        "label": curve.label,
        "colour": place if curve.colour is None else curve.colour,
        "dashed": curve.dashed,
        "faint": curve.faint,
        "x": x,
        "y": y,
    }


def _band(band: Band, log: bool, colours: dict[str, int]) -> dict[str, Any]:
    x, low = _in_order(band.x, band.low, log)
    _, high = _in_order(band.x, band.high, log)
    return {"label": band.label, "colour": colours[band.label], "x": x, "low": low, "high": high}


def _in_order(
    x: Sequence[float], y: Sequence[float | None], log: bool
) -> tuple[list[float], list[float | None]]:
    """Return values in ascending steps; a step that a resumed run told twice counts once."""
    values = {_short(at): value for at, value in zip(x, y, strict=True) if math.isfinite(at)}
    steps = sorted(values)
    return steps, [_drawable(values[step], log) for step in steps]


def _short(at: float) -> float:
    return int(at) if at == int(at) else float(at)


def _drawable(value: float | None, log: bool) -> float | None:
    """Return a number that JSON and the axis can hold, or None for a gap."""
    if value is None or not math.isfinite(value) or (log and value <= 0):
        return None
    return float(f"{value:.5g}")  # no eye sees a sixth digit, and each costs a byte a refresh
