"""What happened in each layer while a run learned: a row a layer, a column a measurement."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cvexplore.figures.theme import frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

USUAL_RATIO = 1e-3  # of a step's change to the weights: where learning usually goes well
_LONGEST = 22  # letters of a layer's path on an axis; its end tells more than its beginning
_MOST_NAMES = 24  # on the axis
_NOTHING = 1e-12  # of gradients: less is drawn as this much


def gradient_norms(steps: Sequence[int], values: np.ndarray, layers: Sequence[str]) -> "Figure":
    """Return the length of each layer's gradient over the run; colours are orders of magnitude.

    Shape: values (measurements, layers); NaN is left empty
    """
    return _drawn(steps, values, layers, _logarithmic(values, "Viridis"), "gradient norm")


def update_ratios(steps: Sequence[int], values: np.ndarray, layers: Sequence[str]) -> "Figure":
    """Return how far each layer moved a step, as a share of its weights.

    Grey is a thousandth, blue is less and red is more, each colour's end being a hundred times.

    Shape: values (measurements, layers); NaN is left empty
    """
    middle = float(np.log10(USUAL_RATIO))
    grey = [[0, "#2563EB"], [0.5, "#B8BCC4"], [1, "#DC2626"]]
    scale = {"colorscale": grey, "zmin": middle - 2, "zmax": middle + 2}
    ticks = [middle + each for each in (-2, -1, 0, 1, 2)]
    words = ["0.00001", "0.0001", "0.001", "0.01", "0.1"]
    scale["colorbar"] = _bar() | {"tickvals": ticks, "ticktext": words}
    return _drawn(steps, values, layers, scale | {"log": True}, "update ratio")


def dead_units(steps: Sequence[int], values: np.ndarray, layers: Sequence[str]) -> "Figure":
    """Return the share of each layer's units that were zero for a whole batch.

    Shape: values (measurements, layers); NaN is left empty
    """
    scale = {"colorscale": "Cividis", "zmin": 0, "zmax": 1}
    scale["colorbar"] = _bar() | {"tickformat": ".0%"}
    return _drawn(steps, values, layers, scale, "dead units")


def _logarithmic(values: np.ndarray, colours: str) -> dict[str, Any]:
    known = np.log10(np.maximum(values[np.isfinite(values) & (values > 0)], _NOTHING))
    low, high = (float(known.min()), float(known.max())) if known.size else (-1.0, 0.0)
    ticks = list(range(int(np.ceil(low)), int(np.floor(high)) + 1))
    bar = _bar() | {"tickvals": ticks, "ticktext": [f"{10.0**each:g}" for each in ticks]}
    return {"colorscale": colours, "zmin": low, "zmax": high, "colorbar": bar, "log": True}


def _bar() -> dict[str, Any]:
    return {"thickness": 12, "outlinewidth": 0}


def _drawn(
    steps: Sequence[int],
    values: np.ndarray,
    layers: Sequence[str],
    scale: dict[str, Any],
    what: str,
) -> "Figure":
    from plotly.graph_objects import Figure, Heatmap

    logarithmic = scale.pop("log", False)
    shown = np.array(values, dtype=float).T  # (layers, measurements)
    if logarithmic:
        shown = np.where(shown > 0, shown, np.nan)
    said = "%{customdata:.0%}" if what == "dead units" else "%{customdata:.2e}"
    figure = Figure(
        Heatmap(
            x=list(steps),
            y=list(range(len(layers))),
            z=np.log10(np.maximum(shown, _NOTHING)) if logarithmic else shown,
            customdata=shown,
            text=[[layer] * len(steps) for layer in layers],
            hovertemplate=f"%{{text}}<br>step %{{x:,}}<br>{what} {said}<extra></extra>",
            hoverongaps=False,
            **scale,
        )
    )
    every = max(1, -(-len(layers) // _MOST_NAMES))
    named = range(0, len(layers), every)
    figure.update_layout(frame(max(190, min(560, 70 + 22 * len(layers)))))
    figure.update_xaxes(title="Step", showgrid=False)
    figure.update_yaxes(
        tickvals=list(named),
        ticktext=[_short(layers[place]) for place in named],
        range=[len(layers) - 0.5, -0.5],  # the image's side is above
        showgrid=False,
        zeroline=False,
    )
    return figure


def _short(layer: str) -> str:
    return layer if len(layer) <= _LONGEST else f"…{layer[-_LONGEST + 1 :]}"
