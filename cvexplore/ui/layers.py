"""A trace as widgets: the table of its layers, and the choice of one of them."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.words import shape

if TYPE_CHECKING:
    from cvexplore.trace import LayerRecord, Trace


def layer_table(folded: "Trace", whole: "Trace") -> None:
    """Draw the layers of a folded trace, their shares measured against the whole."""
    layers = folded.layers
    st.dataframe(
        {
            "Layer": [layer.path for layer in layers],
            "Kind": [layer.kind for layer in layers],
            "Output": [shape(layer.output_shape) for layer in layers],
            "Parameters": [layer.parameters for layer in layers],
            "Share": [layer.parameters / max(1, whole.parameters) for layer in layers],
            "MACs (M)": [layer.macs / 1e6 for layer in layers],
            "Share of MACs": [layer.macs / max(1, whole.macs) for layer in layers],
            "Memory (kB)": [layer.activation_bytes / 1e3 for layer in layers],
            "Field": [layer.receptive_field for layer in layers],
        },
        column_config={
            "Layer": st.column_config.TextColumn(pinned=True),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Share": st.column_config.ProgressColumn(
                format="percent", max_value=1.0, help="Share of all parameters"
            ),
            "MACs (M)": st.column_config.NumberColumn(
                format="%.1f", help="Millions of multiply-adds for one input"
            ),
            "Share of MACs": st.column_config.ProgressColumn(format="percent", max_value=1.0),
            "Memory (kB)": st.column_config.NumberColumn(
                format="%.0f", help="What the layer writes, in 32-bit floats"
            ),
            "Field": st.column_config.NumberColumn(
                format="%d",
                help="Receptive field: pixels a side of the image that one place of its output "
                "sees, in theory; empty where that is the whole image, or cannot be told",
            ),
        },
        height=min(640, 38 + 35 * len(layers)),
        hide_index=True,
        placeholder="",
        alt="Layers with their shapes, parameters and multiply-adds",
    )
    st.caption(
        f"{len(layers)} rows stand for {len(whole.layers)} layers; the columns add up to "
        f"{whole.parameters:,} parameters and {whole.macs:,} multiply-adds."
    )


def pick_layer(seen: "Trace", *, key: str) -> str:
    """Let a person choose a module that makes maps, and return its path.

    Blocks and single layers can be chosen; functions between modules cannot be watched here.
    """
    found = {path: layer for layer in _watchable(seen) for path in (layer.path,)}
    paths = list(found)
    return st.selectbox(
        "Layer",
        paths,
        _good_start(list(found.values())),
        format_func=lambda path: f"{path} · {found[path].kind} · {shape(found[path].output_shape)}",
        key=key,
        help="In the order they run. A block's output is that of its last layer.",
    )


def _watchable(seen: "Trace") -> list["LayerRecord"]:
    """Return modules whose output has a width and a height or tokens, blocks before their parts."""
    found: dict[str, LayerRecord] = {}
    deepest = max(layer.depth for layer in seen.layers)
    for depth in range(1, deepest + 1):
        for layer in seen.folded(depth).layers:
            if layer.path in seen.kinds and len(layer.output_shape or ()) in (2, 3, 4):
                found.setdefault(layer.path, layer)
    order = {path: place for place, path in enumerate(seen.kinds)}
    return sorted(found.values(), key=lambda layer: order[layer.path])


def _good_start(layers: list["LayerRecord"]) -> int:
    """Return the place of a block in the middle of the network, where maps are large and many."""
    blocks = [
        place
        for place, layer in enumerate(layers)
        if len(layer.output_shape or ()) == 4 and layer.depth <= 2 and 20 <= _side(layer) <= 60
    ]
    return blocks[len(blocks) // 2] if blocks else min(1, len(layers) - 1)


def _side(layer: "LayerRecord") -> int:
    return sorted(layer.output_shape or (0,))[-2] if layer.output_shape else 0
