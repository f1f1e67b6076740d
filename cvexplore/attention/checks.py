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
    """Return the largest |sum of a query's weights - 1|."""
    return (weights.sum(-1) - 1).abs().max().item()


def errors(
    layer: AttentionLayer, where: Located, event: Event, output: Any
) -> tuple[float, float | None]:
    """Return how far the network's own numbers are from what follows from the weights.

    Values are laid on the image, and each query gathers them from there by its map: that has to
    be what the network got. Of windows, the module's own projection follows: that has to be what
    the module returned, at the places that the layer names.

    Returns:
        the largest difference as a share of the largest number: of what the queries gathered, and
        of what the module returned; None for that where there are no windows, or the module does
        more than attention and one projection.
    """
    values, on_image = _by_place(layer)
    gathered = (layer.weights if layer.applied is None else layer.applied) @ values
    gathered_error = relative_error(gathered, where.arranged(event.found.output.detach()))
    if not on_image or not event.plain or event.projection is None or where.outputs is None:
        return gathered_error, None
    returned = output[0] if isinstance(output, tuple) else output
    return gathered_error, _stitched_error(
        layer, where.outputs, event.projection, gathered, returned
    )


def _by_place(layer: AttentionLayer) -> tuple[Tensor, bool]:
    """Return the values, of windows read back from the image that they were laid on; and whether.

    Shape: (windows, heads, K, d)
    """
    places = layer.places
    if places is None or places.windows < 2:
        return layer.values, False
    keys, count = _numbered(places.keys, places.key_grid)
    queries, _ = _numbered(places.queries, places.query_grid)
    if len(keys.unique()) < keys.numel() or len(queries.unique()) < queries.numel():
        return layer.values, False  # a place that stands in several windows has a value in each
    on_image = layer.values.new_zeros(count, *layer.values.shape[1::2])
    on_image[keys] = layer.values.transpose(1, 2)
    return on_image[keys].transpose(1, 2), True


def _stitched_error(
    layer: AttentionLayer,
    outputs: Tensor,
    projection: tuple[Tensor, Tensor | None],
    gathered: Tensor,
    returned: Tensor,
) -> float | None:
    weight, bias = projection
    features = gathered.shape[1] * gathered.shape[-1]
    at = outputs.reshape(-1)
    if weight.shape[1] != features or returned.shape[-1] != len(weight) or not (at >= 0).any():
        return None
    queries, count = _numbered(layer.on_image.queries, layer.on_image.query_grid)
    real = returned.detach().reshape(-1, len(weight))[at >= 0]
    error = math.inf
    for order in ((0, 2, 1, 3), (0, 2, 3, 1)):  # a head's features side by side, or all heads'
        stitched = gathered.new_zeros(count, features)
        stitched[queries] = gathered.permute(order).flatten(2)
        again = F.linear(stitched[at[at >= 0]], weight.detach(), bias)
        error = min(error, relative_error(again, real))
        if error < _AGREES:
            break
    return error


def _numbered(places: Tensor, grid: tuple[int, int]) -> tuple[Tensor, int]:
    """Return places that are all numbers from 0: tokens and padding behind the grid, one by one."""
    cells = grid[0] * grid[1]
    elsewhere = places < 0
    count = int(elsewhere.sum())
    numbers = places.clone()
    numbers[elsewhere] = cells + torch.arange(count)
    return numbers, cells + count


def relative_error(value: Tensor, real: Tensor) -> float:
    """Return the largest difference as a share of the largest real number."""
    largest = real.abs().max().clamp_min(1e-12)
    return ((value - real).abs().max() / largest).item()
