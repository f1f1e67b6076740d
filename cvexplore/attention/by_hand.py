"""Attention written out: a softmax, and later a product that sums over the softmax's axis.

Between the two a network may reshape the weights, transpose them, or change them: talking heads mix
the heads, gates scale them. Moves keep the memory, so the weights are found again by where they
lie; what was computed from them is remembered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.attention.contraction import Contraction
from cvexplore.attention.records import Products

SOFTMAXES = frozenset({torch.softmax, F.softmax, torch.Tensor.softmax, torch.special.softmax})
_AWAITED = 4  # how many softmaxes and changes of one are kept; a network uses its weights soon


@dataclass(frozen=True)
class Attended:
    """One attention, as the network computed it; the leading axes are its own.

    Args:
        weights: what the softmax returned. Shape: (*leading, Q, K)
        applied: what the values were multiplied with, if it differs. Shape: (*leading, Q, K)
        values: what is averaged. Shape: (*leading, K, d)
        output: what the network went on with. Shape: (*leading, Q, d)
        products: the numbers on the way to the weights, by the same axes; if they were asked for.
        source: the tensor of the network's graph that holds the weights; a softmax written by hand
            has them by other axes, and what is used is a view of it.
        by_query: lays a tensor of the source's shape out as the weights are.
    """

    weights: Tensor
    applied: Tensor | None
    values: Tensor
    output: Tensor
    products: Products | None = None
    source: Tensor | None = None
    by_query: Callable[[Tensor], Tensor] = lambda tensor: tensor


@dataclass
class _Softmax:
    result: Tensor
    axis: int
    given: Tensor
    dots: tuple[Contraction, Tensor] | None
    changed: list[Tensor] = field(default_factory=list)

    def references(self) -> list[Tensor]:
        """Return the weights, and what they became, where the axes are still theirs."""
        alike = [each for each in self.changed if each.shape == self.result.shape]
        return [self.result, *reversed(alike)]


class ByHand:
    """The softmaxes of one pass that no product has used yet.

    Args:
        with_products: keep what led to the scores too.
    """

    def __init__(self, with_products: bool) -> None:
        self._with_products = with_products
        self._awaited: list[_Softmax] = []
        self._products: list[tuple[Contraction, Tensor]] = []

    def softmax(self, output: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Await the use of a softmax over one axis of three or more."""
        axis = kwargs.get("dim", args[1] if len(args) > 1 else -1)
        given = args[0] if args else kwargs["input"]
        if not isinstance(output, Tensor) or output.dim() < 3 or not isinstance(axis, int):
            return
        of_size = [each for each in self._products if each[1].numel() == output.numel()]
        found = _Softmax(output, axis % output.dim(), given, of_size[-1] if of_size else None)
        self._awaited = [*self._awaited[1 - _AWAITED :], found]

    def changed(self, args: tuple[Any, ...], output: Any) -> None:
        """Remember what is computed from awaited weights, number for number."""
        if not self._awaited or not isinstance(output, Tensor):
            return
        given = [each for each in args if isinstance(each, Tensor)]
        for softmax in self._awaited:
            made = (softmax.result, *softmax.changed)
            if output.numel() != softmax.result.numel() or _is_view(output, softmax.result):
                continue
            if any(_is_view(each, one) for each in given for one in made):
                softmax.changed = [*softmax.changed[1 - _AWAITED :], output]

    def product(self, product: Contraction, output: Tensor) -> Attended | None:
        """Return the attention that this product completes, if it completes one."""
        sides = ((product.left, product.of_left), (product.right, product.of_right))
        for softmax in self._awaited:
            for factor, labels in sides:
                for reference in softmax.references():
                    axis = _axis_in(factor, reference, softmax.axis)
                    if axis is not None and labels[axis] in product.summed:
                        self._awaited = [each for each in self._awaited if each is not softmax]
                        return self._attended(softmax, reference, product, factor, axis, output)
        if self._with_products:
            kept = output.clone()  # a position bias may be added in place
            self._products = [*self._products[1 - _AWAITED :], (product, kept)]
        return None

    def _attended(
        self,
        softmax: _Softmax,
        reference: Tensor,
        product: Contraction,
        factor: Tensor,
        axis: int,
        output: Tensor,
    ) -> Attended:
        own, others, values = product.of_left, product.of_right, product.right
        if factor is product.right:
            own, others, values = others, own, product.left
        key = own[axis]
        shared = [each for each in own if each in others and each in product.of_result]
        asking = [each for each in own if each not in shared and each != key]
        averaged = [each for each in others if each not in shared and each != key]

        def by_query(tensor: Tensor) -> Tensor:
            return ordered(_relaid(tensor, reference, factor), own, shared, asking, [key])

        applied = ordered(factor, own, shared, asking, [key])
        weights = applied
        if reference is not softmax.result and not torch.equal(reference, softmax.result):
            weights = by_query(softmax.result)
        return Attended(
            weights,
            None if weights is applied else applied,
            ordered(values, others, shared, [key], averaged),
            ordered(output, product.of_result, shared, asking, averaged),
            _products(softmax, by_query) if self._with_products else None,
            softmax.result,
            by_query,
        )


def ordered(tensor: Tensor, labels: str, shared: Sequence[str], *groups: Sequence[str]) -> Tensor:
    """Return a tensor with its shared axes first, then one axis for each group of labels."""
    wanted = [*shared, *(each for group in groups for each in group)]
    moved = tensor.permute([labels.index(each) for each in wanted])
    sizes = list(moved.shape[: len(shared)])
    rest = list(moved.shape[len(shared) :])
    for group in groups:
        sizes.append(torch.Size(rest[: len(group)]).numel())
        rest = rest[len(group) :]
    return moved.reshape(sizes)


def _products(softmax: _Softmax, by_query: Any) -> Products:
    """Return the scores and, where one product made them, its queries and keys."""
    scores = by_query(softmax.given)
    if softmax.dots is None:
        return Products(None, None, None, scores)
    product, output = softmax.dots
    dots = by_query(output.reshape(softmax.result.shape))
    query, key = [each for each in product.of_result if each not in product.of_left], []
    asking = [each for each in product.of_left if each in product.of_result]
    shared = [each for each in asking if each in product.of_right]
    asking = [each for each in asking if each not in shared]
    summed = sorted(product.summed)
    keys = ordered(product.right, product.of_right, shared, query or key, summed)
    queries = ordered(product.left, product.of_left, shared, asking, summed)
    if output.dim() == softmax.result.dim() and product.of_result[softmax.axis] in asking:
        queries, keys = keys, queries
    return Products(queries, keys, dots, scores)


def _is_view(tensor: Tensor, of: Tensor) -> bool:
    return tensor.data_ptr() == of.data_ptr() and tensor.numel() == of.numel()


def _axis_in(factor: Tensor, reference: Tensor, axis: int) -> int | None:
    """Return which axis of a view is this axis of the tensor; None if it is no view of it."""
    if not _is_view(factor, reference):
        return None
    step = (reference.stride(axis), reference.size(axis))
    axes = [
        each for each in range(factor.dim()) if (factor.stride(each), factor.size(each)) == step
    ]
    return axes[-1] if axes else None


def _relaid(tensor: Tensor, reference: Tensor, factor: Tensor) -> Tensor:
    """Return a tensor of the reference's shape, moved as the factor was from the reference."""
    if factor.shape == reference.shape:
        return tensor
    return tensor.contiguous().as_strided(factor.size(), factor.stride())
