"""KernelSHAP: the Shapley values of superpixels, by a weighted linear model."""

from dataclasses import dataclass

from captum.attr import KernelShap as CaptumKernelShap

from cvexplore.attribution import METHODS, Asked, Found
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.randomness import seeded
from cvexplore.attribution.superpixels import OfRandomSets, superpixels


@METHODS.register("KernelSHAP")
@dataclass(frozen=True, kw_only=True)
class KernelShap(OfRandomSets):
    """Share out the score among regions fairly: by what each adds to random sets of the others.

    Options:
        regions: superpixels to cut the image into, about
        samples: sets of regions; several times as many as regions make it steady
        baseline: what stands where a region is not shown
        seed: draws the same sets again

    Source: Lundberg & Lee, "A unified approach to interpreting model predictions", 2017,
        arXiv:1705.07874.
    """

    name = "KernelSHAP"
    complete = True  # the sets of all regions and of none weigh a million times as much as others

    def find(self, asked: Asked) -> Found:
        """Return for each pixel its whole region's share; the shares sum to the difference."""
        hidden = baseline(asked, self.baseline, self.seed)
        regions = superpixels(asked, self.regions)
        with seeded(self.seed):
            shares = CaptumKernelShap(asked.network()).attribute(
                asked.image.clone(),
                baselines=hidden,
                target=asked.target,
                feature_mask=regions,
                n_samples=self.samples,
                perturbations_per_eval=asked.batch,
                return_input_shape=False,
            )[0]
        return Found(shares[regions[0]], hidden, smooth=False, total=shares.sum().item())
