"""A detector's boxes over its picture: point at one and see where its object query looks.

It is the attention explorer for queries that have a box instead of a place. The attention of all
queries travels to the browser once, so that going from box to box asks the server for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.components.v2 import component

from cvexplore.ui.components import style
from cvexplore.ui.components.attention_view import as_data

if TYPE_CHECKING:
    import numpy as np

_HERE = Path(__file__).parent
_LISTED = 6  # of the queries that one listens to

_HTML = """
<div class="attention">
  <div class="bar">
    <label>Query <select class="queries" aria-label="Object query"></select></label>
    <label>Boxes from <input class="least" type="range" min="0" max="100"
      aria-label="Least score of a box, in percent"> <output class="shown"></output></label>
  </div>
  <div class="bar">
    <label>Overlay <input class="overlay" type="range" min="0" max="100" value="50"></label>
    <label><input class="smooth" type="checkbox" checked> Smooth</label>
    <label class="true-boxes"><input class="truth" type="checkbox" checked>
      <span class="sample"></span> What is there</label>
  </div>
  <div class="columns">
    <div class="large">
      <div class="board">
        <img>
        <canvas></canvas>
        <div class="truths"></div>
        <div class="boxes" role="group" aria-label="Boxes: Enter chooses one"></div>
      </div>
      <p class="caption" aria-live="polite"></p>
    </div>
    <div class="beside">
      <p class="shares-title">Where the query looks, head by head</p>
      <div class="heads" role="radiogroup" aria-label="Head shown large"></div>
      <p class="note">Each map has a scale of its own: its strongest place is the brightest.</p>
      <p class="shares-title">Whom it listens to before that</p>
      <ul class="listening"></ul>
      <p class="note others"></p>
    </div>
  </div>
</div>
"""

_PARTS = ("attention_weights", "attention_painter", "attention_panel", "box_picker")
_COMPONENT = component(
    "cvexplore_box_picker",
    html=_HTML,
    css=style("controls", "attention_view", "box_picker"),
    js="\n".join(  # sent inline: one module
        (_HERE / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS
    ),
)


@dataclass(frozen=True)
class Frame:
    """A box to draw.

    Args:
        label: what is written at it, "circle, 98 %".
        box: centre x, centre y, width and height, as shares of the picture.
        score: how sure the network is of an object there, from 0 to 1.
        colour: of its class, for CSS.
    """

    label: str
    box: tuple[float, float, float, float]
    score: float = 1.0
    colour: str = "#fff"


def box_picker(
    picture: bytes,
    *,
    of: str,
    weights: "np.ndarray",
    listening: "np.ndarray",
    keys: "np.ndarray",
    grid: tuple[int, int],
    names: Sequence[str],
    frames: Sequence[Frame],
    truth: Sequence[Frame],
    least: float,
    start: int,
    key: str,
    alt: str,
) -> None:
    """Show a box a query, and the attention of the chosen one.

    Pointing at a box, or going to it with Tab, shows what its query looks at and listens to; a
    click, Enter, or the list of all queries chooses it. Nothing is asked of the server.

    Args:
        picture: PNG or JPEG of the square that the network sees.
        of: names the picture; on another one the choice begins afresh.
        weights: of the queries to the places. Shape: (1, heads, Q, K)
        listening: of the queries to each other. Shape: (Q, Q)
        keys: the place of each key, row by row; -1 is none. Shape: (1, K)
        grid: rows and columns of the places.
        names: what each query is called, "query 7: circle, 98 %"; no two alike.
        frames: the box of each query.
        truth: boxes of what is there, if that is known.
        least: boxes of at least this score are drawn to begin with; the chosen one always is.
        start: the query to begin with.
        key: names this picker.
        alt: what the picture shows, for people who do not see it.
    """
    import numpy as np

    _COMPONENT(
        key=key,
        data={
            **as_data(
                picture,
                weights=weights,
                queries=np.full((1, len(frames)), -1),
                keys=keys,
                query_grid=(0, 0),
                key_grid=grid,
                query_tokens=names,
                key_tokens=(),
                alt=alt,
            ),
            "of": of,
            "frames": [_frame(each) for each in frames],
            "truth": [_frame(each) for each in truth],
            "listening": [_strongest(row) for row in (*listening, listening.mean(0))],
            "least": round(100 * least),
            "start": start,
        },
    )


def _strongest(row: "np.ndarray") -> list[tuple[int, float]]:
    """Return the queries that have most of a row, and their weights."""
    return [(int(each), float(row[each])) for each in (-row).argsort()[:_LISTED]]


def _frame(frame: Frame) -> dict[str, Any]:
    x, y, width, height = frame.box
    return {
        "label": frame.label,
        "score": 100 * frame.score,
        "colour": frame.colour,
        "box": [x - width / 2, y - height / 2, width, height],
    }
