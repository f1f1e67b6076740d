"""Attention that is not over places, as the matrix it is: a row a query, a column a key."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.sheet import sheet
from cvexplore.ui.attention import Attending
from cvexplore.ui.components.atlas import atlas

if TYPE_CHECKING:
    from cvexplore.attention import AttentionLayer

_MOST = 64  # matrices on a sheet


def show(attending: Attending, layer: "AttentionLayer") -> None:
    """Draw each head's matrix."""
    matrices = layer.weights.flatten(0, 1)
    queries, keys = matrices.shape[1:]
    st.caption(
        f"{len(matrices)} heads: {queries} queries (rows) and {keys} keys (columns); bright is "
        "much. Each row sums to 1."
    )
    drawn = sheet(matrices[:_MOST].numpy(), scale="layer")
    atlas(
        drawn.png,
        tiles=drawn.tiles,
        columns=drawn.columns,
        captions=[
            f"head {number + 1} · largest weight {matrix.max():.3g}"
            for number, matrix in enumerate(matrices[:_MOST])
        ],
        key=f"matrices.{attending.key}.{layer.name}",
        alt=f"The matrices of {layer.name}",
    )
    if len(matrices) > _MOST:
        st.caption(f"The first {_MOST} of {len(matrices)}.")
