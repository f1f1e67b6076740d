"""Attention over a picture: point at a patch and see where it looks, head by head.

All attention of a layer travels to the browser once, a byte a weight. From then on the browser
finds rows and columns itself, so that hovering asks the server for nothing.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.components.v2 import component

from cvexplore.ui.components import style

if TYPE_CHECKING:
    import numpy as np

_HERE = Path(__file__).parent
_NO_PLACE = -1  # a class token, a register, an object query
_PADDING = -2

_HTML = """
<div class="attention">
  <div class="bar">
    <div class="directions" role="group" aria-label="Direction">
      <button type="button" class="row" aria-pressed="true">What it looks at</button>
      <button type="button" class="column" aria-pressed="false">Who looks at it</button>
    </div>
    <label>Overlay <input class="overlay" type="range" min="0" max="100" value="70"></label>
    <label><input class="smooth" type="checkbox" checked> Smooth</label>
  </div>
  <p class="meaning"></p>
  <div class="tokens" role="group" aria-label="Queries that are not a patch"></div>
  <div class="columns">
    <div class="large">
      <div class="board" tabindex="0" role="application" aria-roledescription="patch picker"
           aria-label="Arrow keys move from patch to patch, Enter locks, Escape releases">
        <img>
        <canvas></canvas>
      </div>
      <p class="caption" aria-live="polite"></p>
    </div>
    <div class="beside">
      <p class="shares-title"></p>
      <div class="share-bar" aria-hidden="true"></div>
      <ul class="shares"></ul>
      <div class="heads" role="radiogroup" aria-label="Head shown large"></div>
      <p class="note">Each map has a scale of its own: its strongest place is the brightest. A small
        map shows no more than the query can see.</p>
    </div>
  </div>
