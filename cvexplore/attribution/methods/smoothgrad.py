"""SmoothGrad: the gradient's mean over noisy copies of the image."""

from dataclasses import dataclass
from typing import Annotated

from captum.attr import NoiseTunnel
from captum.attr import Saliency as CaptumSaliency

from cvexplore.attribution import METHODS, Asked, Cost, Found, Method
from cvexplore.attribution.doubts import explained
from cvexplore.attribution.randomness import seeded
from cvexplore.plugins import Range


@METHODS.register("smoothgrad")
@dataclass(frozen=True, kw_only=True)
class SmoothGrad(Method):
    """Average the gradient over noisy copies of the image, so that what flickers cancels out.

    Source: Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, arXiv:1706.03825.

    Options:
        samples: how many noisy copies
        noise: standard deviation, as a share of the image's range from darkest to brightest
        seed: of the noise
    """

    group = "gradients"
    slopes = True

    samples: Annotated[int, Range(4, 200, 4)] = 24
    noise: Annotated[float, Range(0.01, 0.5, 0.01)] = 0.15
    seed: Annotated[int, Range(0, 9999)] = 0

    def cost(self, asked: Asked) -> Cost:
        """One pass each way a noisy copy."""
        return Cost(self.samples, self.samples)

    def find(self, asked: Asked) -> Found:
        """Return the mean of the gradients."""
        captum = NoiseTunnel(CaptumSaliency(asked.network()))
        with seeded(self.seed), explained():
            values = captum.attribute(
                asked.leaf(),
                nt_type="smoothgrad",
                nt_samples=self.samples,
                nt_samples_batch_size=min(asked.batch, self.samples),
                stdevs=self.noise * (asked.image.max() - asked.image.min()).item(),
                target=asked.target,
                abs=False,
            )
        return Found(values[0].detach())  # type: ignore[union-attr]
