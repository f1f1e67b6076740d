"""What a layer made of an image: its output at that very call.

Three things make this harder than a forward hook. A network shared by several people must not carry
one person's hooks, for hooks fire in every thread; so they sit on private copies of the modules on
the way to the layer, and those copies share everything else. A later layer may overwrite the output
in place, as nearly every ReLU does; so it is copied at the call. And a module may be called more
than once; so each call is kept.
"""

import copy
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError, UnknownName


@dataclass(frozen=True)
class FeatureMap:
    """What one layer made of one image.

    Args:
        layer: the module's path.
        maps: one picture a channel; tokens laid out as their patches lie, a vector as single
        points.
            Shape: (C, H, W), float32, on the CPU
    """

    layer: str
    maps: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return tuple(self.maps.shape)  # type: ignore[return-value]


@dataclass(frozen=True)
class Capture:
    """One forward pass: what came out, and what each watched layer returned at each call."""

    output: Any
    layers: Mapping[str, tuple[Any, ...]]


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
    return Capture(output, {layer: tuple(calls) for layer, calls in kept.items()})


def as_maps(captured: Capture, layer: str, model: nn.Module) -> FeatureMap:
    """Return what a layer returned at its first call, as one map a channel.

    Raises:
        LayerError: the layer was not called, or what it returned is not maps.
    """
    calls = captured.layers[layer]
    if not calls:
        raise LayerError(
            f"{layer} is not called in a forward pass; its parent uses its weights directly."
        )
    output = calls[0][0] if isinstance(calls[0], tuple) else calls[0]
    if not isinstance(output, Tensor) or not output.is_floating_point():
        raise LayerError(f"{layer} returns {type(output).__name__}, not feature maps.")
    return FeatureMap(layer, _channels_first(output, layer, _prefix_tokens(model)).float().cpu())


def _channels_first(output: Tensor, layer: str, prefix: int) -> Tensor:
    """Lay a layer's output out as (C, H, W)."""
    if output.dim() == 4:  # square images: the two sides are the equal dimensions
        _, first, second, third = output.shape
        channels_last = first == second != third
        return output[0].permute(2, 0, 1) if channels_last else output[0]
    if output.dim() == 3:
        tokens = output[0]  # (N, D)
        for skipped in dict.fromkeys((prefix, 0)):
            side = math.isqrt(len(tokens) - skipped)
            if side > 1 and side * side == len(tokens) - skipped:
                return tokens[skipped:].T.reshape(-1, side, side)
        raise LayerError(
            f"{layer} returns {len(tokens)} tokens, which do not lie on a square grid."
        )
    if output.dim() == 2:
        return output[0][:, None, None]
    raise LayerError(f"{layer} returns {tuple(output.shape)}, which are not maps of one image.")


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