</div>
"""

_PARTS = ("attention_weights", "attention_painter", "attention_panel", "attention_view")
_COMPONENT = component(
    "cvexplore_attention_view",
    html=_HTML,
    css=style("controls", "attention_view"),
    js="\n".join(  # sent inline: one module
        (_HERE / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS
    ),
)


@dataclass(frozen=True)
class Selection:
    """What a person locked.

    Args:
        query: index into (windows, Q), row by row: ``window * Q + token``; None is the average of
            all queries.
        head: None is the mean of all heads.
    """

    query: int | None
    head: int | None


def attention_view(
    picture: bytes,
    *,
    weights: "np.ndarray",
    queries: "np.ndarray",
    keys: "np.ndarray",
    query_grid: tuple[int, int],
    key_grid: tuple[int, int],
    query_tokens: Sequence[str],
    key_tokens: Sequence[str],
    key: str,
    alt: str,
) -> Selection:
    """Show the attention of one layer over its picture and return the locked query and head.

    Hovering repaints all heads without asking the server; a click, or the arrow keys, locks a
    patch and reruns the page (or the fragment). What is locked is a point of the picture, or a
    token's name, and a head: it stays when another layer is shown that has them too.

    Args:
        picture: PNG or JPEG of the square that the network sees.
        weights: each row sums to 1. Shape: (windows, heads, Q, K)
        queries: the place of each query on the query grid, counted row by row; -1 is a token of
            no place, -2 padding. Shape: (windows, Q)
        keys: the same for the keys on theirs. Shape: (windows, K)
        query_grid: rows and columns.
        key_grid: rows and columns.
        query_tokens: names of the queries of no place, in the order in which they occur.
        key_tokens: names of the keys of no place, in the order in which they occur.
        key: names this view; layers that share it share what is locked.
        alt: what the picture shows, for people who do not see it.
    """
    # What a person picked comes back as state and is left out of the data on purpose: a message
    # that is the same as the last one travels as a hash, one that differs carries all weights.
    data = as_data(
        picture,
        weights=weights,
        queries=queries,
        keys=keys,
        query_grid=query_grid,
        key_grid=key_grid,
        query_tokens=query_tokens,
        key_tokens=key_tokens,
        alt=alt,
    )
    names = data["queryTokens"]
    state = _COMPONENT(key=key, data=data, on_chosen_change=_rerun)
    chosen = state.chosen or {}
    head = chosen.get("head")
    return Selection(
        query=_query(chosen, queries, query_grid, names),
        head=head if head is not None and 0 <= head < weights.shape[1] else None,
    )


def as_data(
    picture: bytes,
    *,
    weights: "np.ndarray",
    queries: "np.ndarray",
    keys: "np.ndarray",
    query_grid: tuple[int, int],
    key_grid: tuple[int, int],
    query_tokens: Sequence[str],
    key_tokens: Sequence[str],
    alt: str,
) -> dict[str, Any]:
    """Return one layer's attention, and its picture, as attention_weights.js reads them.

    Args are those of ``attention_view``.
    """
    return {
        "picture": _picture(picture),
        "palette": _palette(),
        "alt": alt,
        "shape": list(weights.shape),
        **_packed(weights, keys),
        "queries": _text(queries, "<i4"),
        "keys": _text(keys, "<i4"),
        "queryGrid": list(query_grid),
        "keyGrid": list(key_grid),
        "queryTokens": _names(queries, query_tokens),
        "keyTokens": _names(keys, key_tokens),
    }


def _rerun() -> None:
    """Do nothing: that a callback is there makes Streamlit keep the selection as state."""


def _query(
    chosen: Mapping[str, Any], queries: "np.ndarray", grid: tuple[int, int], names: Sequence[str]
) -> int | None:
    """Return the query at the point, or of the name, that was chosen.

    attention_weights.js decides by the same rule.
    """
    import numpy as np

    places = queries.ravel()
    if (token := chosen.get("token")) is not None:
        found = np.flatnonzero(places == _NO_PLACE)[[name == token for name in names]]
    elif (point := chosen.get("point")) is not None:
        (x, y), (rows, columns) = point, grid
        found = np.flatnonzero(places == int(y * rows) * columns + int(x * columns))
    else:
        return None
    return int(found[0]) if len(found) else None


def _names(places: "np.ndarray", given: Sequence[str]) -> list[str]:
    """Return a name for each token of no place; windows that have the same tokens share names."""
    count = int((places == _NO_PLACE).sum())
    return [given[each % len(given)] if given else f"token {each + 1}" for each in range(count)]


def _packed(weights: "np.ndarray", keys: "np.ndarray") -> dict[str, str]:
    """Return weights as one byte each, and what goes to no place as exact sums.

    A byte is 255 * sqrt(weight / peak), the peak being the strongest place of a row. The root
    keeps the many faint weights of a row apart, and errs by at most 1/255 of the peak. Tokens of
    no place often take most of a row; they have numbers of their own, so that they neither dim the
    places nor suffer from rounding.

    Shape: (windows, heads, Q, K) -> bytes (windows, heads, Q, K), peaks (windows, heads, Q) and
    shares (windows, heads, Q, 2 + tokens of no place): all places, padding, each token
    """
    import numpy as np

    weights = np.asarray(weights, np.float32)
    placed = (keys >= 0)[:, None, None, :]
    at_places = weights * placed
    peaks = at_places.max(axis=-1)
    levels = np.sqrt(at_places / np.maximum(peaks, 1e-30)[..., None]) * 255
    padding = (weights * (keys == _PADDING)[:, None, None, :]).sum(axis=-1)
    shares = np.stack([at_places.sum(axis=-1), padding], axis=-1)
    tokens = _of_no_place(weights, keys)
    return {
        "levels": _text(np.rint(levels), "u1"),
        "peaks": _text(peaks, "<f4"),
        "shares": _text(np.concatenate([shares, tokens], axis=-1), "<f4"),
    }


def _of_no_place(weights: "np.ndarray", keys: "np.ndarray") -> "np.ndarray":
    """Return the weights of keys of no place, filled up with zeros where a window has fewer.

    Shape: (windows, heads, Q, K) -> (windows, heads, Q, most tokens of no place in a window)
    """
    import numpy as np

    most = int((keys == _NO_PLACE).sum(axis=1).max(initial=0))
    tokens = np.zeros((*weights.shape[:3], most), np.float32)
    for window, places in enumerate(keys):
        slots = np.flatnonzero(places == _NO_PLACE)
        tokens[window, :, :, : len(slots)] = weights[window][:, :, slots]
    return tokens


def _palette() -> str:
    from cvexplore.figures.sheet import palette

    return _text(palette("magma"), "u1")


def _picture(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _text(values: "np.ndarray", kind: str) -> str:
    """Return numbers as base64, in the byte order that browsers use."""
    import numpy as np

    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode("ascii")
