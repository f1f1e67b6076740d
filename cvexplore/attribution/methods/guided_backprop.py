"""Guided backpropagation: the gradient, with all that speaks against cut off at each ReLU."""

from collections.abc import Iterator
from dataclasses import dataclass

from captum.attr import GuidedBackprop as CaptumGuidedBackprop

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.doubts import explained
from cvexplore.attribution.rewriting import with_own_activations
from cvexplore.plugins import Choice


@METHODS.register("guided backpropagation")
@dataclass(frozen=True, kw_only=True)
class GuidedBackprop(Method):
    """Take the gradient, but let only positive parts through each ReLU on the way back.

    It draws fine edges, whatever the class: they come from the cutting more than from what the
    network learned (Nie, Zhang & Patel 2018, arXiv:1805.07039).

    Source: Springenberg et al., "Striving for simplicity: the all convolutional net", 2014,
        arXiv:1412.6806.
    """

    group = "gradients"
    slopes = True

    def cost(self, asked: Asked) -> Cost:
        """One pass to find the activations, then one each way."""
        return Cost(2, 1)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether it is a network of ReLUs at all."""
        others = {k: n for k, n in structure.activations.items() if k not in ("ReLU", "ReLU6")}
        named = ", ".join(f"{count} × {kind}" for kind, count in others.items())
        if not structure.rectifiers:
            found = f"its activations are {named}" if named else "it calls no activation"
            yield Doubt(
                "meaningless",
                f"This network calls no ReLU ({found}), and the rule is for ReLU alone: the map "
                "is the plain gradient, as saliency returns it.",
                mend=Choice("saliency"),
            )
        elif others:
            yield Doubt(
                "caution",
                f"The rule acts at {structure.rectifiers} × ReLU only; {named} pass the plain "
                "gradient, so the map is half guided.",
                mend=Choice("integrated gradients"),
            )

    def find(self, asked: Asked) -> Found:
        """Return the guided gradient."""
        captum = CaptumGuidedBackprop(with_own_activations(asked))
        with explained():
            return Found(captum.attribute(asked.leaf(), asked.target)[0])
