"""A network in which every call of an activation has a module of its own, for libraries' rules.

Guided backpropagation and DeepLIFT change what goes backward through an activation. Captum hooks
modules for it, so it misses functions, and a module that is called twice or overwrites its input
breaks it. Here a watching pass counts the calls; from then on a ``TorchFunctionMode``, which sees
one thread only, sends the n-th call to the n-th of our own modules. The numbers stay the same to
the bit: what is sent was going to be computed anyway.
"""

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cvexplore.attribution.asked import Asked, Network, Passes
from cvexplore.attribution.rules import Elementwise, MaxPool
from cvexplore.errors import LayerError

# Captum warns that it sets hooks; here the network is nobody else's, and thrown away afterwards.
warnings.filterwarnings("ignore", r"\s*Setting (forward, )?backward hooks", UserWarning)

# What is computed for each number by itself, by the name that torch calls it.
ELEMENTWISE: Mapping[str, Callable[..., Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "hardtanh": F.hardtanh,
    "leaky_relu": F.leaky_relu,
    "prelu": F.prelu,
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "log_sigmoid": F.logsigmoid,
    "threshold": F.threshold,
}
_POOLING = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")


@dataclass(frozen=True)
class Call:
    """One call of an activation or of max pooling.

    Args:
        name: of the function, as torch calls it, without underscores.
        given: the tensor that it is called on.
        options: what else it was given.
        in_place: whether it writes its result over what it was given.
    """

    name: str
    given: Tensor
    options: tuple[tuple[Any, ...], Mapping[str, Any]]
    in_place: bool

    def module(self) -> nn.Module:
        """Return a module that computes the same out of place, by parts that Captum knows."""
        more, named = self.options
        if self.name == "max_pool2d":
            return MaxPool(**dict(zip(_POOLING, more, strict=False)), **named)
        if self.name == "relu":
            return nn.ReLU()
        highest = _highest_of_relu(self.name, named)
        if highest is not None:
            ceiling = Elementwise(functools.partial(torch.clamp, max=highest))
            return nn.Sequential(nn.ReLU(), _Apart(), ceiling)
        function = ELEMENTWISE[self.name]
        return Elementwise(lambda numbers: function(numbers, *more, **named))


class _Apart(nn.Module):
    """Stands between two activations, so that no tensor is the one's output and the other's input.

    On such a tensor Captum's hooks of the first fire before the second has applied its rule.
    """

    def forward(self, numbers: Tensor) -> Tensor:
        return numbers.clone()


def _highest_of_relu(name: str, options: Mapping[str, Any]) -> float | None:
    """Return where a ReLU with a ceiling ends; None if the function is another one."""
    if name == "relu6":
        return 6.0
    is_relu = name == "hardtanh" and options.get("min_val") == 0
    return options.get("max_val") if is_relu else None


def call_of(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Call | None:
    """Return the call of an activation or max pooling that this is; None if it is another."""
    written = getattr(func, "__name__", "")
    name = written.strip("_")
    if name not in ELEMENTWISE and name != "max_pool2d":
        return None
    named = dict(kwargs or {})
    given = args[0] if args else named.pop("input", None)
    in_place = bool(named.pop("inplace", False)) or written.endswith("_")
    if not isinstance(given, Tensor) or named.pop("return_indices", False):
        return None
    return Call(name, given, (tuple(args[1:]), named), in_place)


class OwnActivations(Network):
    """A private network whose activations are modules of its own, one a call.

    Attributes:
        private: the network, with its layers under their own paths.
        own: the modules, in the order of the calls.
    """

    def __init__(self, private: nn.Module, passes: Passes, calls: Sequence[Call]) -> None:
        super().__init__(private, passes)
        self.own = nn.ModuleList(call.module() for call in calls if _of_image(call))
        modules = iter(self.own)
        self._order = [(call.name, next(modules) if _of_image(call) else None) for call in calls]

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class. Shape: (B, C, H, W) -> (B, K)"""
        with _Sending(iter(self._order)):
            return super().forward(images)


def with_own_activations(asked: Asked) -> OwnActivations:
    """Return a private network in which each call of an activation is a module that Captum hooks.

    A ReLU that ends at 6 becomes a ReLU and a ceiling. It costs one pass forward.

    Raises:
        LayerError: the network does not return one score a class.
    """
    network = asked.network()
    _hide_activations(network.private)
    calls: list[Call] = []
    with torch.enable_grad(), _Watching(calls):
        network(asked.leaf())
    return OwnActivations(network.private, asked.passes, calls)


class _Hidden(nn.Module):
    """An activation that no library recognises, for it is no child; it runs all the same."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self._activation = (activation,)  # in a tuple, where torch looks for no children

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._activation[0](*args, **kwargs)


def _hide_activations(private: nn.Module) -> None:
    """Hide a private network's own activations, else rules would act in both places."""
    known = (*SUPPORTED_NON_LINEAR, nn.ReLU)
    hidden: dict[int, _Hidden] = {}
    for parent in list(private.modules()):
        for name, child in parent._modules.items():
            if isinstance(child, known):
                parent._modules[name] = hidden.setdefault(id(child), _Hidden(child))


def _of_image(call: Call) -> bool:
    """Return whether a call's numbers depend on the image, and what else it is given does not."""
    more, named = call.options
    tensors = [each for each in (*more, *named.values()) if isinstance(each, Tensor)]
    return call.given.requires_grad and not any(_computed(each) for each in tensors)


def _computed(tensor: Tensor) -> bool:
    return tensor.requires_grad and not tensor.is_leaf


class _Watching(TorchFunctionMode):
    """Notes the calls of a pass."""

    def __init__(self, calls: list[Call]) -> None:
        super().__init__()
        self._calls = calls

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        call = call_of(func, args, kwargs)
        if call is not None:
            self._calls.append(call)
        return func(*args, **(kwargs or {}))


class _Sending(TorchFunctionMode):
    """Sends each call of a pass to the module that was made for it."""

    def __init__(self, order: Iterator[tuple[str, nn.Module | None]]) -> None:
        super().__init__()
        self._order = order

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        call = call_of(func, args, kwargs)
        own = None if call is None else self._module(call)
        if call is None or own is None:
            return func(*args, **(kwargs or {}))
        # A clone, for the rule is about this use of the tensor, and others may use it too.
        output = own(call.given.clone())
        return call.given.copy_(output) if call.in_place else output

    def _module(self, call: Call) -> nn.Module | None:
        name, module = next(self._order, ("", None))
        if name != call.name:
            raise LayerError(
                "This network does not run the same functions each time, so its activations "
                "cannot be told apart; choose a method without rules for them, such as "
                "integrated gradients."
            )
        return module
