"""Grad-CAM: which places of a layer speak for the class."""

from collections.abc import Iterator
from dataclasses import dataclass

from captum.attr import LayerGradCam

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.layers import default_layer, layer_errors, mixed_places, on_grid


@METHODS.register("Grad-CAM")
@dataclass(frozen=True, kw_only=True)
class GradCam(Method):
    """Ask which places of a layer speak for the class: its maps, each weighed by its mean slope.

    Options:
        positive: whether places that speak against the class are left out, as in the paper

    Source: Selvaraju, Cogswell, Das, Vedantam, Parikh & Batra, "Grad-CAM: visual explanations from
        deep networks via gradient-based localization", 2016, arXiv:1610.02391.
    """

    group = "a layer"
    of_layer = True

    positive: bool = True

    def cost(self, asked: Asked) -> Cost:
        """One pass each way, and one more forward to find the layer if none is named."""
        return Cost(1 if asked.layer else 2, 1)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether places of the layer are still places of the image."""
        yield from mixed_places(structure)

    def find(self, asked: Asked) -> Found:
        """Return one number for each place of the layer."""
        layer = asked.layer or default_layer(asked)
        network = asked.network()
        captum = LayerGradCam(network, on_grid(network, asked, layer))
        with layer_errors(layer):
            maps = captum.attribute(
                asked.image.clone(), asked.target, relu_attributions=self.positive
            )
        return Found(maps[0])
