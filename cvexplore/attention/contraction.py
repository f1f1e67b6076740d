"""Products of two tensors that sum over a shared axis, whatever function computes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_MATMULS = frozenset(
    {
        torch.matmul,
        torch.Tensor.matmul,
        torch.Tensor.__matmul__,
        torch.mm,
        torch.Tensor.mm,
        torch.bmm,
        torch.Tensor.bmm,
    }
)
_ADDED_TO = frozenset({torch.baddbmm, torch.Tensor.baddbmm})
_EINSUMS = frozenset({torch.einsum, torch.functional.einsum})


@dataclass(frozen=True)
class Contraction:
    """A product such as "bhqd,bhkd->bhqk": a label for each axis of both factors and the result."""

    left: Tensor
    right: Tensor
    of_left: str
    of_right: str
    of_result: str

    @property
    def summed(self) -> frozenset[str]:
        """Labels of the axes that are summed over."""
        return frozenset(self.of_left) & frozenset(self.of_right) - frozenset(self.of_result)


def contraction(function: Callable[..., Any], args: tuple[Any, ...]) -> Contraction | None:
    """Return the product that this call computes; None if it is none, or not of two tensors.

    Args:
        function: what is called.
        args: what it is given, its tensors by position (see ``movements.by_position``).
    """
    if function in _EINSUMS:
        factors = args[1] if isinstance(args[1], (list, tuple)) else args[1:]
        if not isinstance(args[0], str) or len(factors) != 2:
            return None
        return _of_equation(args[0].replace(" ", ""), *factors)
    if function in _ADDED_TO:
        args = args[1:]
    elif function not in _MATMULS:
        return None
    left, right = args[:2]
    if not (isinstance(left, Tensor) and isinstance(right, Tensor)):
        return None
    if left.dim() < 2 or right.dim() < 2:
        return None
    return _of_equation("...ij,...jk->...ik", left, right)


def _of_equation(equation: str, left: Tensor, right: Tensor) -> Contraction | None:
    factors, arrow, result = equation.partition("->")
    of_left, _, of_right = factors.partition(",")
    if not arrow:  # by the rule of NumPy: all labels that stand once, in the alphabet's order
        once = sorted(x for x in factors if x.isalpha() and factors.count(x) == 1)
        result = ("..." if "..." in factors else "") + "".join(once)
    free = [chr(code) for code in range(0x0391, 0x03C9)]  # Greek letters for what "..." stands for
    longest = (
        max(
            tensor.dim() - len(labels.replace("...", ""))
            for labels, tensor in ((of_left, left), (of_right, right))
            if "..." in labels
        )
        if "..." in factors
        else 0
    )

    def spelled(labels: str, axes: int) -> str:
        standing = axes - len(labels.replace("...", ""))
        return labels.replace("...", "".join(free[longest - standing : longest]))

    of_result = result.replace("...", "".join(free[:longest]))
    return Contraction(
        left, right, spelled(of_left, left.dim()), spelled(of_right, right.dim()), of_result
    )
