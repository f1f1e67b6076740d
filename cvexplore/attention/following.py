"""What becomes of the weights between their softmax and their use.

Moves keep the memory, so weights are found again by where they lie. What is computed from them,
number for number or by mixing the heads, is followed axis by axis.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cvexplore.attention.contraction import Contraction

_REORDERS = frozenset(
    """
    roll flip fliplr flipud rot90 __getitem__ index_select gather take_along_dim pixel_shuffle
    pixel_unshuffle channel_shuffle sort argsort
    """.split()
)
"""Functions that give as many numbers back in another order."""


@dataclass(frozen=True)
class Followed:
    """The weights of a softmax, or what they became.

    Args:
        tensor: the numbers.
        axes: its axes of keys: one, or neighbours that one was cut into.
        laid_out: lays a tensor of the softmax's shape out as this one.
    """

    tensor: Tensor
    axes: tuple[int, ...]
    laid_out: Callable[[Tensor], Tensor]

    def axes_in(self, view: Tensor) -> tuple[int, ...]:
        """Return the axes of keys of a view of the tensor; none if it is no view of it all."""
        if view.data_ptr() != self.tensor.data_ptr() or view.numel() != self.tensor.numel():
            return ()
        step = self.tensor.stride(self.axes[-1])
        return _neighbours(view.shape, view.stride(), step, self._keys)

    def as_in(self, view: Tensor, tensor: Tensor) -> Tensor:
        """Return a tensor of the softmax's shape, moved as the view was."""
        moved, own = self.laid_out(tensor), self.tensor
        if view.shape == own.shape and view.stride() == own.stride():
            return moved
        there = torch.empty_strided(own.shape, own.stride(), dtype=moved.dtype, device=moved.device)
        return there.copy_(moved).as_strided(view.shape, view.stride())

    @property
    def _keys(self) -> int:
        return math.prod(self.tensor.shape[axis] for axis in self.axes)


def changed(
    references: Sequence[Followed], function: Any, args: tuple[Any, ...], output: Tensor
) -> Followed | None:
    """Return what a function made of weights, number for number; None if it was of others."""
    for given in args:
        for reference in references if isinstance(given, Tensor) else ():
            axes = reference.axes_in(given)
            if axes:
                same = output.data_ptr() == given.data_ptr() or function.__name__ in _REORDERS
                return None if same else _copied(reference, given, axes, output)
    return None


def _copied(
    reference: Followed, given: Tensor, axes: tuple[int, ...], output: Tensor
) -> Followed | None:
    keys = math.prod(given.shape[axis] for axis in axes)
    step = math.prod(given.shape[axes[-1] + 1 :])
    there = _neighbours(output.shape, _dense(output.shape), step, keys)
    shape = output.shape

    def laid_out(tensor: Tensor) -> Tensor:
        return reference.as_in(given, tensor).reshape(shape)

    return Followed(output, there, laid_out) if there else None


def mixed(
    reference: Followed, product: Contraction, left: bool, axes: tuple[int, ...], output: Tensor
) -> Followed | None:
    """Return the weights after a product that makes new heads of theirs; None if it does other."""
    own, factor = (product.of_left, product.left) if left else (product.of_right, product.right)
    old = [label for label in own if label not in product.of_result]
    new = [label for label in product.of_result if label not in own]
    if output.numel() != reference.tensor.numel() or (len(old), len(new)) != (1, 1):
        return None
    came_from = [own.index(old[0] if each in new else each) for each in product.of_result]
    there = tuple(came_from.index(axis) for axis in axes)

    def laid_out(tensor: Tensor) -> Tensor:
        return reference.as_in(factor, tensor).permute(came_from)

    return Followed(output, there, laid_out)


def _neighbours(
    sizes: Sequence[int], steps: Sequence[int], step: int, count: int
) -> tuple[int, ...]:
    """Return the axes that together make this many steps of this length; none if none do."""
    axes = [axis for axis in range(len(sizes)) if sizes[axis] > 1 or count == 1]
    for last in reversed(range(len(axes))):
        reach = step
        for first in range(last, -1, -1):
            if steps[axes[first]] != reach:
                break
            reach *= sizes[axes[first]]
            if reach >= step * count:
                break
        if reach == step * count and steps[axes[last]] == step:
            return tuple(axes[first : last + 1])
    return ()


def _dense(shape: Sequence[int]) -> list[int]:
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
