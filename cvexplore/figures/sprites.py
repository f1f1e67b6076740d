"""Hundreds of small pictures as one, of which a browser cuts out the one it needs."""

import io
import math
from dataclasses import dataclass

import numpy as np

_SIDE = 32  # pixels; larger pictures are reduced to it


@dataclass(frozen=True)
class Sprites:
    """A picture of tiles without gaps, laid out row by row.

    Args:
        data: the file: PNG, or JPEG where there are colours, which is many times smaller.
        mime: which of them.
        columns: tiles in a row.
        rows: how many rows there are.
    """

    data: bytes
    mime: str
    columns: int
    rows: int


def sprites(images: np.ndarray) -> Sprites:
    """Return pictures as one. Shape: (N, C, H, W) uint8, C being 1 or 3"""
    from PIL import Image

    count, channels, height, width = images.shape
    columns = max(1, math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    padded = np.zeros((rows * columns, height, width, channels), np.uint8)
    padded[:count] = images.transpose(0, 2, 3, 1)
    grid = padded.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    pixels = np.ascontiguousarray(grid).reshape(rows * height, columns * width, channels)
    sheet = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    if height > _SIDE:
        sheet = sheet.resize((columns * _SIDE, rows * _SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    kind = "PNG" if channels == 1 else "JPEG"
    sheet.save(file, kind, **({} if channels == 1 else {"quality": 85, "subsampling": 0}))
    return Sprites(file.getvalue(), f"image/{kind.lower()}", columns, rows)
