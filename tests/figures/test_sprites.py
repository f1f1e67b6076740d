"""Many small pictures as one: each lies where the browser looks for it."""

import io

import numpy as np
import pytest
from PIL import Image

from cvexplore.figures.sprites import sprites


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (5, 3, 2), (16, 4, 4)])
@pytest.mark.parametrize("channels", [1, 3])
def test_each_picture_is_in_its_tile(count: int, columns: int, rows: int, channels: int) -> None:
    levels = np.linspace(0, 255, count).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (count, channels, 8, 8))
    made = sprites(images)
    assert (made.columns, made.rows) == (columns, rows)
    sheet = Image.open(io.BytesIO(made.data))
    assert Image.MIME[sheet.format or ""] == made.mime
    pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert pixels.shape == (8 * rows, 8 * columns, 3)
    for number, level in enumerate(levels):
        row, column = divmod(number, columns)
        tile = pixels[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        assert np.abs(tile - int(level)).max() <= 4  # JPEG is not exact


def test_large_pictures_are_reduced() -> None:
    made = sprites(np.zeros((4, 3, 128, 128), np.uint8))
    assert Image.open(io.BytesIO(made.data)).size == (64, 64)
