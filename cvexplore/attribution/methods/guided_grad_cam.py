"""Guided Grad-CAM: guided backpropagation, where Grad-CAM says that the class is."""

from collections.abc import Iterator
from dataclasses import dataclass

from captum.attr import GuidedGradCam as CaptumGuidedGradCam

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.layers import default_layer, layer_errors, mixed_places, on_grid
from cvexplore.attribution.methods.guided_backprop import GuidedBackprop
from cvexplore.attribution.rewriting import with_own_activations


@METHODS.register("guided Grad-CAM")
@dataclass(frozen=True, kw_only=True)
class GuidedGradCam(Method):
    """Keep of guided backpropagation's fine lines those that lie where Grad-CAM sees the class.

    Source: Selvaraju, Cogswell, Das, Vedantam, Parikh & Batra, "Grad-CAM: visual explanations from
        deep networks via gradient-based localization", 2016, arXiv:1610.02391.
    """

    group = "a layer"
    slopes = True
    of_layer = True

    def cost(self, asked: Asked) -> Cost:
        """Two passes each way, and one or two more forward to know the network."""
        return Cost(3 if asked.layer else 4, 2)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield what guided backpropagation doubts, and Grad-CAM."""
        yield from GuidedBackprop().doubts(asked, structure)
        yield from mixed_places(structure)

    def find(self, asked: Asked) -> Found:
        """Return guided slopes, times the positive Grad-CAM of their place."""
        layer = asked.layer or default_layer(asked)
        network = with_own_activations(asked)
        captum = CaptumGuidedGradCam(network, on_grid(network, asked, layer))
        with layer_errors(layer):
            slopes = captum.attribute(asked.leaf(), asked.target, interpolate_mode="bilinear")
        return Found(slopes[0])
