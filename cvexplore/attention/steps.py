"""One query of one head, step by step: softmax(q Kᵀ / √d + B) V on the network's own numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from cvexplore.attention.records import AttentionLayer, Products

_MASKED = 60.0  # a score so far below a row's largest is a mask's: e^-60 of its weight
_FITS = 1e-3  # of the largest score


@dataclass(frozen=True)
class Steps:
    """The numbers of one query and one head, a value a key; what the network hides is None.

    Args:
        query: q. Shape: (d,)
        keys: K. Shape: (K, d)
        dots: q Kᵀ as the network computed it; 1
        scale: what they are multiplied with; 1 where the network scaled its queries before.
        scaled: their product; 2
        added: position bias and mask, 0 where there is none.
        scores: what the softmax is given.
        largest: of the scores.
        exponentials: e^(score - largest); 3
        total: their sum.
        weights: exponentials / total; 4
        applied: what the values are multiplied with, the weights but where heads are mixed.
        values: V. Shape: (K, d)
        output: applied @ values; 5. Shape: (d,)
    """

    query: Tensor | None
    keys: Tensor | None
    dots: Tensor | None
    scale: float | None
    scaled: Tensor | None
    added: Tensor | None
    scores: Tensor
    largest: float
    exponentials: Tensor
    total: float
    weights: Tensor
    applied: Tensor
    values: Tensor
    output: Tensor

    @property
    def has_added(self) -> bool:
        """Whether anything is added between scaling and softmax."""
        return self.added is not None and bool((self.added != 0).any())


def steps(layer: AttentionLayer, window: int, head: int, query: int) -> Steps:
    """Return the numbers of every step, computed from what a recording kept.

    Args:
        layer: recorded ``with_products``.
        window: which group of tokens.
        head: which head.
        query: which query of the window.
    """
    products, at = layer.products, (window, head, query)
    assert products is not None
    scores = products.scores[at].double()
    exponentials = (scores - scores.max()).exp()
    weights = exponentials / exponentials.sum()
    applied = weights if layer.applied is None else layer.applied[at].double()
    values = layer.values[window, head].double()
    dots = scale = scaled = added = None
    if products.dots is not None:
        dots, scale = _dots(products, head)[window, query], scale_of(products, head)
        scaled = dots * scale
        added = scores - scaled
        added = added.where(added.abs() > 1e-5 * scores[scores.isfinite()].abs().max(), 0.0)
    return Steps(
        None if products.queries is None else products.queries[at],
        None if products.keys is None else products.keys[window, head],
        dots,
        scale,
        scaled,
        added,
        scores,
        scores.max().item(),
        exponentials,
        exponentials.sum().item(),
        weights,
        applied,
        values,
        applied @ values,
    )


def scale_of(products: Products, head: int) -> float:
    """Return what a head's dot products were multiplied with before the softmax.

    The network does not tell, so it is read off the numbers: scores are the products times one
    number, or differ from that by a bias which is the same in every window. Where a bias hides it
    (one window), it is 1 or 1/√d, whichever leaves less to explain.
    """
    dots, scores = _dots(products, head), products.scores[:, head].double()
    seen = scores > scores.amax(-1, keepdim=True) - _MASKED
    width = 1 if products.queries is None else products.queries.shape[-1]
    usual = (1.0, width**-0.5)
    for x, y in _without_bias(dots, scores.where(seen, 0.0), seen):
        slope = ((x * y).sum() / x.square().sum().clamp_min(1e-30)).item()
        if x.any() and (y - slope * x).abs().max() <= _FITS * y.abs().max():
            return next((each for each in usual if abs(slope - each) < 1e-4 * each), slope)
    left = [(scores - each * dots)[seen].var().item() for each in usual]
    return usual[left.index(min(left))]


def _dots(products: Products, head: int) -> Tensor:
    """Return a head's dot products; some networks add a bias in place to theirs.

    Shape: (windows, Q, K)
    """
    queries, keys = products.queries, products.keys
    if queries is not None and keys is not None:
        return queries[:, head].double() @ keys[:, head].double().transpose(-2, -1)
    assert products.dots is not None
    return products.dots[:, head].double()


def _without_bias(dots: Tensor, scores: Tensor, seen: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield both as they are, and without what all windows have in common."""
    yield dots * seen, scores
    times = seen.sum(0).clamp_min(1)
    apart = [each - (each * seen).sum(0) / times for each in (dots, scores)]
    yield apart[0] * seen, apart[1] * seen
