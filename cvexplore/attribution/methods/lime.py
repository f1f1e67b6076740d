"""LIME: a linear model of which superpixels are shown."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import Lime as CaptumLime
from torch import Tensor

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.randomness import seeded
from cvexplore.attribution.superpixels import few_samples, superpixels
from cvexplore.plugins import Range

_KERNEL = 0.25  # its width, as in the authors' own code for images


@METHODS.register("LIME")
@dataclass(frozen=True, kw_only=True)
class Lime(Method):
    """Show random sets of regions, and fit a linear model to what the network makes of them.

    Options:
        regions: superpixels to cut the image into, about
        samples: random sets of regions; several times as many as regions make it steady
        baseline: what stands where a region is not shown
        seed: draws the same sets again

    Source: Ribeiro, Singh & Guestrin, "Why should I trust you? Explaining the predictions of any
        classifier", 2016, arXiv:1602.04938.
    """

    group = "perturbations"

    regions: Annotated[int, Range(4, 300)] = 40
    samples: Annotated[int, Range(10, 5000)] = 200
    baseline: Baseline = "mean"
    seed: Annotated[int, Range(0, 10_000)] = 0

    def cost(self, asked: Asked) -> Cost:
        """One pass for each set of regions."""
        return Cost(self.samples)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether there are too few sets for so many regions."""
        yield from few_samples("LIME", self.samples, self.regions)

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
