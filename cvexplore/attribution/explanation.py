"""What a method found, as a value: signed attributions, their sum, and the map to draw."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.plugins import Choice

Sign = Literal["absolute", "positive", "negative", "both"]
_UNDECIDED = 1e-3  # of a score: a smaller difference to the baseline says nothing about the sum


@dataclass(frozen=True)
class Completeness:
    """Whether attributions sum to what they are to explain.

    Args:
        total: their sum.
        image, baseline: the class's score for the image and for what it was compared with.
    """

    total: float
    image: float
    baseline: float

    @property
    def difference(self) -> float:
        """What is to be explained."""
        return self.image - self.baseline

    @property
    def decided(self) -> bool:
        """Whether the difference is large enough to compare the sum with."""
        return abs(self.difference) > _UNDECIDED * max(1.0, abs(self.image))

    @property
    def error(self) -> float:
        """How far the sum is from the difference, as a share of the difference."""
        return abs(self.total - self.difference) / max(abs(self.difference), 1e-12)


@dataclass(frozen=True)
class Explanation:
    """Which pixels decided, by one method.

    Args:
        method: its name and options.
        target: the class.
        values: signed: what speaks for the class is positive. Shape: (C, H, W) of pixels, or
            (1, h, w) of a layer's places
        smooth: whether values between places are to be interpolated when drawn.
        baseline: what the image was compared with. Shape: (1, C, H, W)
        completeness: of methods that promise it.
        seconds: how long it took.
        passes: how many images went through the network.
    """

    method: Choice
    target: int
    values: Tensor
    smooth: bool = True
    baseline: Tensor | None = None
    completeness: Completeness | None = None
    seconds: float = 0
    passes: int = 0

    @property
    def map(self) -> Tensor:
        """One signed number a place: the sum over channels. Shape: (h, w)"""
        return self.values.float().sum(0).cpu()

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all speaks for or against the class."""
        return not self.values.any()

    def heat(self, sign: Sign = "positive", clip: float = 99) -> Tensor:
        """Return the map to draw, scaled so that the strongest places have size 1. Shape: (h, w)

        Args:
            sign: "absolute" sums sizes over channels; "positive" and "negative" keep what speaks
                for or against the class; "both" keeps signs, -1..1.
            clip: the percentile of sizes that becomes 1, so that a few pixels do not darken the
                rest.
        """
        kept = {
            "absolute": lambda: self.values.float().abs().sum(0).cpu(),
            "positive": lambda: self.map.clamp(min=0),
            "negative": lambda: (-self.map).clamp(min=0),
            "both": lambda: self.map,
        }[sign]()
        kept = kept.nan_to_num()
        sizes = kept.abs().flatten()
        largest = torch.quantile(sizes, clip / 100) if len(sizes) < 2**24 else sizes.max()
        largest = largest if largest > 0 else sizes.max()
        return (kept / largest.clamp(min=1e-30)).clamp(-1, 1)

    def on_pixels(self, height: int, width: int) -> Tensor:
        """Return the signed map with a number for each pixel. Shape: (H, W)"""
        small = self.map[None, None]
        if tuple(small.shape[-2:]) == (height, width):
            return small[0, 0]
        how = {"mode": "bilinear", "align_corners": False} if self.smooth else {"mode": "nearest"}
        return F.interpolate(small, (height, width), **how)[0, 0]  # type: ignore[arg-type]
