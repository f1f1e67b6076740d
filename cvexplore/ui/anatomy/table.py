"""The layers as a table, folded to any depth."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.anatomy import Built
from cvexplore.ui.words import shape

if TYPE_CHECKING:
    from cvexplore.trace import Trace

_ROWS = 40  # that a page shows without being scrolled for long


def show(built: Built) -> None:
    """Draw the summary table under a slider for its depth."""
    seen = built.trace
    deepest = max(layer.depth for layer in seen.layers)
    whole = next((d for d in range(deepest, 1, -1) if len(seen.folded(d).layers) <= _ROWS), 1)
    depth = st.slider(
        "Fold to depth",
        1,
        max(2, deepest),
        whole,
        key=f"depth.{built.name}",
        help="Whatever lies deeper is folded into its block",
    )
    layer_table(seen.folded(depth), seen)


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
