"""The data flow of a network, drawn: blocks that open, shortcuts inside them, layers to click.

Graph libraries lay out two thousand layers in minutes, or not at all. This drawing lays out one
open block at a time with dagre, which takes milliseconds, and begins with all blocks closed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

from cvexplore.ui.components import static_url

_HERE = Path(__file__).parent
_HTML = """
<div class="graph">
  <div class="bar">
    <input type="search" placeholder="Find a layer" aria-label="Find a layer; Enter goes on">
    <span class="status" aria-live="polite"></span>
    <span class="buttons">
      <button type="button" class="deeper" title="Open all blocks of the next level">Open</button>
      <button type="button" class="fold" title="Close all blocks">Close</button>
      <button type="button" class="shapes" title="Shapes on the arrows" aria-pressed="false"
        >Shapes</button>
      <button type="button" class="farther" title="Smaller" aria-label="Smaller">−</button>
      <button type="button" class="closer" title="Larger" aria-label="Larger">+</button>
      <button type="button" class="fit" title="Fit the drawing to its frame">Fit</button>
      <button type="button" class="save" title="Save the drawing as SVG">SVG</button>
    </span>
  </div>
  <div class="view">
    <svg role="group" aria-label="Data flow of the network. Arrow keys move, Enter opens a block">
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
                orient="auto"><path d="M0,0L8,4L0,8z"></path></marker>
      </defs>
      <g class="scene"></g>
    </svg>
  </div>
</div>
"""

_PARTS = ("tree", "painter", "sheet", "graph")
_COMPONENT = component(
    "cvexplore_module_graph",
    html=_HTML,
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js="\n".join(  # sent inline: one module
        (_HERE / f"module_{part}.js").read_text(encoding="utf-8") for part in _PARTS
    ),
)


def module_graph(
    drawing: Mapping[str, Any], *, name: str, signature: str, key: str, height: int = 620
) -> str | None:
    """Show a network's data flow and return what was clicked: a block's path, or "#" and a layer.

    Args:
        drawing: what ``figures.dataflow.drawing`` returns.
        name: of the architecture; another one begins with its blocks closed, while the same one
            built with other options keeps open what is open.
        signature: differs whenever the drawing does, so that the browser need not compare.
        key: names this drawing on its page.
        height: of the part that scrolls, in pixels.
    """
    # What a person clicked comes back as state and is left out of the data on purpose: a message
    # that is the same as the last one travels as a hash.
    state = _COMPONENT(
        key=key,
        data={
            **drawing,
            "name": name,
            "signature": signature,
            "key": key,
            "height": height,
            "library": static_url("vendor/dagre.esm.js"),
        },
        on_selected_change=_rerun,
    )
    return state.selected


def _rerun() -> None:
    """Do nothing: that a callback is there makes Streamlit keep the selection as state."""
