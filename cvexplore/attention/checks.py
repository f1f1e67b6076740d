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
    """Return what each query gathers by its weights. Shape: (windows, heads, Q, d)"""
    return (layer.weights if layer.applied is None else layer.applied) @ layer.values


def stitched_error(where: Located, event: Event, by_query: Tensor, output: Any) -> float | None:
    """Return how far the module's output is from what follows from the maps on the image.

    What the queries gathered goes through the module's own projection, and is looked for where
    they lie: there the module has to have returned the same. So windows, shifts and padding of the
    queries lie where they should; that keys lie where their values do is asked when they are
    located.

    Args:
        where: the places of the layer's tokens and of the module's output.
        event: what the module did with the attention.
        by_query: what each query gathered. Shape: (windows, heads, Q, d)
        output: what the module returned.

    Returns:
        the largest difference as a share of the largest number; None where there are no windows,
        or the module does more than attention and one projection.
    """
    if not event.plain or event.projection is None or where.returned is None:
        return None
    weight, bias = (each if each is None else each.detach().float() for each in event.projection)
    returned = output[0] if isinstance(output, tuple) else output
    features = by_query.shape[1] * by_query.shape[-1]
    if weight is None or weight.shape[1] != features or returned.shape[-1] != len(weight):
        return None
    placed, asking = where.returned
    real = returned.detach().reshape(-1, len(weight))
    real = real if len(placed) == len(real) else real[placed]
    error = math.inf
    for order in ((0, 2, 1, 3), (0, 2, 3, 1)):  # a head's features side by side, or all heads'
        rows = by_query.permute(order).flatten(2).flatten(0, 1)[asking]
        error = min(error, relative_error(F.linear(rows, weight, bias), real))
        if error < _AGREES:
            break
    return error


def relative_error(value: Tensor, real: Tensor) -> float:
    """Return the largest difference as a share of the largest real number."""
    largest = torch.linalg.vector_norm(real, math.inf).clamp_min(1e-12)
    return (torch.linalg.vector_norm(value - real, math.inf) / largest).item()
