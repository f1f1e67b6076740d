"""Integrated gradients: the gradient, summed on the way from a baseline to the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from torch import Tensor

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.doubts import explained, scale_free
from cvexplore.plugins import Range

_DOUBLINGS = 2  # at most: seven times the passes in all


@METHODS.register("integrated gradients")
@dataclass(frozen=True, kw_only=True)
class IntegratedGradients(Method):
    """Sum the gradient on the straight way from a baseline to the image.

    The attributions sum to the difference of the two scores, up to the error of the steps, which
    lie as Gauss and Legendre place them. A network of many ReLUs changes its slope so often on the
    way that no number of steps is enough for every image: so they are doubled until it is.

    Source: Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks", 2017,
        arXiv:1703.01365.

    Options:
        baseline: what the image is compared with
        steps: how often the gradient is asked for on the way, to begin with
        tolerance: steps are doubled, at most twice, until the sum is so near to the difference; 0
            keeps them
    """

    group = "gradients"
    complete = True

    # The shorter the way, the fewer the bends of the score on it, and the smaller the error.
    baseline: Baseline = "blurred"
    steps: Annotated[int, Range(8, 512, 8)] = 64
    tolerance: Annotated[float, Range(0, 10, 0.5, "%")] = 2

    def cost(self, asked: Asked) -> Cost:
        """One pass each way a step; twice as many where steps may be doubled.

        Of eight photos on the bundled EfficientNet-Lite0, four needed to be asked a second time.
        """
        if not self.tolerance:
            return Cost(self.steps, self.steps)
        return Cost(2 * self.steps + 2, 2 * self.steps)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether the score may jump beside the baseline."""
        yield from scale_free(asked, structure, self.baseline, "integrated gradients")

    def find(self, asked: Asked) -> Found:
        """Return the integral of the gradient, times the difference to the baseline."""
        start = baseline(asked, self.baseline)
        captum = CaptumIntegratedGradients(asked.network())
        difference = self._difference(asked, start)
        for steps in self._tries():
            with explained():
                values = captum.attribute(
                    asked.image.detach(),
                    start,
                    asked.target,
                    n_steps=steps,
                    internal_batch_size=asked.batch,
                )
            missed = abs(values.sum().item() - difference)
            if missed <= self.tolerance / 100 * abs(difference):
                break
        return Found(values[0].detach(), start)

    def _difference(self, asked: Asked, start: Tensor) -> float:
        """Return what the attributions are to sum to; where nothing is to be tried, any number."""
        if not self.tolerance:
            return 0.0
        return (asked.score(asked.image) - asked.score(start)).item()

    def _tries(self) -> list[int]:
        """Return the numbers of steps to try, one after the other."""
        doublings = _DOUBLINGS if self.tolerance else 0
        return [self.steps * 2**each for each in range(doublings + 1)]
