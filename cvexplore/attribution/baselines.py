"""Baselines: images that stand for "nothing to see", which the image is compared with."""

import torch
from torch import Tensor

from cvexplore.attribution.asked import Asked, Baseline
from cvexplore.interpret.changes import Blur

_BLUR = 0.05  # of the shorter side: what is left is colour and light, but no thing
_PLAIN = {"black": 0.0, "grey": 0.5, "white": 1.0}


def baseline(asked: Asked, kind: Baseline, seed: int = 0) -> Tensor:
    """Return what the image is compared with, as the network takes it.

    None of them is neutral by itself: black says nothing about what is black. Ask with two.

    Args:
        asked: the image.
        kind: "black", "grey" or "white"; "mean" is the image's mean colour; "blurred" keeps its
            colours but no thing; "noise" is a random colour for each pixel.
        seed: of the noise.

    Shape: (1, C, H, W)

    Source: Sturmfels, Lundberg & Lee, "Visualizing the impact of feature attribution baselines",
        2020, doi:10.23915/distill.00022.
    """
    return asked.normalised(_pixels(asked.pixels(), kind, seed)).detach()


def _pixels(image: Tensor, kind: Baseline, seed: int) -> Tensor:
    """Return the baseline on the scale 0..1."""
    if kind in _PLAIN:
        return torch.full_like(image, _PLAIN[kind])
    if kind == "mean":
        return image.mean((2, 3), keepdim=True).expand_as(image)
    if kind == "blurred":
        return Blur(sigma=_BLUR * min(image.shape[-2:]))(image)
    # Drawn where every machine draws the same.
    noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(seed))
    return noise.to(image)
