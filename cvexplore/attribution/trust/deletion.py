"""Deletion and insertion: does the answer go with a map's pixels, and come back with them?

Pixels are taken away, or brought back, the most important first. A map that found what decided
makes the probability fall fast, or rise fast. Read both beside an order drawn by lot: where that
does as well, the map says nothing.

Source: Petsiuk, Das & Saenko, "RISE: Randomized input sampling for explanation of black-box
    models", 2018, arXiv:1806.07421.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.attribution import Asked, Explanation, method
from cvexplore.attribution.baselines import baseline

STEPS = 32  # images on the way from whole to nothing
CELLS = 28  # a side: what is replaced at once

Point = tuple[float, float]  # share of the pixels that are replaced, probability of the class


@dataclass(frozen=True)
class Curve:
    """The probability of the class after each share of the pixels was replaced.

    Args:
        shares: 0 to 1.
        probabilities: at each of them.
    """

    shares: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def area(self) -> float:
        """The area under the curve, 0 to 1: the mean probability on the way."""
        return float(np.trapezoid(self.probabilities, self.shares))


def curve(points: Sequence[Point]) -> Curve:
    """Return points as one curve."""
    shares, probabilities = zip(*points, strict=True)
    return Curve(shares, probabilities)


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """Return the mean of curves at the same shares."""
    probabilities = np.mean([each.probabilities for each in curves], axis=0)
    return Curve(curves[0].shares, tuple(probabilities.tolist()))


def deletion(asked: Asked, importance: Tensor, steps: int = STEPS) -> Iterator[Point]:
    """Yield the probability as pixels give way to the image's mean colour.

    Args:
        asked: network, image and class.
        importance: which cells go first. Shape: (rows, columns)
        steps: points after the first.
    """
    return replaced(asked, asked.image, baseline(asked, "mean"), importance, steps)


def insertion(asked: Asked, importance: Tensor, steps: int = STEPS) -> Iterator[Point]:
    """Yield the probability as pixels come back into a blurred image.

    Args:
        asked: network, image and class.
        importance: which cells come first. Shape: (rows, columns)
        steps: points after the first.
    """
    return replaced(asked, baseline(asked, "blurred"), asked.image, importance, steps)


def replaced(
    asked: Asked, before: Tensor, after: Tensor, importance: Tensor, steps: int = STEPS
) -> Iterator[Point]:
    """Yield the probability while pixels of one image give way to those of another.

    Args:
        asked: network and class.
        before: the image to begin with. Shape: (1, C, H, W)
        after: the image to end with. Shape: (1, C, H, W)
        importance: of the cells; the largest first, and equals in an order drawn by lot.
            Shape: (rows, columns)
        steps: points after the first.
    """
    places = _places(importance).to(asked.device)
    shares = torch.linspace(0, 1, steps + 1)
    counts = (shares * importance.numel()).round().to(asked.device)
    for some, share in zip(counts.split(asked.batch), shares.split(asked.batch), strict=True):
        gone = (places < some[:, None, None]).to(before)[:, None]
        images = torch.where(F.interpolate(gone, before.shape[-2:]) > 0, after, before)
        yield from zip(share.tolist(), _probabilities(asked, images), strict=True)


def importance(explanation: Explanation, height: int, width: int) -> Tensor:
    """Return the order that a map gives the cells of an image. Shape: (rows, columns)

    Of slopes only the sizes count: their sign says which way a pixel should change, not whether it
    speaks for the class.

    Args:
        explanation: the map.
        height: of the image, in pixels.
        width: of the image, in pixels.
    """
    if method(explanation.method).slopes:
        sized = explanation.values.float().abs().sum(0, keepdim=True)
        explanation = replace(explanation, values=sized)
    pixels = explanation.on_pixels(height, width)
    return F.adaptive_avg_pool2d(pixels[None], _cells(height, width))[0]


def chance(height: int, width: int, seed: int) -> Tensor:
    """Return an order of the cells drawn by lot. Shape: (rows, columns)"""
    return torch.rand(_cells(height, width), generator=torch.Generator().manual_seed(seed))


def _cells(height: int, width: int) -> tuple[int, int]:
    return min(CELLS, height), min(CELLS, width)


def _places(importance: Tensor) -> Tensor:
    """Return each cell's place in the order, 0 for the first; lots decide between equals."""
    flat = importance.float().flatten().nan_to_num().cpu()
    lots = torch.randperm(len(flat), generator=torch.Generator().manual_seed(0))
    order = lots[flat[lots].argsort(descending=True, stable=True)]
    places = torch.empty_like(order)
    places[order] = torch.arange(len(order))
    return places.view(importance.shape)


def _probabilities(asked: Asked, images: Tensor) -> list[float]:
    return asked.scores(images).float().softmax(1)[:, asked.target].tolist()
