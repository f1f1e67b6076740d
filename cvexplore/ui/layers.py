"""The choice of one layer of a trace."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.words import shape

if TYPE_CHECKING:
    from cvexplore.trace import LayerRecord, Trace


def pick_layer(seen: "Trace", *, key: str) -> str:
    """Let a person choose what makes maps, and return its path.

    Blocks and single layers can be chosen, and functions between them, such as a residual sum.
    """
    found = {layer.path: layer for layer in watchable(seen)}
    paths = list(found)
    return st.selectbox(
        "Layer",
        paths,
        _good_start(seen, list(found.values())),
        format_func=lambda path: f"{path} · {found[path].kind} · {shape(found[path].output_shape)}",
        key=key,
        help="In the order they run. A block's output is that of its last layer.",
    )


def watchable(seen: "Trace") -> list["LayerRecord"]:
    """Return what returns maps, tokens or vectors, in the order it runs, blocks before parts."""
    called = {each.path for each in (*seen.blocks, *seen.layers)}
    found: dict[str, LayerRecord] = {}
    for depth in range(1, max(layer.depth for layer in seen.layers) + 1):
        for layer in seen.folded(depth).layers:
            if layer.path in called and len(layer.output_shape or ()) in (2, 3, 4):
                found.setdefault(layer.path, layer)
    order: dict[str, int] = {}
    for layer in seen.layers:
        parts = layer.path.split(".")
        for depth in range(1, len(parts) + 1):
            order.setdefault(".".join(parts[:depth]), len(order))
    return sorted(found.values(), key=lambda layer: order[layer.path])


def _good_start(seen: "Trace", layers: list["LayerRecord"]) -> int:
    """Return the place of a block in the middle of the network, where maps are large and many."""
    blocks = {each.path for each in seen.blocks}
    maps = [
        place
        for place, layer in enumerate(layers)
        if len(layer.output_shape or ()) == 4 and layer.depth <= 2 and 20 <= _side(layer) <= 60
    ]
    tokens = [
        place
        for place, layer in enumerate(layers)
        if len(layer.output_shape or ()) == 3 and layer.depth <= 3 and layer.path in blocks
    ]
    good = maps or tokens
    return good[len(good) // 2] if good else min(1, len(layers) - 1)


def _side(layer: "LayerRecord") -> int:
    return sorted(layer.output_shape or (0,))[-2] if layer.output_shape else 0
