"""A sheet of tiles that is looked at and picked from: feature maps, filters, samples.

A layer has hundreds of channels. As hundreds of images they would be hundreds of messages and
requests; as one sheet they are one picture, and the browser finds the tile under the mouse itself.
"""

import base64
from collections.abc import Sequence
from pathlib import Path

from streamlit.components.v2 import component

_HTML = """
<div class="atlas">
  <div class="board" tabindex="0" role="application" aria-roledescription="tile picker"
       aria-label="Arrow keys move from tile to tile, Enter selects">
    <img alt="">
    <div class="choice" hidden></div>
    <div class="visit" hidden></div>
  </div>
  <p class="missing" hidden>There is no picture to show.</p>
  <div class="legend">
    <span class="caption" aria-live="polite"></span>
    <span class="place"></span>
  </div>
</div>
"""

_COMPONENT = component(
    "cvexplore_atlas",
    html=_HTML,
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def atlas(
    sheet: bytes,
    *,
    tiles: int,
    columns: int,
    captions: Sequence[str],
    key: str,
    alt: str,
    selected: int = 0,
) -> int:
    """Show a sheet of tiles and return the index of the selected one.

    Hovering a tile shows its caption without asking the server; a click, or the arrow keys and
    Enter, selects it and reruns the page (or the fragment).

    Args:
        sheet: a PNG whose tiles are of equal size and laid out row by row.
        tiles: how many there are; the last row may have fewer than the others.
        columns: tiles in a row.
        captions: what is told about each tile, in their order.
        key: names this atlas. The selection belongs to the key: give each layer its own key to
            begin afresh with each, or share one to keep the tile while the picture changes.
        alt: what the picture shows, for people who do not see it.
        selected: the tile to begin with, and to return to when the one that was picked is not
            on the sheet. Keep it constant: to change it is to send the picture once more.
    """
    # What a person picked comes back as state and is left out of the data on purpose: a message
    # that is the same as the last one travels as a hash, one that differs carries the picture.
    state = _COMPONENT(
        key=key,
        data={
            "sheet": base64.b64encode(sheet).decode("ascii"),
            "tiles": tiles,
            "columns": columns,
            "captions": list(captions),
            "alt": alt,
            "selected": _on_sheet(selected, tiles),
        },
        on_selected_change=_rerun,
    )
    return _on_sheet(state.selected, tiles, otherwise=selected)


def _on_sheet(tile: int | None, tiles: int, otherwise: int = 0) -> int:
    """Return this tile if the sheet has it; atlas.js decides by the same rule."""
    if tile is not None and 0 <= tile < tiles:
        return tile
    return otherwise if 0 <= otherwise < tiles else 0


def _rerun() -> None:
    """Do nothing: that a callback is there makes Streamlit keep the selection as state."""
