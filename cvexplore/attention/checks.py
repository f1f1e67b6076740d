"""Proof that recorded weights are the real ones: the network's own numbers follow from them."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.attention.recorder import Event
from cvexplore.attention.records import AttentionLayer, Located

_AGREES = 1e-4  # an order that is not the layer's is wrong by far more


def row_sum_error(weights: Tensor) -> float:
    """Return the largest |sum of a query's weights - 1|, of the queries that may see anything."""
    sums = weights.to(torch.promote_types(weights.dtype, torch.float32)).sum(-1)
    return ((sums - 1) * (sums != 0)).abs().max().item()


def gathered(layer: AttentionLayer) -> Tensor:
    """Return what each query gathers by its weights; of windows, from values laid on the image.

    Shape: (windows, heads, Q, d)
    """
    used = layer.weights if layer.applied is None else layer.applied
    if not are_apart(layer):
        return used @ layer.values
    keys, count = layer.on_image.numbered_keys
    on_image = layer.values.new_zeros(count, *layer.values.shape[1::2])
    on_image[keys] = layer.values.transpose(1, 2)
    return used @ on_image[keys].transpose(1, 2)


def are_apart(layer: AttentionLayer) -> bool:
    """Say whether there are windows, and every place stands in one of them alone."""
    return layer.places is not None and layer.places.windows > 1 and layer.places.are_apart


def stitched_error(
    layer: AttentionLayer, where: Located, event: Event, by_query: Tensor, output: Any
) -> float | None:
    """Return how far the module's output is from what follows from the maps on the image.

    What the queries gathered goes to their places and through the module's own projection: there
    the module has to have returned the same. So windows, shifts and padding lie where they should.

    Args:
        layer: the recorded attention.
        where: the places of the module's output.
        event: what the module did with it.
        by_query: what each query gathered. Shape: (windows, heads, Q, d)
        output: what the module returned.

    Returns:
        the largest difference as a share of the largest number; None where there are no windows,
        or the module does more than attention and one projection.
    """
    if not event.plain or event.projection is None or where.outputs is None or not are_apart(layer):
        return None
    returned = output[0] if isinstance(output, tuple) else output
    return _stitched_error(layer, where.outputs, event.projection, by_query, returned)


def _stitched_error(
    layer: AttentionLayer,
    outputs: Tensor,
    projection: tuple[Tensor, Tensor | None],
    by_query: Tensor,
    returned: Tensor,
) -> float | None:
    weight, bias = (each if each is None else each.detach().float() for each in projection)
    assert weight is not None
    features = by_query.shape[1] * by_query.shape[-1]
    at = outputs.reshape(-1)
    if weight.shape[1] != features or returned.shape[-1] != len(weight) or not (at >= 0).any():
        return None
    real = returned.detach().reshape(-1, len(weight))
    if (at < 0).any():
        at, real = at[at >= 0], real[at >= 0]
    queries, count = layer.on_image.numbered_queries
    error = math.inf
    for order in ((0, 2, 1, 3), (0, 2, 3, 1)):  # a head's features side by side, or all heads'
        stitched = by_query.new_zeros(count, features)
        stitched[queries] = by_query.permute(order).flatten(2)
        again = F.linear(stitched[at], weight, bias)
        error = min(error, relative_error(again, real))
        if error < _AGREES:
            break
    return error


def relative_error(value: Tensor, real: Tensor) -> float:
    """Return the largest difference as a share of the largest real number."""
    largest = real.abs().max().clamp_min(1e-12)
    return ((value - real).abs().max() / largest).item()
