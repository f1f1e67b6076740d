"""Pictures as files, and small ones made large enough to be looked at."""

import io
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image


SIDE = 448  # pixels that maps and pictures are shown with, about


def enlarged(picture: "Image", side: int = SIDE) -> "Image":
    """Return a small picture times a whole number, so that its pixels stay squares.

    Args:
        picture: one that is large enough comes back as it is.
        side: pixels that its shorter side is to have, about.
    """
    from PIL import Image

    factor = round(side / min(picture.size))
    if factor <= 1:
        return picture
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.NEAREST)


def png(picture: "Image", **how: Any) -> bytes:
    """Return a picture as a PNG, which keeps every pixel; written quickly rather than small."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **{"compress_level": 1, **how})
    return buffer.getvalue()


def png_of_photo(picture: "Image") -> bytes:
    """Return a photo as a PNG: run lengths alone are as small as repeats, and a fifth faster."""
    return png(picture, compress_type=zlib.Z_RLE)
