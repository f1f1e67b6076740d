"""Attention of many layouts over one picture; test_attention_view.py starts it.

The weights are made, not learnt: each head compares colours and places in its own way, so that
maps follow the picture and every kind of layer has the shape that it has in its network.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import skimage.data
import streamlit as st
from PIL import Image

from cvexplore.ui.components.attention_view import Selection, attention_view

SIDE = 448


@dataclass(frozen=True)
class Layout:
    """Tokens of one layer."""

    heads: int
    queries: np.ndarray  # (windows, Q)
    keys: np.ndarray  # (windows, K)
    query_grid: tuple[int, int]
    key_grid: tuple[int, int]
    query_tokens: list[str] = field(default_factory=list)
    key_tokens: list[str] = field(default_factory=list)


def plain(side: int = 14, heads: int = 12, registers: int = 4) -> Layout:
    """Return a vision transformer's layer with a class token and registers."""
    places = np.concatenate([np.full(1 + registers, -1), np.arange(side**2)])[None]
    names = ["class token", *(f"register {each + 1}" for each in range(registers))]
    return Layout(heads, places, places, (side, side), (side, side), names, names)


def shifted(side: int = 56, window: int = 7, heads: int = 3) -> Layout:
    """Return Swin's cyclically shifted windows."""
    index = np.roll(np.arange(side**2).reshape(side, side), (-(window // 2),) * 2, (0, 1))
    parts = index.reshape(side // window, window, side // window, window)
    places = parts.transpose(0, 2, 1, 3).reshape(-1, window**2)
    return Layout(heads, places, places, (side, side), (side, side))


def sparse(side: int = 28, window: int = 7, heads: int = 4) -> Layout:
    """Return MaxViT's grid attention: each window takes every fourth patch."""
    step = side // window
    index = np.arange(side**2).reshape(window, step, window, step)
    places = index.transpose(1, 3, 0, 2).reshape(-1, window**2)
    return Layout(heads, places, places, (side, side), (side, side))


def pooled(side: int = 28, heads: int = 2) -> Layout:
    """Return PVT's attention to a coarser grid."""
    queries, keys = np.arange(side**2)[None], np.arange(49)[None]
    return Layout(heads, queries, keys, (side, side), (7, 7))


def crossed(side: int = 25, heads: int = 8, objects: int = 100) -> Layout:
    """Return DETR's cross-attention: its queries are no patches."""
    queries, keys = np.full((1, objects), -1), np.arange(side**2)[None]
    names = [f"object query {each}" for each in range(objects)]
    return Layout(heads, queries, keys, (1, 1), (side, side), names)


def among_objects(heads: int = 8, objects: int = 100) -> Layout:
    """Return DETR's self-attention of its decoder: nothing is a patch."""
    tokens = np.full((1, objects), -1)
    names = [f"object query {each}" for each in range(objects)]
    return Layout(heads, tokens, tokens, (1, 1), (1, 1), names, names)


def padded(side: int = 10, window: int = 4, heads: int = 6) -> Layout:
    """Return windows that do not divide the grid, so that the last ones hold padding."""
    whole = -(-side // window) * window
    index = np.full((whole, whole), -2)
    index[:side, :side] = np.arange(side**2).reshape(side, side)
    parts = index.reshape(whole // window, window, whole // window, window)
    places = parts.transpose(0, 2, 1, 3).reshape(-1, window**2)
    return Layout(heads, places, places, (side, side), (side, side))


LAYOUTS: dict[str, Callable[[], Layout]] = {
    "plain": plain,
    "smaller": lambda: plain(7, 4, registers=0),
    "shifted": shifted,
    "sparse": sparse,
    "pooled": pooled,
    "crossed": crossed,
    "objects": among_objects,
    "padded": padded,
    "large": lambda: plain(24, 16, registers=0),
}


def features(picture: Image.Image, grid: tuple[int, int], places: np.ndarray) -> np.ndarray:
    """Return colour and place of each token; random ones for tokens of no place."""
    rows, columns = grid
    colours = np.asarray(picture.resize((columns, rows)), np.float32).reshape(-1, 3) / 127.5 - 1
    y, x = np.divmod(np.arange(rows * columns), columns)
    at = np.stack([y / rows * 2 - 1, x / columns * 2 - 1], axis=1)
    known = np.concatenate([colours, at], axis=1)
    found = known[np.maximum(places, 0)]
    other = np.random.default_rng(2).normal(size=found.shape)
    return np.where((places >= 0)[..., None], found, other).astype(np.float32)


@st.cache_data
def weights(name: str) -> np.ndarray:
    layout = LAYOUTS[name]()
    random = np.random.default_rng(1)
    astronaut = Image.fromarray(skimage.data.astronaut())
    queries = features(astronaut, layout.query_grid, layout.queries)
    keys = features(astronaut, layout.key_grid, layout.keys)
    taste = random.uniform(0.7, 2.4, size=(layout.heads, 1, 5)).astype(np.float32)
    queries, keys = queries[:, None] * taste, keys[:, None] * taste
    lengths = (keys**2).sum(-1)[:, :, None, :]
    scores = 2 * queries @ keys.swapaxes(-1, -2) - lengths  # the distance, but for |query|
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize((SIDE, SIDE)).save(file, "PNG")
    return file.getvalue()


def looked_at(selection: Selection, layout: Layout, attention: np.ndarray) -> np.ndarray:
    """Return how much the locked query, or the mean of all, looks at each place."""
    windows, length = layout.queries.shape
    rows = range(windows * length) if selection.query is None else [selection.query]
    found = np.zeros(layout.key_grid[0] * layout.key_grid[1])
    for row in rows:
        keys = layout.keys[row // length]
        weights = attention[row // length, :, row % length] / len(rows)
        weights = weights.mean(0) if selection.head is None else weights[selection.head]
        np.add.at(found, keys[keys >= 0], weights[keys >= 0])
    return found


def looking(selection: Selection, layout: Layout, attention: np.ndarray) -> np.ndarray:
    """Return how much each place looks at the locked patch."""
    found = np.zeros(layout.query_grid[0] * layout.query_grid[1])
    if selection.query is None:
        return found
    window, row = divmod(selection.query, layout.queries.shape[1])
    columns = attention[window][:, :, layout.keys[window] == layout.queries[window, row]].sum(-1)
    weights = columns.mean(0) if selection.head is None else columns[selection.head]
    queries = layout.queries[window]
    np.add.at(found, queries[queries >= 0], weights[queries >= 0])
    return found


def strongest(places: np.ndarray, grid: tuple[int, int]) -> str:
    row, column = divmod(int(places.argmax()), grid[1])
    return f"{row} {column} {places.max():.6f}"


st.set_page_config(page_title="Attention gallery", layout="wide")
st.title("Attention")
name = st.segmented_control("Layout", list(LAYOUTS), default="plain", required=True)
layout = LAYOUTS[name]()
selection = attention_view(
    picture(),
    weights=weights(name),
    queries=layout.queries,
    keys=layout.keys,
    query_grid=layout.query_grid,
    key_grid=layout.key_grid,
    query_tokens=layout.query_tokens,
    key_tokens=layout.key_tokens,
    key="attention",
    alt="An astronaut",
)
st.metric("Selection", f"{selection.query} {selection.head}")
if name in {"plain", "smaller"}:
    at = looked_at(selection, layout, weights(name))
    st.metric("Looks at", strongest(at, layout.key_grid))
    st.metric("Looking", strongest(looking(selection, layout, weights(name)), layout.query_grid))
