"""What a network is made of, as far as methods care: which functions its numbers pass through.

Found in one pass on the image itself, so functional calls count as much as modules.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cvexplore.attribution.asked import Asked
from cvexplore.attribution.rewriting import ELEMENTWISE, call_of

_KINDS = {
    **{name: name.capitalize() for name in ELEMENTWISE},
    **{"relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU", "silu": "SiLU", "prelu": "PReLU"},
    **{"elu": "ELU", "selu": "SELU", "celu": "CELU", "leaky_relu": "LeakyReLU"},
    **{"log_sigmoid": "LogSigmoid", "max_pool2d": "MaxPool2d"},
    **{"layer_norm": "LayerNorm", "group_norm": "GroupNorm", "instance_norm": "InstanceNorm"},
    **{"rms_norm": "RMSNorm", "normalize": "Normalize", "local_response_norm": "LocalResponseNorm"},
    **{"softmax": "softmax"},
}
_PRODUCTS = frozenset(
    {"mul", "multiply", "imul", "rmul", "matmul", "rmatmul", "bmm", "baddbmm", "einsum", "addcmul"}
    | {"div", "divide", "true_divide", "truediv", "rtruediv"}
)
_ATTENTION = frozenset({"scaled_dot_product_attention", "multi_head_attention_forward"})
_NORMALISING = ("LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm", "Normalize")
_NOT_OF_ONE = {
    "LocalResponseNorm": "normalisation over features",
    "softmax": "softmax",
    "product": "products of two values that both depend on the image",
}
_WEIGHTED = frozenset({"linear", "conv2d", "addmm"})


@dataclass(frozen=True)
class Structure:
    """What the network ran in one pass.

    Args:
        calls: how often each kind of function was called: "ReLU", "GELU", "MaxPool2d",
            "LayerNorm", "softmax", "product" (of two tensors that both depend on the image), …
        shared: modules of activations that were called more than once.
        in_place: activations that overwrote what they were given.
        silent_head: whether the last layer's weights are all zero, so every score is a constant.
    """

    calls: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    in_place: int = 0
    silent_head: bool = False

    @property
    def activations(self) -> Mapping[str, int]:
        """How often each activation was called, the most frequent first."""
        kinds = {_KINDS[name] for name in ELEMENTWISE}
        found = {kind: count for kind, count in self.calls.items() if kind in kinds}
        return dict(sorted(found.items(), key=lambda each: -each[1]))

    @property
    def rectifiers(self) -> int:
        """How many calls are of a ReLU, with or without a ceiling."""
        return self.calls.get("ReLU", 0) + self.calls.get("ReLU6", 0)

    @property
    def without_rescale(self) -> tuple[str, ...]:
        """What it calls that is not a function of one number, in words: DeepLIFT has no rule."""
        words = {**dict.fromkeys(_NORMALISING, "normalisation over features"), **_NOT_OF_ONE}
        return tuple(dict.fromkeys(said for kind, said in words.items() if kind in self.calls))

    @property
    def attends(self) -> bool:
        """Whether it weighs values by a softmax of others, as attention does."""
        return "softmax" in self.calls and "product" in self.calls

    @property
    def normalises(self) -> bool:
        """Whether numbers are divided by their own spread or length in this image."""
        return any(kind in self.calls for kind in _NORMALISING)


def structure(asked: Asked) -> Structure:
    """Return which functions the network runs on this image; one pass forward.

    Raises:
        LayerError: the network does not return one score a class.
    """
    network = asked.network()
    used: Counter[str] = Counter()
    for path, module in network.private.named_modules():
        if not module._modules:
            _count_uses(module, path, used)
    watching = _Watching()
    with torch.enable_grad(), watching:
        network(asked.leaf())
    last = watching.last_weight
    return Structure(
        calls=dict(watching.calls),
        shared=tuple(path for path, count in used.items() if count > 1),
        in_place=watching.in_place,
        silent_head=last is not None and not last.any(),
    )


def _count_uses(module: nn.Module, path: str, used: Counter[str]) -> None:
    """Count the calls of a private module, if it is an activation: one without tensors."""
    if not module._parameters and not module._buffers and _kind(type(module).__name__):
        module.register_forward_pre_hook(lambda module, args: used.update([path]))


def _kind(name: str) -> bool:
    return name.lower() in {kind.lower() for kind in _KINDS.values()}


class _Watching(TorchFunctionMode):
    """Counts the functions of a pass."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.in_place = 0
        self.last_weight: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").strip("_")
        self.calls.update(_kinds(name, [*args, *kwargs.values()], kwargs))
        call = call_of(func, args, kwargs)
        self.in_place += call is not None and call.in_place and call.given.requires_grad
        if name in _WEIGHTED:
            weight = kwargs.get("weight", args[-1 if name == "addmm" else 1] if args[1:] else None)
            self.last_weight = weight if isinstance(weight, Tensor) else self.last_weight
        return func(*args, **kwargs)


def _kinds(name: str, given: list[Any], options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a call is of: attention that torch computes in one call is two products."""
    computed = [each for each in _tensors(given) if each.requires_grad and not each.is_leaf]
    if not computed:
        return
    if name in _ATTENTION:
        yield from ("product", "softmax", "product")
    elif name in _PRODUCTS and len(computed) > 1:
        yield "product"
    elif name == "hardtanh" and (options.get("min_val"), options.get("max_val")) == (0, 6):
        yield _KINDS["relu6"]
    elif name in _KINDS:
        yield _KINDS[name]


def _tensors(given: Iterable[Any]) -> Iterator[Tensor]:
    for each in given:
        if isinstance(each, Tensor):
            yield each
        elif isinstance(each, (list, tuple)):
            yield from _tensors(each)
