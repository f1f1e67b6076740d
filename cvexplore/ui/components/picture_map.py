"""Pictures as points on a map: the browser shows the one under the mouse, a click selects it."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components.v2 import component

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.figures.sprites import Sprites

_HTML = """
<div class="picture-map">
  <div class="board" tabindex="0" role="application" aria-roledescription="map of pictures"
       aria-label="Arrow keys move from picture to picture, Enter selects">
    <svg role="img" preserveAspectRatio="xMidYMid meet"></svg>
    <div class="card" hidden><div class="thumbnail"></div><span></span></div>
  </div>
  <div class="classes" role="group" aria-label="Show one class alone"></div>
  <span class="told" aria-live="polite"></span>
</div>
"""

_COMPONENT = component(
    "cvexplore_picture_map",
    html=_HTML,
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def picture_map(
    points: "np.ndarray",
    *,
    classes: Sequence[int],
    names: Sequence[str],
    captions: Sequence[str],
    sprites: "Sprites",
    key: str,
    alt: str,
) -> int | None:
    """Show a map and return the index of the selected picture; None until one was selected.

    Args:
        points: where each picture lies; both axes are drawn to the same scale. Shape: (N, 2)
        classes: the class of each, an index into the names; each has its colour and mark.
        names: of the classes.
        captions: what is told about each picture.
        sprites: the pictures, in the same order.
        key: names this map.
        alt: what the map shows, for people who do not see it.
    """
    # What a person picked is state and is left out of the data: see atlas.py.
    state = _COMPONENT(
        key=key,
        data={
            "points": [[round(float(x), 4), round(float(y), 4)] for x, y in _within(points)],
            "classes": list(classes),
            "names": list(names),
            "captions": list(captions),
            "sheet": f"data:{sprites.mime};base64,{base64.b64encode(sprites.data).decode('ascii')}",
            "columns": sprites.columns,
            "rows": sprites.rows,
            "alt": alt,
        },
        on_selected_change=_rerun,
    )
    chosen = state.selected
    return chosen if isinstance(chosen, int) and 0 <= chosen < len(points) else None


def _within(points: "np.ndarray") -> "np.ndarray":
    """Move points to a middle of 0 and at most 1 away from it, along both axes by one scale."""
    low, high = points.min(0), points.max(0)
    half = max((high - low).max() / 2, 1e-9)
    return (points - (low + high) / 2) / half


def _rerun() -> None:
    """Do nothing: that a callback is there makes Streamlit keep the selection as state."""
