"""Pictures and charts of robustness show the numbers they are given, each in its place."""

import io
import math
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cvexplore.figures.pictures import enlarged, png
from cvexplore.figures.robustness import (
    accuracy_curves,
    as_picture,
    framed,
    occlusions,
    tries,
)
from cvexplore.robustness import Accuracies, Count, Squares
from cvexplore.robustness.attacked import eight_bits


def random_pixels(channels: int, side: int) -> torch.Tensor:
    return torch.rand(channels, side, side, generator=torch.Generator().manual_seed(0))


def traces(figure: Any) -> Any:
    return figure.data


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_holds_the_pixels_rounded_as_the_core_rounds_them(channels: int) -> None:
    pixels = random_pixels(channels, 9)
    drawn = np.asarray(as_picture(pixels.numpy())).reshape(9, 9, channels)
    assert (drawn == eight_bits(pixels).permute(1, 2, 0).numpy()).all()


def test_a_png_brings_back_every_pixel() -> None:
    picture = as_picture(random_pixels(3, 20).numpy())
    again = Image.open(io.BytesIO(png(picture)))
    assert (np.asarray(again) == np.asarray(picture)).all()


def test_a_small_picture_is_enlarged_by_whole_pixels_and_a_large_one_stays() -> None:
    small = as_picture(random_pixels(3, 28).numpy())
    large = np.asarray(enlarged(small, 112))
    assert (large == np.asarray(small).repeat(4, 0).repeat(4, 1)).all()
    assert enlarged(large_one := as_picture(random_pixels(3, 384).numpy())).size == large_one.size


def test_a_frame_stands_around_the_square_and_leaves_its_inside() -> None:
    picture = as_picture(random_pixels(3, 224).numpy())
    before, after = np.asarray(picture), np.asarray(framed(picture, (40, 100), 30))
    changed = (before != after).any(2)
    rows, columns = changed.nonzero()
    assert (rows.min(), rows.max()) == (38, 71)
    assert (columns.min(), columns.max()) == (98, 131)
    assert not changed[40:70, 100:130].any()


def test_tries_stand_in_the_order_of_epsilon_under_what_came_of_them() -> None:
    figure = tries([1, 4, 2, 3], [0.9, 0.1, 0.6, 0.4], [False, True, False, True], "cat")
    line, failed, succeeded = traces(figure)
    assert list(line.x) == [1, 2, 3, 4]
    assert (list(failed.x), list(failed.y)) == ([1, 2], [0.9, 0.6])
    assert (list(succeeded.x), list(succeeded.y)) == ([3, 4], [0.4, 0.1])


def test_accuracy_curves_are_the_shares_and_bands_are_wilsons() -> None:
    counts = {("blur", 1): Count(9, 10), ("blur", 2): Count(4, 10), ("blur", 3): Count()}
    found = Accuracies(Count(10, 10), counts, 10, ("blur",), (1, 2, 3))
    clean, band, line = traces(accuracy_curves(found))
    assert list(clean.y) == [1.0, 1.0]
    assert (list(line.x), list(line.y)) == ([0, 1, 2], [1.0, 0.9, 0.4])  # strength 3 is to come
    upper, lower = band.y[:3], band.y[3:][::-1]
    for share, low, high in zip((1.0, 0.9, 0.4), lower, upper, strict=True):
        assert (low, high) == pytest.approx(wilson(share, 10), abs=1e-6)


def wilson(share: float, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the interval as Wilson wrote it: where (share - p)² = z² p (1 - p) / count."""
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    half /= 1 + z * z / count
    return middle - half, middle + half


def test_a_square_is_drawn_at_its_middle_and_crossed_where_it_flips() -> None:
    kept = torch.tensor([[0.9, 0.8, 0.7], [0.6, 0.2, float("nan")]])
    labels = torch.tensor([[5, 5, 5], [5, 7, -1]])
    squares = Squares(4, (0, 2), (0, 2, 4), 5, 5, kept, labels, kept.clone())
    heat, crosses = traces(occlusions(squares, side=8))
    assert (list(heat.x), list(heat.y)) == ([2, 4, 6], [2, 4])
    assert heat.z[1][1] == pytest.approx(0.2)
    assert math.isnan(heat.z[1][2])  # not asked yet: left open
    assert (list(crosses.x), list(crosses.y)) == ([4], [4])
