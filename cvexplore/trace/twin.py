"""A private twin of a network, and of its arguments: the same shapes, and no numbers."""

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_map_only

from cvexplore.errors import TraceError

_SHARED = frozenset(
    {type(None), bool, int, float, str, type, torch.Size, torch.dtype, torch.device}
)
_HOLDERS = frozenset({dict, list, set, OrderedDict})


def twin(model: nn.Module) -> nn.Module:
    """Return a copy on torch's meta device; tensors that modules merely keep are there too."""
    return _copy(model, _emptied)


def twin_with_numbers(model: nn.Module) -> nn.Module:
    """Return a copy that has the model's numbers, for what cannot run without them."""
    return _copy(model, _cloned)


def _copy(model: nn.Module, of_tensor: Callable[[Tensor], Tensor]) -> nn.Module:
    """Return what ``copy.deepcopy`` would, were the tensors copied already, in a fifth of its time.

    Nearly all a module holds are numbers and empty dictionaries of hooks.

    Raises:
        TraceError: a part of the model cannot be copied.
    """
    try:
        return _copy_modules(model, of_tensor)
    except (TypeError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise TraceError(
            f"The network cannot be traced, for no copy can be made: {reason}"
        ) from error


def _copy_modules(model: nn.Module, of_tensor: Callable[[Tensor], Tensor]) -> nn.Module:
    memo: dict[int, Any] = {}
    modules = list(model.modules())
    for module in modules:
        for values in (module._parameters, module._buffers, vars(module)):
            memo |= {id(t): of_tensor(t) for t in values.values() if isinstance(t, Tensor)}
        if _copies_plainly(type(module)):
            memo[id(module)] = object.__new__(type(module))
    for module in modules:
        own = memo.get(id(module))
        if own is not None:
            vars(own).update({name: _copied(value, memo) for name, value in vars(module).items()})
    return memo.get(id(model)) or copy.deepcopy(model, memo)


def emptied(args: Any) -> Any:
    """Return arguments whose tensors have no numbers, however deep they are nested."""
    return tree_map_only(Tensor, _emptied, args)


def cloned(args: Any) -> Any:
    """Return arguments whose tensors are copies, however deep they are nested."""
    return tree_map_only(Tensor, _cloned, args)


def _copies_plainly(kind: type) -> bool:
    """Say whether copying such a module is copying what it holds: not so if compiled by torch."""
    how = ("__reduce_ex__", "__reduce__", "__getstate__")
    usual = all(getattr(kind, name) is getattr(nn.Module, name) for name in how)
    return usual and not hasattr(kind, "__deepcopy__")


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in _SHARED or (kind is tuple and _SHARED.issuperset(map(type, value))):
        return value
    if id(value) in memo:
        return memo[id(value)]
    if kind in _HOLDERS and not value:
        return kind()
    if kind is dict and all(type(key) is str for key in value):
        return {key: _copied(each, memo) for key, each in value.items()}
    try:
        return copy.deepcopy(value, memo)
    except TypeError:
        if isinstance(value, nn.Module):
            raise
        return value  # a lock or an open file, which a copy of the network may share


def _emptied(tensor: Tensor) -> Tensor:
    if is_lazy(tensor):  # its module gives it a shape in its first pass
        learns, kind = tensor.requires_grad, tensor.dtype
        return nn.UninitializedParameter(learns, device="meta", dtype=kind)  # type: ignore[call-arg]
    empty = tensor.detach()
    if not empty.is_meta:
        empty = empty.to("meta")
    return nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


def _cloned(tensor: Tensor) -> Tensor:
    if is_lazy(tensor):
        return copy.deepcopy(tensor)
    copied = tensor.detach().clone()
    return (
        nn.Parameter(copied, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else copied
    )
