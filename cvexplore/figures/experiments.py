"""Experiments as pictures: maps on one scale; what a strength, a layer or a channel changes."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.pictures import png
from cvexplore.figures.sheet import Colours, palette
from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cvexplore.interpret.ablation import Need
    from cvexplore.interpret.equivariance import Difference, Effect


def on_one_scale(
    maps: Sequence[np.ndarray], *, colours: Colours = "viridis", side: int = 336
) -> tuple[bytes, ...]:
    """Return maps as PNGs that compare: the same value has the same colour in all of them.

    Args:
        maps: what is no number is left transparent. Shape: (H, W) each
        colours: the colour map.
        side: pixels a picture is wide, at least.
    """
    from PIL import Image

    stacked = np.stack(maps)
    low, high = np.nanmin(stacked), np.nanmax(stacked)
    levels = np.nan_to_num((stacked - low) * (255 / (high - low if high > low else 1)))
    pixels = np.full((*stacked.shape, 4), 255, np.uint8)
    pixels[..., :3] = palette(colours)[levels.astype(np.uint8)]
    pixels[..., 3] = np.where(np.isnan(stacked), 0, 255)
    enlarge = max(1, math.ceil(side / stacked.shape[-1]))
    large = pixels.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    return tuple(png(Image.fromarray(each)) for each in large)


def layer_curves(
    strengths: Sequence[float], differences: Sequence["Difference"], *, now: float, title: str
) -> "Figure":
    """Return how far a layer's maps are off at each strength.

    Args:
        strengths: along the axis.
        differences: at each of them.
        now: the strength to mark.
        title: of the axis.
    """
    unmoved = [each.unmoved for each in differences]
    if all(each.moved is None for each in differences):
        return _curves(strengths, {"invariance error": unmoved}, now, title)
    curves = {
        "equivariance error": [each.moved for each in differences],
        "invariance error": unmoved,
    }
    return _curves(strengths, curves, now, title)


def answer_curves(
    strengths: Sequence[float], effects: Sequence["Effect"], *, now: float, title: str, label: str
) -> "Figure":
    """Return how the prediction changes with the strength; crosses where another class is likelier.

    Args:
        strengths: along the axis.
        effects: at each of them.
        now: the strength to mark.
        title: of the axis.
        label: the class that is likeliest for the original.
    """
    curves = {
        f"probability of {label}": [each.probability for each in effects],
        "distance of the answer": [each.distance for each in effects],
    }
    figure = _curves(strengths, curves, now, title, first_colour=2)
    lost = [each for each in zip(strengths, effects, strict=True) if not each[1].kept]
    if lost:
        figure.add_scatter(
            x=[strength for strength, _ in lost],
            y=[effect.probability for _, effect in lost],
            mode="markers",
            name="another class is likelier",
            marker={"symbol": "x", "size": 9, "color": colour(figure, 1)},
            hoverinfo="skip",
        )
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    return figure


def _curves(
    strengths: Sequence[float],
    curves: dict[str, list],
    now: float,
    title: str,
    first_colour: int = 0,
) -> "Figure":
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for place, (name, values) in enumerate(curves.items()):
        figure.add_trace(
            Scatter(
                x=list(strengths),
                y=[None if value is None or math.isinf(value) else value for value in values],
                name=name,
                mode="lines+markers",
                line={"color": colour(figure, first_colour + place), "width": 2},
                marker={"size": 5},
                hovertemplate="%{x:g}: %{y:.3f}<extra>" + name + "</extra>",
            )
        )
    figure.add_vline(x=now, line={"width": 1, "dash": "dot", "color": colour(figure, 0)})
    figure.update_layout(frame(300))
    figure.update_xaxes(title=title)
    figure.update_yaxes(rangemode="tozero")
    return figure


def depth_curves(
    layers: Sequence[str], differences: Sequence["Difference"], *, picked: str
) -> "Figure":
    """Return how far the maps of layers are off, from the first to the last.

    Args:
        layers: their paths, in the order they run.
        differences: of each.
        picked: the layer to mark, if it is among them.
    """
    figure = layer_curves(range(len(layers)), differences, now=-1, title="")
    for trace in figure.data:
        trace.hovertemplate = "%{customdata}: %{y:.3f}"  # type: ignore[attr-defined]
        trace.customdata = list(layers)  # type: ignore[attr-defined]
    figure.layout.shapes = ()  # type: ignore[attr-defined]
    figure.update_xaxes(
        tickvals=list(range(len(layers))),
        ticktext=[f"<b>{each}</b>" if each == picked else each for each in layers],
        tickangle=-40,
    )
    return figure


def needed_channels(needs: Sequence["Need"], *, before: float, most: int = 40) -> "Figure":
    """Return channels by what the prediction loses without each, the most needed first.

    Args:
        needs: one a channel.
        before: the probability with all channels.
        most: channels drawn; the ones that change the prediction most.
    """
    from plotly.graph_objects import Bar, Figure

    strongest = sorted(needs, key=lambda each: abs(each.probability - before), reverse=True)[:most]
    shown = sorted(strongest, key=lambda each: each.probability)
    figure = Figure()
    figure.add_trace(
        Bar(
            x=[str(each.channel) for each in shown],
            y=[each.probability - before for each in shown],
            customdata=[each.probability for each in shown],
            marker={
                "color": [colour(figure, 1 if each.probability < before else 2) for each in shown],
                "line": {"width": 0},
            },
            hovertemplate="without channel %{x}: %{customdata:.2%} (%{y:+.2%})<extra></extra>",
        )
    )
    figure.update_layout(frame(280, showlegend=False))
    figure.update_xaxes(title="Channel switched off", type="category")
    figure.update_yaxes(title="Change of probability", tickformat="+.1%", nticks=6)
    return figure
