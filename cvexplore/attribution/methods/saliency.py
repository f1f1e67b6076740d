"""Saliency: how fast the score changes with each pixel."""

from collections.abc import Iterator
from dataclasses import dataclass

from captum.attr import Saliency as CaptumSaliency

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.doubts import explained, silent_head


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

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether the head is silent."""
        yield from silent_head(structure)

    def find(self, asked: Asked) -> Found:
        """Return the gradient of the score."""
        captum = CaptumSaliency(asked.network())
        with explained():
            return Found(captum.attribute(asked.leaf(), asked.target, abs=False)[0])
