"""Saliency: how fast the score changes with each pixel."""

from dataclasses import dataclass

from captum.attr import Saliency as CaptumSaliency

from cvexplore.attribution import METHODS, Asked, Cost, Found, Method
from cvexplore.attribution.doubts import explained


@METHODS.register("saliency")
@dataclass(frozen=True, kw_only=True)
class Saliency(Method):
    """Ask how fast the score rises with each pixel: the gradient, with its sign.

    Source: Simonyan, Vedaldi & Zisserman, "Deep inside convolutional networks", 2013,
        arXiv:1312.6034.
    """

    group = "gradients"
    slopes = True

    def cost(self, asked: Asked) -> Cost:
        """One pass each way."""
        return Cost(1, 1)

    def find(self, asked: Asked) -> Found:
        """Return the gradient of the score."""
        captum = CaptumSaliency(asked.network())
        with explained():
            return Found(captum.attribute(asked.leaf(), asked.target, abs=False)[0])
