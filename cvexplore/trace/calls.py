"""One call of a function: what it gives, how many multiply-adds it takes, what it writes."""

from typing import Any

from torch import Tensor

from cvexplore.trace.functions import FREE, MACS, MOVES, OpCounter
from cvexplore.trace.records import Shape
from cvexplore.trace.stand_ins import STAND_INS


def call(func: Any, args: Any, kwargs: dict) -> tuple[Any, int]:
    """Return what the function gives, and its multiply-adds."""
    stand_in = STAND_INS.get(func)
    if stand_in is not None and _without_numbers(args, kwargs):
        output = stand_in(*args, **kwargs)
    elif func in FREE or func in MACS:
        output = func(*args, **kwargs)
    else:
        with OpCounter() as counter:
            output = func(*args, **kwargs)
        return output, counter.macs
    formula = MACS.get(func)
    return output, formula(args, kwargs, output) if formula else 0


def _without_numbers(args: Any, kwargs: dict) -> bool:
    first = args[0] if args else kwargs.get("input", kwargs.get("query"))
    if isinstance(first, (int, float)) and len(args) > 1:
        first = args[1]
    elif isinstance(first, (tuple, list)) and first:
        first = first[0]
    return isinstance(first, Tensor) and first.is_meta and first.is_floating_point()


def written(func: Any, args: Any, kwargs: dict, output: Any) -> int:
    """Return the bytes of new memory the output takes; none where data move or are overwritten."""
    in_place = kwargs.get("inplace") or any(output is a for a in args)
    if func in MOVES or in_place:
        return 0
    return sum(t.numel() * t.element_size() for t in tensors_in(output))


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    found: list[Tensor] = []
    for each in value:
        if isinstance(each, Tensor):
            found.append(each)
        elif isinstance(each, (tuple, list, dict)):
            found += tensors_in(each)
    return found


def first_shape(tensors: list[Tensor]) -> Shape | None:
    """Return the shape of the first tensor, if there is one."""
    return tuple(tensors[0].shape) if tensors else None
