"""Attention rollout: what reaches a token through all layers, if attention were all there is.

A residual connection adds a layer's input to its output, so half of each token is taken to come
from itself: Â = α A + (1 - α) I, with rows that sum to 1 again. R = Â_L … Â_2 Â_1.
"""

from typing import Literal, get_args

from torch import Tensor

from cvexplore.attention.carrying import (
    Attribution,
    Start,
    Step,
    attribution,
    carriable,
    carried,
    ends,
)
from cvexplore.attention.records import PADDING, TOKEN, AttentionLayer, Recording
from cvexplore.errors import LayerError

Fuse = Literal["mean", "max", "min"]
FUSES: tuple[Fuse, ...] = get_args(Fuse)


def rollout(
    recording: Recording,
    start: Start | None = None,
    *,
    fuse: Fuse = "mean",
    discard: float = 0.0,
    alpha: float = 0.5,
) -> Attribution:
    """Return how much of each place reaches a token of the last layer.

    Works for windows, shifted windows, pooled keys and merged tokens as for a plain ViT. What
    falls on padding is dropped, and the row's rest is scaled up to 1 again.

    Args:
        recording: every attention of the pass; heads that are mixed after the softmax count as they
            were before.
        start: whose row; by default the class token's, or the mean over all places without one.
        fuse: how a layer's heads become one.
        discard: the share of each layer's fused weights, the smallest, that are set to 0.
        alpha: how much of a token comes through attention, the rest past it; 0.5 in the paper.

    Raises:
        LayerError: nothing leads back to the image, or a share is not in [0, 1).

    Source: Abnar and Zuidema, Quantifying attention flow in transformers, 2020, arXiv 2005.00928;
        fusing and discarding: Gildenblat, vit-explain, 2020
    """
    if not 0 <= discard < 1 or not 0 <= alpha < 1:
        raise LayerError(
            "What rollout discards, and its share of attention, are from 0 to under 1."
        )
    layers, skipped = carriable(recording)
    steps = tuple(_step(each, fuse, discard, alpha) for each in layers)
    rows = [
        carried(steps[: count + 1], end)
        for count, end in enumerate(ends(steps, start or usual_start(layers)))
    ]
    return attribution(rows, steps, skipped)


def usual_start(layers: tuple[AttentionLayer, ...]) -> Start:
    """Return the row that a classifier reads: that of the class token, or the mean of all places.

    Gradients tell which one it is. Without them the first token that has no place is taken for a
    class token, which is wrong where a network has registers only.
    """
    last = layers[-1]
    tokens = (last.on_image.queries == TOKEN).flatten()
    if not tokens.any():
        return Start()
    if last.gradients is None:
        return Start(token=0)
    read = (last.gradients != 0).any(-1).any(1).flatten()
    if (read & ~tokens).any() or not read.any():
        return Start() if read.any() else Start(token=0)
    return Start(token=int(read[tokens].nonzero()[0]))


def _step(layer: AttentionLayer, fuse: Fuse, discard: float, alpha: float) -> Step:
    places = layer.on_image
    fused = fused_heads(layer.weights, fuse)
    if discard > 0:
        fused = without_smallest(fused, discard)
    passed = alpha * fused.masked_fill((places.keys == PADDING)[:, None], 0)
    whole = passed.sum(-1) + (1 - alpha)
    return Step(layer.name, places, (1 - alpha) / whole, passed / whole[..., None])


def fused_heads(weights: Tensor, fuse: Fuse) -> Tensor:
    """Return one map for all heads. Shape: (windows, heads, Q, K) -> (windows, Q, K)"""
    return {"mean": weights.mean, "max": weights.amax, "min": weights.amin}[fuse](1)


def without_smallest(fused: Tensor, share: float) -> Tensor:
    """Return weights of which the smallest share, over all windows and rows, is 0."""
    flat = fused.flatten()
    smallest = flat.topk(int(flat.numel() * share), largest=False, sorted=False).indices
    return flat.index_fill(0, smallest, 0).view_as(fused)
