"""Attention flow: attention as pipes, and how much can flow from a token down to each patch.

Every token of every layer is a node. From a query to its keys one layer below runs a pipe as wide
as .5 A + .5 I. What a patch gets is the greatest flow from the token on top to it: not a product
along ways, as in rollout, but as much as the narrowest places on all ways let through.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from cvexplore.attention.carrying import Start, carriable
from cvexplore.attention.records import TOKEN, AttentionLayer, Recording
from cvexplore.attention.rollout import usual_start
from cvexplore.errors import LayerError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_WHOLE = 2**24  # pipes are whole numbers for the solver: as fine as float32 is about 1
MOST_PIPES = 20_000_000
"""The solver's memory is some 60 bytes a pipe."""


def attention_flow(
    recording: Recording, start: Start | None = None, known: Collection[int] = ()
) -> Iterator[tuple[int, float]]:
    """Yield the place of each patch and the greatest flow that reaches it, patch by patch.

    Args:
        recording: every attention of the pass.
        start: from which token; by default the class token.
        known: places to leave out.

    Raises:
        LayerError: tokens do not stay the same from layer to layer (windows, merged tokens, pooled
            keys), so there is no one graph; or the graph is too large.

    Source: Abnar and Zuidema, Quantifying attention flow in transformers, 2020, arXiv 2005.00928
    """
    from scipy.sparse.csgraph import maximum_flow

    layers = _same_tokens(recording)
    source = _node(layers[-1], start or usual_start(layers))
    places = layers[0].on_image.keys[0]
    graph = _pipes([pipe_widths(each) for each in layers])
    count = len(places)
    for node in range(count):
        if places[node] <= TOKEN or int(places[node]) in known:
            continue
        found = maximum_flow(graph, count * len(layers) + source, node)
        yield int(places[node]), float(found.flow_value) / _WHOLE


def flow_grid(recording: Recording, start: Start | None = None) -> tuple[int, int]:
    """Return the rows and columns of the patches that flow can reach.

    Raises:
        LayerError: as ``attention_flow``, but before anything is computed.
    """
    layers = _same_tokens(recording)
    _node(layers[-1], start or usual_start(layers))
    return layers[0].on_image.key_grid


def pipe_widths(layer: AttentionLayer) -> np.ndarray:
    """Return how wide the pipe from each query to each key is. Shape: (N, N)"""
    fused = layer.weights[0].mean(0)
    return (0.5 * fused + 0.5 * torch.eye(len(fused))).numpy()


def _pipes(widths: Sequence[np.ndarray]) -> "csr_array":
    """Return the graph: layer by layer from the image's tokens up to the last outputs."""
    from scipy.sparse import block_array, csr_array

    count, size = len(widths), len(widths[0])
    above = [csr_array(np.round(each * _WHOLE).astype(np.int32)) for each in widths]
    blocks: list[list[csr_array | None]] = [[None] * (count + 1) for _ in range(count + 1)]
    blocks[0][0] = csr_array((size, size), dtype=np.int32)
    for layer, pipes in enumerate(above):
        blocks[layer + 1][layer] = pipes
    blocks[count][count] = csr_array((size, size), dtype=np.int32)
    return csr_array(block_array(blocks, format="csr"), dtype=np.int32)


def _same_tokens(recording: Recording) -> tuple[AttentionLayer, ...]:
    layers, skipped = carriable(recording)
    if skipped:
        raise LayerError(f"Attention flow needs all layers, and {skipped[0]} has no places.")
    first = layers[0].on_image
    for each in layers:
        places = each.on_image
        if places.windows > 1:
            raise LayerError(
                f"Attention flow is defined where every token sees all others; {each.name} attends "
                f"within {places.windows} windows. Rollout works for windows too."
            )
        same = torch.equal(places.queries, places.keys) and torch.equal(places.keys, first.keys)
        if not same:
            raise LayerError(
                "Attention flow is defined where all layers have the same tokens; those of "
                f"{each.name} are others than before. Rollout works for such networks too."
            )
    pipes = len(layers) * first.keys.shape[1] ** 2
    if pipes > MOST_PIPES:
        raise LayerError(
            f"Attention flow would need {pipes:,} pipes, and {MOST_PIPES:,} are the most here: "
            "choose a network with fewer or larger patches, or rollout."
        )
    return layers


def _node(last: AttentionLayer, start: Start) -> int:
    """Return which token of the last layer is asked for."""
    places = last.on_image.queries[0]
    if start.token is not None:
        return int((places == TOKEN).nonzero()[start.token])
    if start.place is None:
        raise LayerError(
            "Attention flow starts at one token, and this network has no class token: ask for a "
            "place, or take rollout, which can ask for the mean of all places."
        )
    return int((places == start.place).nonzero()[0])
