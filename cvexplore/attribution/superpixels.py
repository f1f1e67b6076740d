"""Superpixels: regions of like colour, to be hidden or shown as one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from skimage.segmentation import slic
from torch import Tensor

from cvexplore.attribution import Cost, Doubt, Method, Structure
from cvexplore.attribution.asked import Asked, Baseline
from cvexplore.plugins import Choice, Range

_SMALLEST = 16  # pixels of a region on the mean: fewer are no region
_COMPACT = (1, 10, 100)  # how much more nearness counts than likeness, against noise


def superpixels(asked: Asked, count: int) -> Tensor:
    """Return the number of the region that each pixel belongs to, counted from 0 without gaps.

    The same image gives the same regions. They are about as many as asked for, since every region
    is connected; on a small image they are fewer.

    Shape: (1, 1, H, W), int64

    Source: Achanta, Shaji, Smith, Lucchi, Fua & Süsstrunk, "SLIC superpixels compared to
        state-of-the-art superpixel methods", 2012, doi:10.1109/TPAMI.2012.120.
    """
    pixels = asked.pixels()[0].clamp(0, 1).double().cpu()
    height, width = pixels.shape[1:]
    wanted = max(2, min(count, height * width // _SMALLEST))
    regions = _regions(pixels, wanted, _COMPACT[0])
    for compact in _COMPACT[1:]:  # noise tears regions apart, until what is left is one
        if 2 * (int(regions.max()) + 1) < wanted:
            regions = _regions(pixels, wanted, compact)
    return regions[None, None].to(asked.device)


@dataclass(frozen=True, kw_only=True)
class OfRandomSets(Method):
    """A method that shows the network random sets of regions and fits a linear model to its scores.

    Attributes:
        name: under which it is registered.
    """

    group = "perturbations"
    name: ClassVar[str]

    regions: Annotated[int, Range(4, 300)] = 40
    samples: Annotated[int, Range(10, 5000)] = 200
    baseline: Baseline = "mean"
    seed: Annotated[int, Range(0, 10_000)] = 0

    def cost(self, asked: Asked) -> Cost:
        """One pass for each set of regions."""
        return Cost(self.samples)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether there are too few sets for so many regions."""
        if self.samples < 2 * self.regions:
            yield Doubt(
                "caution",
                f"{self.samples} random sets are few for about {self.regions} regions: another "
                "seed may give another map.",
                mend=Choice(self.name, {"regions": self.regions, "samples": 5 * self.regions}),
            )


def _regions(pixels: Tensor, wanted: int, compact: float) -> Tensor:
    channels = len(pixels)
    regions = slic(
        pixels.permute(1, 2, 0).numpy() if channels > 1 else pixels[0].numpy(),
        n_segments=wanted,
        compactness=compact * (10 if channels == 3 else 0.1),  # of Lab 0..100, or of greys 0..1
        channel_axis=-1 if channels > 1 else None,
    )
    return torch.from_numpy(regions).unique(return_inverse=True)[1]
