"""Input × gradient: each pixel's share of the score, if the network were linear."""

from dataclasses import dataclass

from captum.attr import InputXGradient as CaptumInputXGradient

from cvexplore.attribution import METHODS, Asked, Cost, Found, Method
from cvexplore.attribution.doubts import explained


@METHODS.register("input × gradient")
@dataclass(frozen=True, kw_only=True)
class InputXGradient(Method):
    """Multiply the gradient by the pixel, as the network takes it: zero is the mean colour.

    Source: Shrikumar et al., "Not just a black box", 2016, arXiv:1605.01713.
    """

    group = "gradients"

    def cost(self, asked: Asked) -> Cost:
        """One pass each way."""
        return Cost(1, 1)

    def find(self, asked: Asked) -> Found:
        """Return the gradient times the image."""
        captum = CaptumInputXGradient(asked.network())
        with explained():
            return Found(captum.attribute(asked.leaf(), asked.target)[0].detach())
