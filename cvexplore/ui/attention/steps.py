"""Step by step: the numbers of one query and one head, from dot products to what it gathers."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.attention import Attending, objects
from cvexplore.ui.attention.patches import framed, name_of, of_frames, patch
from cvexplore.ui.attention.step_table import table, within
from cvexplore.ui.components.softmax_steps import Row, softmax_steps

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.attention import AttentionLayer

_A_PLACE = "a place of the image"


@st.fragment
def show(attending: Attending) -> None:
    """Let a person pick a query and a head, and walk through their numbers."""
    from cvexplore.attention import KINDS
    from cvexplore.attention.steps import steps

    layer = attending.attention(with_products=True)
    if layer.kind not in ("spatial", "tokens"):
        st.info(
            f"This attention is {KINDS[layer.kind]}. Its tokens cannot be picked by their place."
        )
        return
    if attending.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: the numbers are real, but nothing was learned."
        )
    if said := of_frames(layer):
        st.caption(said)
    left, right = st.columns([1, 3], vertical_alignment="center")
    with right:
        window, query = _pick_query(attending, layer)
        head = 0
        if layer.heads > 1:
            chosen = st.slider(
                "Head", 1, layer.heads, key=f"steps.head.{attending.key}.{layer.heads}"
            )
            head = chosen - 1
    found = steps(layer, window, head, query)
    places = layer.on_image
    with left:
        asked = int(places.queries[window, query])
        st.image(
            framed(attending.square, layer, found.weights, window, asked),
            width=240,
            alt=f"What {_query_name(attending, layer, window, query)} looks at",
        )
    shown = table(found, lambda key: _key(attending, layer, window, key))
    softmax_steps(
        formula=shown.formula,
        stages=shown.stages,
        query=Row(
            _query_name(attending, layer, window, query),
            patch(attending.square, asked, places.query_grid, places.frames),
        ),
        query_strip=shown.query_strip,
        rows=shown.rows,
        columns=shown.columns,
        key=f"steps.{attending.key}",
    )
    _words(layer, found.weights, window, head, query)


def _pick_query(attending: Attending, layer: "AttentionLayer") -> tuple[int, int]:
    """Let a person pick who asks, and return its window and its number there."""
    places = layer.on_image
    tokens = list(_token_names(attending, places.queries))
    choices = ([_A_PLACE] if places.query_grid != (0, 0) else []) + tokens
    chosen = choices[0]
    if len(choices) > 1:
        start = 0 if choices[0] == _A_PLACE else objects.surest(attending)
        key = f"steps.query.{attending.key}.{len(choices)}"
        chosen = st.selectbox("Query", choices, start, key=key)
    if chosen != _A_PLACE:
        window = int((places.queries == -1).any(1).nonzero()[0])
        return window, int((places.queries[window] == -1).nonzero()[tokens.index(chosen)])
    columns = places.query_grid[1]
    at = [
        side.slider(name, 1, count, (count + 1) // 2, key=f"steps.{name}.{attending.key}.{count}")
        if count > 1
        else 1
        for side, name, count in zip(
            st.columns(2), ("Row", "Column"), places.query_grid, strict=True
        )
    ]
    window, query = (places.queries == (at[0] - 1) * columns + at[1] - 1).nonzero()[0].tolist()
    return window, query


def _query_name(attending: Attending, layer: "AttentionLayer", window: int, query: int) -> str:
    places = layer.on_image
    names = _token_names(attending, places.queries)
    return name_of(places.queries[window], query, places.query_grid, names)


def _key(attending: Attending, layer: "AttentionLayer", window: int, key: int) -> Row:
    places = layer.on_image
    names = _token_names(attending, places.keys)
    return Row(
        name_of(places.keys[window], key, places.key_grid, names),
        patch(attending.square, int(places.keys[window, key]), places.key_grid, places.frames),
    )


def _token_names(attending: Attending, places: "Tensor") -> tuple[str, ...]:
    from cvexplore.attention.tokens import token_names

    return token_names(cached.network(attending.subject), places)


def _words(layer: "AttentionLayer", weights: "Tensor", window: int, head: int, query: int) -> None:
    apart = (weights - layer.weights[window, head, query]).abs().max().item()
    st.caption(
        "All numbers are those of the network on this image, to four digits. The weights above "
        f"are the recorded ones {within(apart)}; in the whole layer, weights × values give "
        f"the network's own output {within(layer.reconstruction_error)}. "
        "Source: [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.2."
    )
    if layer.applied is not None:
        st.caption(
            "Heads are mixed or gated after the softmax here, so the values are multiplied with "
            "other numbers than the weights; the table shows both."
        )
