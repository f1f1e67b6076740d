"""A map lies over the picture where its places are."""

import io

import numpy as np
from PIL import Image

from cvexplore.figures.attribution import attribution_over, attribution_small


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_the_strongest_place_is_the_brightest_and_covers_its_own_part_only() -> None:
    map_ = np.zeros((4, 8), np.float32)
    map_[1, 6] = 1
    black = Image.new("RGB", (224, 224))
    drawn = pixels(attribution_over(black, map_, smooth=False)).sum(-1)
    high, wide = drawn.shape[0] // 4, drawn.shape[1] // 8
    inside = drawn[high : 2 * high, 6 * wide : 7 * wide]
    assert inside.min() == inside.max() == drawn.max()
    assert (drawn == drawn.max()).sum() == inside.size


def test_a_frame_stands_around_the_place_and_nowhere_else() -> None:
    map_ = np.random.default_rng(0).random((7, 7)).astype(np.float32)
    square = Image.new("RGB", (28, 28), "grey")
    plain = pixels(attribution_over(square, map_))
    framed = pixels(attribution_over(square, map_, place=7 * 2 + 5))
    changed = (plain != framed).any(-1)
    side = len(plain) // 7
    rows, columns = np.nonzero(changed)
    assert (rows.min() // side, rows.max() // side) == (2, 2)
    assert (columns.min() // side, columns.max() // side) == (5, 5)
    assert not changed[2 * side + 5 : 3 * side - 5, 5 * side + 5 : 6 * side - 5].any()


def test_a_small_picture_is_enlarged_and_a_large_one_made_small() -> None:
    map_ = np.eye(3, dtype=np.float32)
    assert pixels(attribution_over(Image.new("RGB", (28, 28)), map_)).shape[:2] == (448, 448)
    assert pixels(attribution_small(Image.new("RGB", (600, 600)), map_)).shape[:2] == (144, 144)
