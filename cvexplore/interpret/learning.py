"""One image through a network at several moments of its training."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.errors import LayerError
from cvexplore.interpret.activations import as_maps, capture
from cvexplore.interpret.predictions import predictions
from cvexplore.interpret.weights import Filters, first_filters

MOST_CHANNELS = 64  # that are kept to be shown; more are too small to be watched
MOST_PIXELS = 56  # a side; larger maps are kept as the means of square blocks


@dataclass(frozen=True)
class Moment:
    """What a network made of an image at one step of its training.

    Args:
        step: optimiser steps done.
        filters: those of the layer that reads the image; None if they are no pictures.
        maps: the layer's, to be shown. Shape: (C, H, W), at most 64 channels of about 56 pixels
        channels: how many the layer has.
        probabilities: of every class, in their order.
        from_start: how far the layer's maps, all and in full, have moved from the first moment.
        to_end: how far they are from the last moment's.
    """

    step: int
    filters: Filters | None
    maps: np.ndarray
    channels: int
    probabilities: tuple[float, ...]
    from_start: float
    to_end: float


def watch(
    network: Callable[[int], nn.Module],
    image: Tensor,
    layer: str,
    steps: Sequence[int],
    *,
    seen: Sequence[int] = (),
) -> Iterator[Moment]:
    """Yield what the network made of an image at each of these steps, from first to last.

    Args:
        network: returns the network at one step.
        image: Shape: (1, C, H, W)
        layer: the layer's path.
        steps: in ascending order.
        seen: those of them to leave out.

    Raises:
        UnknownName: the network has no such layer.
        LayerError: it has no maps, or the network returns no scores.
    """
    ends = {step: _look(network(step), image, layer) for step in {steps[0], steps[-1]}}
    start, end = ends[steps[0]].maps, ends[steps[-1]].maps
    for step in steps:
        if step in seen:
            continue
        found = ends.get(step) or _look(network(step), image, layer)
        yield Moment(
            step=step,
            filters=found.filters,
            maps=_small(found.maps),
            channels=len(found.maps),
            probabilities=found.probabilities,
            from_start=distance(found.maps, start),
            to_end=distance(found.maps, end),
        )


def distance(some: Tensor, other: Tensor) -> float:
    """Return the cosine distance: 0 for the same pattern at any strength, 1 for nothing in common.

    Not-a-number if one of them is zero everywhere, for it has no pattern.
    """
    a, b = some.flatten().double(), other.flatten().double()
    lengths = float(a.norm() * b.norm())
    return max(0.0, 1 - float(a @ b) / lengths) if lengths else math.nan


@dataclass(frozen=True)
class _Look:
    filters: Filters | None
    maps: Tensor
    probabilities: tuple[float, ...]


def _look(model: nn.Module, image: Tensor, layer: str) -> _Look:
    captured = capture(model, image, [layer])
    ranked = predictions(captured.output, (), most=captured.output.shape[-1])
    by_class = {each.index: each.probability for each in ranked}
    try:
        filters = first_filters(model, image.shape[1])
    except LayerError:  # it begins with neither a convolution nor patches
        filters = None
    return _Look(
        filters,
        as_maps(captured, layer, model).maps,
        tuple(by_class[index] for index in range(len(by_class))),
    )


def _small(maps: Tensor) -> np.ndarray:
    """Return the first channels, in the size they are shown.

    Shape: (C, H, W) -> (at most 64, about 56 or less, about 56 or less)
    """
    shown = maps[:MOST_CHANNELS]
    block = max(1, round(max(shown.shape[1:]) / MOST_PIXELS))
    small = F.avg_pool2d(shown, block, ceil_mode=True) if block > 1 else shown
    return small.numpy().copy()
