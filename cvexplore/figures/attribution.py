"""How much each place of an image has a part, drawn over the image."""

import io
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.overlay import heat_over
from cvexplore.figures.pictures import enlarged, png

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDE = 448  # pixels: a smaller picture is enlarged to about this
_SMALL = 144  # of one of several
_MARK = (255, 64, 64)


def attribution_over(
    square: "Image", map_: np.ndarray, *, smooth: bool = True, place: int | None = None
) -> bytes:
    """Return a map over the picture that the network saw, as a PNG.

    Args:
        square: the picture.
        map_: one number a place, row by row. Shape: (rows, columns)
        smooth: whether to blend between places; otherwise each is a rectangle.
        place: one of them, to be framed.
    """
    from PIL import Image, ImageDraw

    large = _resized(square, _SIDE)
    drawn = heat_over(large, map_, colours="viridis", strength=0.72, smooth=smooth)
    if place is None:
        return drawn
    image = Image.open(io.BytesIO(drawn)).convert("RGB")
    rows, columns = map_.shape
    high, wide = image.height / rows, image.width / columns
    row, column = divmod(place, columns)
    corners = (column * wide, row * high, (column + 1) * wide - 1, (row + 1) * high - 1)
    ImageDraw.Draw(image).rectangle(corners, outline=_MARK, width=3)
    return png(image)


def attribution_small(square: "Image", map_: np.ndarray) -> bytes:
    """Return the same small, as one of several. Shape: (rows, columns)"""
    return heat_over(_resized(square, _SMALL), map_, colours="viridis", strength=0.8)


def _resized(square: "Image", side: int) -> "Image":
    """Return a picture of about this side; pixels of a small one stay squares."""
    least = min(square.size)
    if least < side:
        return enlarged(square, side)
    return square.resize([round(each * side / least) for each in square.size])
