"""A place to paste an image into: Ctrl+V anywhere on the page, or the button."""

import base64
import binascii
from pathlib import Path

from streamlit.components.v2 import component

from cvexplore.errors import ImageError
from cvexplore.ui.components import style

# The image travels as base64, a third longer, in a message that Streamlit ends at 25 MB.
MOST_BYTES = 16 << 20

_HTML = """
<div class="paste" tabindex="0" role="group" aria-label="Place to paste an image into">
  <p class="told" aria-live="polite"></p>
  <button type="button">Paste</button>
</div>
"""

_COMPONENT = component(
    "cvexplore_paste",
    html=_HTML,
    css=style("controls", "paste"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def paste(*, key: str) -> bytes | None:
    """Show the place and return an image's bytes in the run in which it was pasted, else None.

    Args:
        key: names this place.

    Raises:
        ImageError: what came is not what a browser sends.
    """
    state = _COMPONENT(key=key, data={"mostBytes": MOST_BYTES}, on_image_change=_rerun)
    if state.image is None:
        return None
    try:
        return base64.b64decode(state.image, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ImageError("The pasted image did not arrive whole. Paste it once more.") from None


def _rerun() -> None:
    """Do nothing: that a callback is there makes Streamlit keep the image until the run ends."""
