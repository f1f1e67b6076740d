"""Single tokens as people see them: a name, and the piece of the image they stand on."""

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.overlay import heat_over
from cvexplore.figures.pictures import enlarged, png

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from cvexplore.attention import AttentionLayer

MOST_BYTES = 6 * 2**20  # a byte a weight: more takes a browser a noticeable time to receive
_THUMBNAIL = 28  # pixels of a side
_SIDE, _SIDE_OF_A_FRAME = 448, 224


def name_of(places: "Tensor", token: int, grid: tuple[int, int], names: Sequence[str]) -> str:
    """Return where a token of a window lies, counted from 1, or what it is.

    Args:
        places: of the window's tokens. Shape: (tokens,)
        token: its number in the window.
        grid: rows and columns.
        names: of the window's tokens of no place, in their order.
    """
    place = int(places[token])
    if place >= 0:
        return f"row {place // grid[1] + 1}, column {place % grid[1] + 1}"
    if place == -2:
        return "padding"
    before = int((places[:token] == -1).sum())
    return names[before] if before < len(names) else f"token {before + 1}"


def of_frames(layer: "AttentionLayer") -> str:
    """Return how columns of a clip's places are counted; "" for an image."""
    frames = layer.on_image.frames
    if frames == 1:
        return ""
    across = max(layer.on_image.query_grid[1], layer.on_image.key_grid[1]) // frames
    return (
        f"The image stands still in {frames} frames side by side: columns 1 to {across} are the "
        f"first frame, {across + 1} to {2 * across} the second."
    )


def patch(square: "Image", place: int, grid: tuple[int, int], frames: int) -> str:
    """Return the piece of the image at a place as a data URL; "" where the token has none."""
    if place < 0:
        return ""
    cell = _cell(square, place, grid, frames)
    piece = square.convert("RGB").resize((_THUMBNAIL, _THUMBNAIL), box=cell)
    return f"data:image/png;base64,{base64.b64encode(png(piece)).decode('ascii')}"


def framed(
    square: "Image", layer: "AttentionLayer", weights: "Tensor", window: int, query: int
) -> bytes:
    """Return one query's weights over the image, with a frame where the query stands, as a PNG.

    Args:
        square: what the network sees.
        layer: the attention.
        weights: Shape: (K,)
        window: of the query.
        query: its place; negative is none.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    places = layer.on_image
    drawn = enlarged(square.convert("RGB"))
    if places.key_grid != (0, 0) and places.frames == 1:
        on_grid = np.zeros(places.key_grid[0] * places.key_grid[1], np.float32)
        keys = places.keys[window].numpy()
        on_grid[keys[keys >= 0]] = weights.numpy()[keys >= 0]
        heat = heat_over(
            drawn, on_grid.reshape(places.key_grid), strength=0.8, smooth=False, clear_zero=True
        )
        drawn = Image.open(io.BytesIO(heat)).convert("RGB")
    if query >= 0:
        box = _cell(drawn, query, places.query_grid, places.frames)
        pen = ImageDraw.Draw(drawn)
        pen.rectangle(box, outline="black", width=4)
        pen.rectangle((box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1), outline="white", width=2)
    return png(drawn)


def picture(square: "Image", frames: int = 1) -> bytes:
    """Return what the network sees as a PNG; of a clip, its frames side by side.

    A small picture is enlarged, its pixels sharp.
    """
    from PIL import Image

    side = max(_SIDE, square.width) if frames == 1 else _SIDE_OF_A_FRAME
    how = Image.Resampling.NEAREST if square.width < 100 else Image.Resampling.BILINEAR
    frame = square.convert("RGB").resize((side, side), how)
    strip = Image.new("RGB", (side * frames, side))
    for place in range(frames):
        strip.paste(frame, (place * side, 0))
    return png(strip)


def _cell(
    square: "Image", place: int, grid: tuple[int, int], frames: int
) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a place's cell in the picture."""
    rows, columns = grid
    across = max(columns // frames, 1)  # a clip's frames stand side by side
    wide, high = square.width / across, square.height / rows
    left, top = place % columns % across * wide, place // columns * high
    return left, top, left + wide, top + high
