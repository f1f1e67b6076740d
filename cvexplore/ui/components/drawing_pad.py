"""A pad to draw a digit on: white strokes on black, as the digits of MNIST are."""

import base64
import binascii
from pathlib import Path

from streamlit.components.v2 import component

from cvexplore.errors import ImageError
from cvexplore.ui.components import style

_HTML = """
<div class="pad">
  <canvas width="280" height="280" tabindex="0" role="img"></canvas>
  <div class="tools" role="toolbar" aria-label="Drawing">
    <button type="button" class="pen" aria-pressed="true">Pen</button>
    <button type="button" class="eraser" aria-pressed="false">Eraser</button>
    <button type="button" class="undo">Undo</button>
    <button type="button" class="clear">Clear</button>
  </div>
  <label>Width <input type="range" min="8" max="40" step="2" value="22"></label>
</div>
"""

_COMPONENT = component(
    "cvexplore_drawing_pad",
    html=_HTML,
    css=style("controls", "drawing_pad"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def drawing_pad(*, key: str) -> bytes | None:
    """Show the pad and return the drawing as a PNG of 280 × 280 pixels; None while it is empty.

    Every stroke, once the pen is lifted, reruns the page (or the fragment).

    Args:
        key: names this pad.

    Raises:
        ImageError: what came is not what a browser sends.
    """
    state = _COMPONENT(key=key, on_drawing_change=_rerun)
    if not state.drawing:
        return None
    try:
        return base64.b64decode(state.drawing, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ImageError("The drawing did not arrive whole. Draw one stroke more.") from None


def _rerun() -> None:
    """Do nothing: that a callback is there makes Streamlit keep the drawing as state."""
