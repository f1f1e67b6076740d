"""What every layer of a network made of one image, handed on layer by layer during one pass.

The outputs of all layers together may need more memory than there is. So each is handed on at its
call, before a later layer may write over it, and then let go.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError
from cvexplore.interpret.activations import Capture, as_maps
from cvexplore.interpret.watching import watched


@dataclass(frozen=True)
class Call:
    """What one layer returned at one call, for as long as it is being received.

    Args:
        layer: the module's path.
        number: which call of that layer, from 1.
        values: one map a channel, (C, H, W); or the tensor as returned, where it is not maps of the
            image, such as the features of proposed boxes; or None where it is no tensor.
        extra: tokens that stand for no place. Shape: (P, C)
        note: what a person should know of how it was laid out, or why it is not maps.
    """

    layer: str
    number: int
    values: Tensor | None
    extra: Tensor | None = None
    note: str = ""

    @property
    def key(self) -> str:
        """The layer's path; "path#2" for its second call."""
        return self.layer if self.number == 1 else f"{self.layer}#{self.number}"

    def arrays(self) -> Iterator[tuple[str, Tensor]]:
        """Yield what there is to keep of the call, by name: key, and "key:extra" of its tokens."""
        if self.values is not None:
            yield self.key, self.values
        if self.extra is not None:
            yield f"{self.key}:extra", self.extra


def every_layer(
    model: nn.Module, image: Tensor, receive: Callable[[Call], None]
) -> tuple[Any, tuple[str, ...]]:
    """Run the network once in evaluation mode and hand on what each module returns.

    Args:
        model: the network; its own modules are not touched.
        image: Shape: (1, C, H, W)
        receive: given each call as it ends, parts before the block that holds them. What it raises
            ends the pass.

    Returns: what the network returned, and the modules that were not called.
    """
    layers = [path for path, _ in model.named_modules() if path]
    calls = dict.fromkeys(layers, 0)

    def hand_on(layer: str, output: Any) -> None:
        calls[layer] += 1
        receive(_call(layer, calls[layer], output, tuple(image.shape), model))

    private = watched(model, layers, hand_on)
    with torch.no_grad():
        output = private(image)
    return output, tuple(layer for layer, count in calls.items() if not count)


def _call(layer: str, number: int, output: Any, images: tuple[int, ...], model: nn.Module) -> Call:
    try:
        found = as_maps(Capture(None, {layer: (output,)}, images), layer, model)
    except LayerError as error:
        values = output.detach().cpu() if isinstance(output, Tensor) else None
        return Call(layer, number, values, note=str(error))
    extra = found.extra if len(found.extra) else None
    return Call(layer, number, found.maps, extra, found.note)
