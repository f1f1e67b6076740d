"""What a layer made of an image: its output at that very call.

Three things make this harder than a forward hook. A network shared by several people must not carry
one person's hooks, for hooks fire in every thread; so they sit on private copies of the modules on
the way to the layer, and those copies share everything else. A later layer may overwrite the output
in place, as nearly every ReLU does; so it is copied at the call. And a module may be called more
than once; so each call is kept.
"""

import copy
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.layout import Laid, lay_out


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

    Raises:
        UnknownName: the network has no such layer.
    """
    kept: dict[str, list[Any]] = {layer: [] for layer in layers}
    private, watched = _private(model, layers)
    for layer, module in watched.items():
        module.register_forward_hook(
            lambda module, args, output, into=kept[layer]: into.append(_copied(output))
        )
    with torch.inference_mode():
        output = private(image)
    layers_kept = {layer: tuple(calls) for layer, calls in kept.items()}
    return Capture(output, layers_kept, tuple(image.shape))


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
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, Tensor) or not output.is_floating_point():
        raise LayerError(f"{layer} returns {type(output).__name__}, not feature maps.")
    return lay_out(output, layer, captured.images, _prefix_tokens(model))


def _prefix_tokens(model: nn.Module) -> int:
    """Return how many tokens stand before those of the patches: class token, registers."""
    return getattr(model, "num_prefix_tokens", int(hasattr(model, "class_token")))


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, (tuple, list)):
        return tuple(_copied(each) for each in value)
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return value


# ------------------------------------------------------------------ private modules, shared tensors


def _private(model: nn.Module, layers: Sequence[str]) -> tuple[nn.Module, dict[str, nn.Module]]:
    """Return the network with its own copies of these layers and of the modules around them.

    Every tensor, and every module off the way, is the original's. A network in training mode is
    copied whole, since evaluation mode must not reach the original.
    """
    if model.training:
        memo: dict[int, Any] = {id(t): t for t in (*model.parameters(), *model.buffers())}
        twin = copy.deepcopy(model, memo).eval()
        return twin, {layer: _module(twin, layer) for layer in layers}
    copies: dict[int, nn.Module] = {}

    def own(module: nn.Module) -> nn.Module:
        if id(module) not in copies:
            copies[id(module)] = _shallow_copy(module)
        return copies[id(module)]

    root = own(model)
    watched: dict[str, nn.Module] = {}
    for layer in layers:
        _module(model, layer)
        original: Any = model
        private: Any = root
        for part in layer.split(".") if layer else ():
            child = original._modules[part]
            for name, sibling in original._modules.items():
                if sibling is child:
                    private._modules[name] = own(child)
            original, private = child, own(child)
        watched[layer] = private
    return root, watched


def _module(model: nn.Module, layer: str) -> nn.Module:
    try:
        return model.get_submodule(layer)
    except AttributeError:
        raise UnknownName("layer", layer, (name for name, _ in model.named_modules())) from None


def _shallow_copy(module: nn.Module) -> nn.Module:
    twin = object.__new__(type(module))
    twin.__dict__.update(module.__dict__)
    twin.__dict__["_modules"] = dict(module._modules)
    for name in ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"):
        twin.__dict__[name] = OrderedDict(module.__dict__[name])
    return twin
