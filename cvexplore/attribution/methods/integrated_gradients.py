"""Integrated gradients: the gradient, summed on the way from a baseline to the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from captum.attr import IntegratedGradients as CaptumIntegratedGradients

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.doubts import explained, scale_free, silent_head
from cvexplore.plugins import Range


@METHODS.register("integrated gradients")
@dataclass(frozen=True, kw_only=True)
class IntegratedGradients(Method):
    """Sum the gradient on the straight way from a baseline to the image.

    The attributions sum to the difference of the two scores, up to the error of the steps, which
    lie as Gauss and Legendre place them.

    Source: Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks", 2017,
        arXiv:1703.01365.

    Options:
        baseline: what the image is compared with
        steps: how often the gradient is asked for on the way
    """

    group = "gradients"
    complete = True

    # The shorter the way, the fewer the bends of the score on it, and the smaller the error.
    baseline: Baseline = "blurred"
    steps: Annotated[int, Range(8, 256, 8)] = 64

    def cost(self, asked: Asked) -> Cost:
        """One pass each way a step."""
        return Cost(self.steps, self.steps)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether the head is silent, and whether the score may jump beside the baseline."""
        yield from silent_head(structure)
        yield from scale_free(asked, structure, self.baseline, "integrated gradients")

    def find(self, asked: Asked) -> Found:
        """Return the integral of the gradient, times the difference to the baseline."""
        start = baseline(asked, self.baseline)
        captum = CaptumIntegratedGradients(asked.network())
        with explained():
            values = captum.attribute(
                asked.image.detach(),
                start,
                asked.target,
                n_steps=self.steps,
                internal_batch_size=asked.batch,
            )
        return Found(values[0].detach(), start)
