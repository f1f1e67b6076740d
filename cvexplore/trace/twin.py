"""A private twin of a network, and of its arguments: the same shapes, and no numbers."""

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

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
    """
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
    return copy.deepcopy(value, memo)


def _emptied(tensor: Tensor) -> Tensor:
    empty = tensor.detach()
    if not empty.is_meta:
        empty = empty.to("meta")
    return nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


def _cloned(tensor: Tensor) -> Tensor:
    copied = tensor.detach().clone()
    return (
        nn.Parameter(copied, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else copied
    )
