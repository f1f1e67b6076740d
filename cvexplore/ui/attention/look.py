"""One layer: point at a place and see what it looks at, head by head."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.attention import Attending, matrices
from cvexplore.ui.attention.patches import MOST_BYTES, name_of, of_frames, picture
from cvexplore.ui.attention.step_table import within
from cvexplore.ui.components.attention_view import Selection, attention_view

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.attention import AttentionLayer

_STRONGEST = 8


@st.fragment
def show(attending: Attending) -> None:
    """Draw the layer's attention over the image, and say how it was proven."""
    if attending.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: heads look nearly everywhere alike; what you see is "
            "structure (grids, windows, positions), nothing learned."
        )
    explore(attending)


def explore(attending: Attending) -> None:
    """Let a person point at places and choose heads."""
    from cvexplore.attention import KINDS

    layer = attending.attention()
    if layer.kind != "spatial":
        st.info(f"This attention is {KINDS[layer.kind]}. It cannot be laid over the image.")
        matrices.show(attending, layer)
    else:
        if said := of_frames(layer):
            st.caption(said)
        weights = _fitting(attending, layer)
        query_names, key_names = _token_names(attending, layer)
        places = layer.on_image
        selection = attention_view(
            picture(attending.square, places.frames),
            weights=weights,
            queries=places.queries.numpy(),
            keys=places.keys.numpy(),
            query_grid=places.query_grid,
            key_grid=places.key_grid,
            query_tokens=query_names,
            key_tokens=key_names,
            key=f"look.{attending.key}",
            alt=f"{attending.picture.name}, with the attention of {layer.name} over it",
        )
        _strongest(layer, weights, selection, query_names, key_names)
    _proof(layer)


def _fitting(attending: Attending, layer: "AttentionLayer") -> "np.ndarray":
    """Return the weights to show; of a layer too large for the browser, one head or their mean."""
    if layer.weights.numel() <= MOST_BYTES:
        return layer.weights.numpy()
    heads = ["mean of heads", *(f"head {each + 1}" for each in range(layer.heads))]
    chosen = st.selectbox(
        "Head", heads, key=f"look.head.{attending.key}", help="This layer is sent a head at a time"
    )
    number = heads.index(chosen) - 1
    if number < 0:
        return layer.weights.mean(1, keepdim=True).numpy()
    return layer.weights[:, number : number + 1].numpy()


def _token_names(
    attending: Attending, layer: "AttentionLayer"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from cvexplore.attention.tokens import token_names

    model = cached.network(attending.subject)
    places = layer.on_image
    return token_names(model, places.queries), token_names(model, places.keys)


def _strongest(
    layer: "AttentionLayer",
    weights: "np.ndarray",
    selection: Selection,
    query_names: tuple[str, ...],
    key_names: tuple[str, ...],
) -> None:
    """List what the locked query looks at most, in exact numbers."""
    if selection.query is None:
        return
    places = layer.on_image
    window, token = divmod(selection.query, places.queries.shape[1])
    of_heads = weights[window, :, token]
    row = of_heads.mean(0) if selection.head is None else of_heads[selection.head]
    best = (-row).argsort()[:_STRONGEST]
    keys, grid = places.keys[window], places.key_grid
    st.dataframe(
        {
            "It looks at": [name_of(keys, each, grid, key_names) for each in best.tolist()],
            "Weight": [float(row[each]) for each in best.tolist()],
        },
        column_config={
            "Weight": st.column_config.ProgressColumn(
                format="%.4f", min_value=0.0, max_value=float(row.max())
            )
        },
        hide_index=True,
        width="stretch",
    )


def _proof(layer: "AttentionLayer") -> None:
    """Say how exactly the network's own numbers follow from these weights."""
    said = [
        f"rows sum to 1 {within(layer.row_sum_error)}",
        f"weights × values give the layer's real output {within(layer.reconstruction_error)}",
    ]
    if layer.stitched_error is not None:
        said.append(
            "laid on the image and projected, they give the whole module's output "
            + within(layer.stitched_error)
        )
    worst = max(layer.row_sum_error or 0, layer.reconstruction_error or 0)
    worst = max(worst, layer.stitched_error or 0)
    icon = ":green[:material/verified:]" if worst <= 1e-5 else ":orange[:material/warning:]"
    st.caption(f"{icon} These are the weights that the network used: {'; '.join(said)}.")
    if layer.applied is not None:
        st.caption(
            "Heads are mixed or gated after the softmax here: drawn is the softmax; the matrix "
            "that multiplies the values is another, and the check is of that one."
        )
