"""Feature ablation: what the score loses where a superpixel is hidden."""

from dataclasses import dataclass
from typing import Annotated

from captum.attr import FeatureAblation as CaptumFeatureAblation

from cvexplore.attribution import METHODS, Asked, Cost, Found, Method
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.superpixels import superpixels
from cvexplore.plugins import Range


@METHODS.register("feature ablation")
@dataclass(frozen=True, kw_only=True)
class FeatureAblation(Method):
    """Hide each region of like colour in turn: the more the score falls, the more it speaks.

    Options:
        regions: superpixels to cut the image into, about
        baseline: what hides a region

    Source: Kokhlikyan et al., "Captum: a unified and generic model interpretability library for
        PyTorch", 2020, arXiv:2009.07896.
    """

    group = "perturbations"

    regions: Annotated[int, Range(4, 300)] = 60
    baseline: Baseline = "mean"

    def cost(self, asked: Asked) -> Cost:
        """One pass for each region, and one of the whole image."""
        return Cost(2 + int(superpixels(asked, self.regions).max()))

    def find(self, asked: Asked) -> Found:
        """Return for each pixel what its whole region's absence costs."""
        hidden = baseline(asked, self.baseline)
        losses = CaptumFeatureAblation(asked.network()).attribute(
            asked.image.clone(),
            baselines=hidden,
            target=asked.target,
            feature_mask=superpixels(asked, self.regions),
            perturbations_per_eval=asked.batch,
        )
        return Found(losses[0, :1], hidden, smooth=False)
