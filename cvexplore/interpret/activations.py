"""What a layer made of an image: its output at that very call.

Three things make this harder than a forward hook. A network shared by several people must not carry
one person's hooks, for hooks fire in every thread; so they sit on private copies (see
``cvexplore.interpret.private``). A later layer may overwrite the output in place, as nearly every
ReLU does; so it is copied at the call. And a module may be called more than once; so each call is
kept.
"""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.layout import Laid, lay_out
from cvexplore.interpret.private import module_at
from cvexplore.interpret.watching import watched


@dataclass(frozen=True)
class FeatureMap:
    """What one layer made of one image.

    Args:
        layer: the module's path.
        maps: one picture a channel; tokens laid out as their patches lie, a vector as single
            points. Shape: (C, H, W), float32, on the CPU
        extra: tokens that stand for no place: class token, registers. Shape: (P, C)
        note: what a person should know of how tokens or windows were laid out.
    """

    layer: str
    maps: Tensor
    extra: Tensor
    note: str = ""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return tuple(self.maps.shape)  # type: ignore[return-value]


@dataclass(frozen=True)
class Capture:
    """One forward pass: what came out, and what each watched layer returned at each call.

    Args:
        output: what the network returned.
        layers: what each layer returned, a value a call, by its path.
        images: the shape of what the network was given: (B, C, H, W).
    """

    output: Any
    layers: Mapping[str, tuple[Any, ...]]
    images: tuple[int, ...]


def feature_maps(model: nn.Module, image: Tensor, layer: str) -> FeatureMap:
    """Return a layer's output for one image, as one map a channel.

    Shape: image (1, C, H, W) -> maps (channels of the layer, its H, its W)

    Raises:
        UnknownName: the network has no such layer; the nearest are offered.
        LayerError: the layer is not called, or what it returns is not maps.
    """
    return as_maps(capture(model, image, [layer]), layer, model)


def capture(model: nn.Module, image: Tensor, layers: Sequence[str]) -> Capture:
    """Run the network once in evaluation mode and keep what these layers return.

    Several threads may capture on one network at once; its modules are not touched.

    Args:
        model: the network, or a changed copy of one.
        image: a batch of images. Shape: (B, C, H, W)
        layers: paths of modules, "layer1.0.conv1", or of functions that run in a module, named as
            its trace names them, "layer1.0.add".

    Raises:
        UnknownName: the network has no such layer; the nearest are offered.
    """
    kept: dict[str, list[Any]] = {layer: [] for layer in layers}
    copies = _Copies()
    private = watched(model, layers, lambda layer, output: kept[layer].append(copies.of(output)))
    with torch.no_grad():
        output = private(image)
    for layer, calls in kept.items():
        if not calls and module_at(model, layer) is None:
            raise UnknownName("layer", layer, (path for path, _ in model.named_modules()))
    found = {layer: tuple(calls) for layer, calls in kept.items()}
    return Capture(output, found, tuple(image.shape))


def as_maps(captured: Capture, layer: str, model: nn.Module, call: int = 0) -> FeatureMap:
    """Return what a layer returned for the first image, as one map a channel.

    Args:
        captured: the forward pass.
        layer: the layer's path.
        model: the network, which knows how many tokens stand for no patch.
        call: which call of the layer, where it is called several times.

    Raises:
        LayerError: the layer was not called, or what it returned is not maps.
    """
    laid = maps_at(captured, layer, model, call)
    return FeatureMap(layer, laid.maps[0].float().cpu(), laid.extra[0].float().cpu(), laid.note)


def maps_at(captured: Capture, layer: str, model: nn.Module, call: int = 0) -> Laid:
    """Return what a layer returned for every image, as one map a channel; see ``as_maps``.

    Raises:
        LayerError: the layer was not called, or what it returned is not maps.
    """
    calls = captured.layers[layer]
    if not calls:
        raise LayerError(
            f"{layer} is not called in a forward pass; its parent uses its weights directly."
        )
    output = calls[min(call, len(calls) - 1)]
    if isinstance(output, dict):  # of a pyramid's levels, or of a segmenter's heads
        output = tuple(output.values())
    if isinstance(output, tuple) and output:
        output = output[0]
    if not isinstance(output, Tensor) or not output.is_floating_point():
        raise LayerError(f"{layer} returns {type(output).__name__}, not feature maps.")
    if output.dim() == 3 and output.shape[1] == object_queries(model):
        raise LayerError(
            f"{layer} returns {output.shape[1]} object queries, which stand for no place of the "
            "image; choose a layer of the encoder or the backbone."
        )
    return lay_out(output, layer, captured.images, _prefix_tokens(model))


def _prefix_tokens(model: nn.Module) -> int:
    """Return how many tokens stand before those of the patches: class token, registers."""
    return getattr(model, "num_prefix_tokens", int(hasattr(model, "class_token")))


def object_queries(model: nn.Module) -> int:
    """Return how many learned queries a set prediction answers; 0 of all other networks."""
    learned = (getattr(module, "queries", None) for module in model.modules())
    return next((len(each) for each in learned if isinstance(each, nn.Parameter)), 0)


class _Copies:
    """Copies of outputs: one for a tensor that several layers return unchanged.

    A block returns what its last layer returned, and dropout what it was given. Whether a tensor
    was written to since it was copied is what its version says.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[weakref.ref[Tensor], int, Tensor]] = {}

    def of(self, value: Any) -> Any:
        """Return a copy of the tensors in nested tuples, lists and dictionaries."""
        if isinstance(value, Tensor):
            return self._copy(value)
        if isinstance(value, (tuple, list)):
            return tuple(self.of(each) for each in value)
        if isinstance(value, dict):
            return {key: self.of(each) for key, each in value.items()}
        return value

    def _copy(self, tensor: Tensor) -> Tensor:
        original, version, copied = self._last.get(id(tensor), (None, 0, tensor))
        if original is None or original() is not tensor or version != tensor._version:
            copied = tensor.clone()
            self._last[id(tensor)] = (weakref.ref(tensor), tensor._version, copied)
        return copied
