"""A layer's maps as a function of the image, so that gradients can be asked for."""

from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.interpret.activations import Capture, maps_at
from cvexplore.interpret.layout import Laid
from cvexplore.interpret.watching import watched


class _Reached(Exception):
    """The pass has come to the layer: what follows is not needed."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output


def differentiable_maps(model: nn.Module, images: Tensor, layer: str) -> Laid:
    """Run the network in evaluation mode up to a layer, and return its maps with their graph.

    Ask with ``torch.autograd.grad``: ``backward`` would write into parameters that others share.
    The network itself is left as it is, and several threads may do this at once.

    Shape: images (B, C, H, W) -> maps (B, channels of the layer, its H, its W)

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer is not called, or what it returns is not maps.
    """

    def stop(layer: str, output: Any) -> None:
        raise _Reached(output)

    private = watched(model, [layer], stop)
    calls: tuple[Any, ...] = ()
    try:
        with torch.enable_grad():
            private(images.clone())  # a first layer may work in place, which a leaf does not allow
    except _Reached as reached:  # before any later layer could write over what it returned
        calls = (reached.output,)
    return maps_at(Capture(None, {layer: calls}, tuple(images.shape)), layer, model)
