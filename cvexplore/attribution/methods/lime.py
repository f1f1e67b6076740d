"""LIME: a linear model of which superpixels are shown."""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import Lime as CaptumLime
from torch import Tensor

from cvexplore.attribution import METHODS, Asked, Found
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.randomness import seeded
from cvexplore.attribution.superpixels import OfRandomSets, superpixels

_KERNEL = 0.25  # its width, as in the authors' own code for images


@METHODS.register("LIME")
@dataclass(frozen=True, kw_only=True)
class Lime(OfRandomSets):
    """Show random sets of regions, and fit a linear model to what the network makes of them.

    Options:
        regions: superpixels to cut the image into, about
        samples: random sets of regions; several times as many as regions make it steady
        baseline: what stands where a region is not shown
        seed: draws the same sets again

    Source: Ribeiro, Singh & Guestrin, "Why should I trust you? Explaining the predictions of any
        classifier", 2016, arXiv:1602.04938.
    """

    name = "LIME"

    def find(self, asked: Asked) -> Found:
        """Return for each pixel the weight of its region in the linear model."""
        hidden = baseline(asked, self.baseline, self.seed)
        captum = CaptumLime(
            asked.network(),
            interpretable_model=SkLearnRidge(alpha=1.0),
            similarity_func=closeness,
        )
        with seeded(self.seed):
            weights = captum.attribute(
                asked.image.clone(),
                baselines=hidden,
                target=asked.target,
                feature_mask=superpixels(asked, self.regions),
                n_samples=self.samples,
                perturbations_per_eval=asked.batch,
            )
        return Found(weights[0, :1], hidden, smooth=False)


def closeness(image: Tensor, shown: Tensor, regions: Tensor, **rest: Any) -> float:
    """Return how much a set of regions counts: more, the more of the image it shows."""
    distance = 1 - F.cosine_similarity(regions.float(), torch.ones_like(regions).float()).item()
    return math.exp(-(distance**2) / (2 * _KERNEL**2))
