"""Attention written out: a softmax, and later a product that sums over the softmax's axis.

Between the two a network may reshape the weights, transpose them, or change them: talking heads mix
the heads, gates scale them. ``following`` tells what became of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.attention.contraction import Contraction
from cvexplore.attention.following import Followed, changed, mixed
from cvexplore.attention.records import Products

SOFTMAXES = frozenset({torch.softmax, F.softmax, torch.Tensor.softmax, torch.special.softmax})
_AWAITED = 16  # softmaxes that no product has used yet: a network may compute all its maps first
_KEPT = 4  # changes of one softmax, and products that may turn out to be scores


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
    itself: Followed
    given: Tensor
    dots: tuple[Contraction, Tensor] | None
    became: list[Followed] = field(default_factory=list)

    def references(self) -> list[Followed]:
        """Return the weights and what they became, the latest first."""
        return [self.itself, *reversed(self.became)]

    def becomes(self, followed: Followed | None) -> None:
        """Remember what was made of the weights."""
        if followed is not None:
            self.became = [*self.became[1 - _KEPT :], followed]


class ByHand:
    """The softmaxes of one pass that a product may use.

    Args:
        with_products: keep what led to the scores too.
    """

    def __init__(self, with_products: bool) -> None:
        self._with_products = with_products
        self._awaited: list[_Softmax] = []
        self._used: list[_Softmax] = []  # the last: its weights may average other values too
        self._products: list[tuple[Contraction, Tensor]] = []

    def softmax(self, output: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Await the use of a softmax over one axis of three or more."""
        given, *more = args
        axis = kwargs.get("dim", kwargs.get("axis", more[0] if more else None))
        if not isinstance(output, Tensor) or output.dim() < 3 or not isinstance(axis, int):
            return
        of_size = [each for each in self._products if each[1].numel() == output.numel()]
        itself = Followed(output, (axis % output.dim(),), lambda tensor: tensor)
        found = _Softmax(itself, given, of_size[-1] if of_size else None)
        self._awaited = [*self._awaited[1 - _AWAITED :], found]

    def changed(self, function: Any, args: tuple[Any, ...], output: Any) -> None:
        """Remember what is computed from weights, number for number."""
        for softmax in (*self._used, *self._awaited):
            whole = softmax.itself.tensor.numel()
            if isinstance(output, Tensor) and output.numel() == whole:
                softmax.becomes(changed(softmax.references(), function, args, output))

    def product(self, product: Contraction, output: Tensor) -> Attended | None:
        """Return the attention that this product completes, if it completes one."""
        for softmax in (*self._awaited, *self._used):
            for left in (True, False):
                factor = product.left if left else product.right
                labels = product.of_left if left else product.of_right
                for reference in softmax.references():
                    axes = reference.axes_in(factor)
                    if not axes:
                        continue
                    keys = [labels[axis] for axis in axes]
                    if not product.summed.issuperset(keys):
                        softmax.becomes(mixed(reference, product, left, axes, output))
                    elif product.summed.issubset(keys):  # not over heads as well
                        self._awaited = [each for each in self._awaited if each is not softmax]
                        self._used = [softmax]
                        return self._attended(softmax, reference, product, left, keys, output)
                    break
        if self._with_products:
            kept = output.clone()  # a position bias may be added in place
            self._products = [*self._products[1 - _KEPT :], (product, kept)]
        return None

    def _attended(
        self,
        softmax: _Softmax,
        reference: Followed,
        product: Contraction,
        left: bool,
        keys: list[str],
        output: Tensor,
    ) -> Attended:
        factor, own, others, values = product.left, product.of_left, product.of_right, product.right
        if not left:
            factor, own, others, values = values, others, own, factor
        shared = [each for each in own if each in others and each not in keys]
        asking = [each for each in own if each not in shared and each not in keys]
        averaged = [each for each in others if each not in shared and each not in keys]

        def by_query(tensor: Tensor) -> Tensor:
            return ordered(reference.as_in(factor, tensor), own, shared, asking, keys)

        applied = ordered(factor, own, shared, asking, keys)
        weights = applied
        if reference is not softmax.itself:
            before = by_query(softmax.itself.tensor)
            if not torch.equal(before, applied.to(before.dtype)):
                weights = before
        return Attended(
            weights,
            None if weights is applied else applied,
            ordered(values, others, shared, keys, averaged),
            ordered(output, product.of_result, shared, asking, averaged),
            _products(softmax, by_query) if self._with_products else None,
            softmax.itself.tensor,
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


def _products(softmax: _Softmax, by_query: Callable[[Tensor], Tensor]) -> Products:
    """Return the scores and, where one product made them, its queries and keys."""
    scores = by_query(softmax.given)
    if softmax.dots is None:
        return Products(None, None, None, scores)
    product, output = softmax.dots
    dots = by_query(output.reshape(softmax.itself.tensor.shape))
    shared = [
        each for each in product.of_left if each in product.of_right and each in product.of_result
    ]
    asking = [each for each in product.of_left if each in product.of_result and each not in shared]
    keys = [each for each in product.of_result if each not in product.of_left]
    summed = sorted(product.summed)
    of_keys = ordered(product.right, product.of_right, shared, keys, summed)
    of_queries = ordered(product.left, product.of_left, shared, asking, summed)
    (axis,) = softmax.itself.axes
    if output.dim() == softmax.itself.tensor.dim() and product.of_result[axis] in asking:
        of_queries, of_keys = of_keys, of_queries
    heads = scores.shape[:-2]
    of_queries, of_keys = (
        each.reshape(*heads, *each.shape[-2:]) if each.shape[:-2].numel() == heads.numel() else each
        for each in (of_queries, of_keys)
    )
    if not _lead_to(dots, of_queries, of_keys):  # another product of this size came in between
        return Products(None, None, None, scores)
    return Products(of_queries, of_keys, dots, scores)


def _lead_to(dots: Tensor, queries: Tensor, keys: Tensor) -> bool:
    if queries.shape[-1] != keys.shape[-1]:
        return False
    again = queries @ keys.transpose(-2, -1)
    if again.shape != dots.shape:
        return False
    return bool((again - dots).abs().max() <= 0.01 * dots.abs().max())
