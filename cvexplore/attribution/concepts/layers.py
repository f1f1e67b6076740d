"""A layer's activations as one vector an image, and how a class's score depends on them.

Two ways to make a vector of maps. "each" place: the maps one after the other, as in the paper.
"mean": each channel's mean over its places, which is short, but forgets where things are.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from cvexplore.attribution.asked import scores_of
from cvexplore.errors import LayerError
from cvexplore.interpret.activations import Capture, capture, maps_at
from cvexplore.interpret.layout import Laid
from cvexplore.interpret.watching import watched

Places = Literal["each", "mean"]


@dataclass(frozen=True)
class Sensitivities:
    """What a layer makes of images of a class, and how the class's score depends on it.

    Args:
        activations: an image's as one vector. Shape: (B, D)
        gradients: of each image's score with respect to that vector. Shape: (B, D)
        scores: of the class, before softmax. Shape: (B,)
    """

    activations: Tensor
    gradients: Tensor
    scores: Tensor

    @staticmethod
    def joined(parts: "list[Sensitivities]") -> "Sensitivities":
        """Return those of all images of several batches, in their order."""
        return Sensitivities(
            torch.cat([part.activations for part in parts]),
            torch.cat([part.gradients for part in parts]),
            torch.cat([part.scores for part in parts]),
        )


def activations(model: nn.Module, images: Tensor, layer: str, places: Places = "each") -> Tensor:
    """Return what a layer makes of each image, as one vector.

    Tokens that stand for no place, such as a class token, come after the places.

    Shape: (B, C, H, W) -> (B, D)

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer is not called, or what it returns is not maps.
    """
    laid = maps_at(capture(model, images, [layer]), layer, model)
    return _vectors(laid, places, mean=True)


def sensitivities(
    model: nn.Module, images: Tensor, layer: str, target: int, places: Places = "each"
) -> Sensitivities:
    """Return a layer's activations and the gradients of a class's score with respect to them.

    One pass forward and one back to the layer. The network stays as it is, and several threads may
    ask at once.

    Args:
        model: a classifier.
        images: as it takes them. Shape: (B, C, H, W)
        layer: the layer's path.
        target: the class.
        places: how maps become vectors.

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer is not called, its output is not maps or has no part in the score, or
            the network returns no score a class.
    """
    calls: list[tuple[Tensor, GradientEdge]] = []

    def receive(layer: str, output: Any) -> None:
        tensor = _first_tensor(output)
        if tensor is not None and tensor.requires_grad and not calls:
            # The edge, and a copy: a later layer may write over the output.
            calls.append((tensor.detach().clone(), get_gradient_edge(tensor)))

    with torch.enable_grad():
        pixels = images.detach().clone().requires_grad_()
        scores = scores_of(watched(model, [layer], receive)(pixels.clone()))[:, target]
        if not calls:
            activations(model, images[:1], layer)  # raises where there is a better sentence
            raise LayerError(f"{layer} returns nothing that gradients reach; choose another layer.")
        output, edge = calls[0]
        (gradient,) = torch.autograd.grad(scores.sum(), edge, allow_unused=True)
    if gradient is None or not gradient.any():
        raise LayerError(
            f"The class's score does not depend on what {layer} returns for these images; "
            "choose another layer."
        )
    return Sensitivities(
        _vectors(_laid(output, layer, model, images), places, mean=True),
        _vectors(_laid(gradient, layer, model, images), places, mean=False),
        scores.detach(),
    )


def _first_tensor(output: Any) -> Tensor | None:
    """Return the tensor of an output that ``maps_at`` lays out."""
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    return output if isinstance(output, Tensor) else None


def _laid(output: Tensor, layer: str, model: nn.Module, images: Tensor) -> Laid:
    return maps_at(Capture(None, {layer: (output,)}, tuple(images.shape)), layer, model)


def _vectors(laid: Laid, places: Places, *, mean: bool) -> Tensor:
    """Return maps as vectors.

    Of means, the gradient is a sum: all places of a channel move with its mean.
    """
    maps = laid.maps.float()
    if places == "mean":
        maps = maps.mean((2, 3)) if mean else maps.sum((2, 3))
    return torch.cat([maps.flatten(1), laid.extra.float().flatten(1)], 1)
