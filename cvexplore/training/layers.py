"""What happens in each layer while it learns: gradients, how far the weights move, dead units.

A layer here is a module with a weight that maps one set of features to another: a convolution, a
linear map, an embedding. What only shifts and scales, such as normalisation, belongs to the layer
before it.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cvexplore.training.modes import in_evaluation_mode

_RELUS = frozenset({F.relu, F.relu_, F.relu6, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_})
_NO_NUMBER = float("nan")

# One call for all tensors; torch has these for its own optimisers, without a public name yet.
_norms = torch._foreach_norm  # pyright: ignore[reportPrivateImportUsage]
_subtract = torch._foreach_sub_  # pyright: ignore[reportPrivateImportUsage]


@dataclass(frozen=True)
class Layer:
    """A layer with weights, and what belongs to it.

    Args:
        path: of its module in the network.
        own: the module's own parameters.
        modules: itself and those called after it, up to the next layer, that hold numbers.
    """

    path: str
    own: tuple[nn.Parameter, ...]
    modules: tuple[nn.Module, ...]


def weighted_layers(network: nn.Module, example: Tensor) -> tuple[Layer, ...]:
    """Return the network's layers in the order they are first called; one pass is made."""
    found: list[tuple[str, nn.Module, list[nn.Module]]] = []
    early: list[nn.Module] = []
    for path, module in _called(network, example):
        if _is_layer(module):
            found.append((path, module, [*early, module]))
            early = []
        elif found:
            found[-1][2].append(module)
        else:
            early.append(module)  # before the first layer, such as the places a network learns
    return tuple(
        Layer(path, tuple(module.parameters(recurse=False)), tuple(modules))
        for path, module, modules in found
    )


@torch.no_grad()
def _called(network: nn.Module, example: Tensor) -> list[tuple[str, nn.Module]]:
    """Return the modules that hold numbers, in the order they are first called.

    Those that are never called stand behind the nearest that is and holds them: an attention
    computes with the weights of its last map without calling it.
    """
    holding = {path: each for path, each in network.named_modules() if _holds_numbers(each)}
    order: dict[str, None] = {}
    hooks = [
        module.register_forward_pre_hook(lambda _, __, path=path: order.setdefault(path))
        for path, module in network.named_modules()
    ]
    try:
        with in_evaluation_mode(network):
            network(example)
    finally:
        for hook in hooks:
            hook.remove()
    places = {path: (place, 0) for place, path in enumerate(order)}
    for count, path in enumerate(holding, start=1):
        if path not in places:
            places[path] = (_place_of_owner(path, order), count)
    return sorted(holding.items(), key=lambda item: places[item[0]])


def _is_layer(module: nn.Module) -> bool:
    """Say whether a module maps features itself, not only through the modules in it."""
    has_map = any(each.dim() > 1 for each in module.parameters(recurse=False))
    is_whole = isinstance(module, nn.MultiheadAttention) or not module._modules
    return has_map and is_whole


def _holds_numbers(module: nn.Module) -> bool:
    return bool(module._parameters or module._buffers)


def _place_of_owner(path: str, order: Mapping[str, None]) -> int:
    called = list(order)
    while path:
        path = path.rpartition(".")[0]
        if path and path in order:
            return called.index(path)
    return len(called)  # nothing but the whole network holds it, such as a helper of the training


class Watch(TorchFunctionMode):
    """One step's view of the layers: entered around the forward passes, read after the step.

    Args:
        layers: of the network.
        parameters: all that are trained.
    """

    def __init__(self, layers: Sequence[Layer], parameters: Sequence[nn.Parameter]) -> None:
        super().__init__()
        self._layers = layers
        self._parameters = parameters
        self._owner = {id(each): layer.path for layer in layers for each in layer.own}
        self._before = [each.detach().clone() for each in parameters]
        self._gradients: Sequence[Tensor] = ()
        self._last = ""
        self._largest: dict[str, Tensor] = {}  # output of each unit after its ReLU, by layer

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Note whose weight is used, and what the ReLU after it lets through."""
        output = func(*args, **(kwargs or {}))
        if func in _RELUS or (func is F.hardtanh and args[1:2] == (0.0,)):
            self._note(output.detach())
        elif len(args) > 1:
            self._last = self._owner.get(id(args[1]), self._last)
        return output

    def _note(self, output: Tensor) -> None:
        features = 1 if output.dim() == 4 else output.dim() - 1  # of maps, or of tokens
        largest = output.amax([axis for axis in range(output.dim()) if axis != features])
        have = self._largest.get(self._last)
        if have is None:
            self._largest[self._last] = largest
        elif have.shape == largest.shape:  # called again, or for the next batch of this step
            self._largest[self._last] = torch.maximum(have, largest)

    def see_gradients(self) -> None:
        """Measure the gradients, which the step may shorten or use up."""
        with_gradient = [each for each in self._parameters if each.grad is not None]
        gradients = [each.grad for each in with_gradient if each.grad is not None]
        self._gradients = _norms(gradients)
        everywhere = [id(each) for each in self._parameters]
        self._ids = ([id(each) for each in with_gradient], everywhere, everywhere)

    def values(self) -> list[tuple[str, float | tuple[float, ...]]]:
        """Return the norm of the whole gradient, and the layers' numbers, each by its name.

        For a layer without it, such as one that no ReLU follows, it is not a number.
        """
        now = [each.detach() for each in self._parameters]
        _subtract(self._before, now)
        dead = {path: (each <= 0).float().mean() for path, each in self._largest.items()}
        norms = (self._gradients, _norms(self._before), _norms(now))
        measured = [*itertools.chain(*norms), *dead.values()]
        numbers = iter(torch.stack([each.float() for each in measured]).tolist())  # waits once
        gradient, moved, size = ({each: next(numbers) for each in ids} for ids in self._ids)
        shares = dict(zip(dead, numbers, strict=True))
        own = [[id(each) for each in layer.own] for layer in self._layers]
        ratios = [_ratio(_norm(moved, each), _norm(size, each)) for each in own]
        return [
            ("gradient_norm", _norm(gradient, gradient)),
            ("gradient_norm", tuple(_norm(gradient, each) for each in own)),
            ("update_ratio", tuple(ratios)),
            ("dead", tuple(shares.get(layer.path, _NO_NUMBER) for layer in self._layers)),
        ]


def _norm(norms: Mapping[int, float], parts: Iterable[int]) -> float:
    """Return the norm of a vector whose parts have these norms."""
    squares = [norms[each] ** 2 for each in parts if each in norms]
    return math.sqrt(sum(squares)) if squares else _NO_NUMBER


def _ratio(change: float, size: float) -> float:
    return change / size if size else _NO_NUMBER
