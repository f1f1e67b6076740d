"""A map lies where it belongs, in the colours of its sign, and nowhere else."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from cvexplore.attribution import Explanation
from cvexplore.figures.explanation import explanation_alone, explanation_over, legend
from cvexplore.figures.pictures import enlarged
from cvexplore.plugins import Choice

GREY = Image.new("RGB", (56, 56), (90, 90, 90))
SIDE = 448


def explanation(map_: torch.Tensor, smooth: bool = False) -> Explanation:
    return Explanation(Choice("saliency"), 0, map_[None], smooth)


def one_place(row: int, column: int, value: float = 1.0) -> torch.Tensor:
    map_ = torch.zeros(7, 7)
    map_[row, column] = value
    return map_


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def changed(drawn: np.ndarray, picture: Image.Image = GREY) -> np.ndarray:
    return (drawn != np.asarray(enlarged(picture)).astype(int)).any(-1)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 6), (6, 0), (6, 6), (2, 5)])
def test_a_hot_place_is_hot_exactly_there(row: int, column: int) -> None:
    found = changed(pixels(explanation_over(GREY, explanation(one_place(row, column)))))
    expected = np.zeros((SIDE, SIDE), bool)
    expected[64 * row : 64 * (row + 1), 64 * column : 64 * (column + 1)] = True
    assert (found == expected).all()


@pytest.mark.parametrize("corner", [(0, 0), (6, 6)])
def test_a_smooth_map_is_strongest_in_the_middle_of_its_place_and_on_to_the_border(
    corner: tuple[int, int],
) -> None:
    drawn = pixels(explanation_over(GREY, explanation(one_place(*corner), smooth=True)))
    green = drawn[..., 1]  # falls as the map rises
    outer = slice(None, 32) if corner == (0, 0) else slice(-32, None)
    assert (green[outer, outer] == green.min()).all()
    assert (drawn[SIDE // 2, SIDE // 2] == 90).all()
    assert (green == green.min()).sum() < 40 * 40


def test_smooth_values_are_those_of_torch() -> None:
    """Between places lies what bilinear interpolation with aligned borders gives."""
    map_ = torch.rand(7, 7, generator=torch.Generator().manual_seed(0))
    found = explanation(map_, smooth=True)
    black = Image.new("RGB", (56, 56))
    drawn = pixels(explanation_over(black, found, strength=1, clip=100))
    levels = (found.on_pixels(SIDE, SIDE) / map_.max()).numpy()
    red = np.interp(levels, [0, 1 / 3, 2 / 3, 1], [255, 255, 240, 214]) * np.sqrt(levels)
    assert abs(drawn[..., 0] - red).max() <= 4  # levels are bytes: 1 / 255 in the steepest place


def test_the_colours_tell_what_speaks_for_the_class_and_what_against_it() -> None:
    both = explanation(one_place(1, 1, 2) + one_place(5, 5, -2))
    seen = {
        sign: pixels(explanation_over(GREY, both, sign=sign)) - 90
        for sign in ("positive", "negative", "absolute", "both")
    }
    for_class, against = (slice(64, 128),) * 2, (slice(320, 384),) * 2
    for sign, at in [("positive", for_class), ("both", for_class)]:
        assert (seen[sign][at][..., 0] > 0).all()
        assert (seen[sign][at][..., 2] < 0).all()
    for sign, at in [("negative", against), ("both", against)]:
        assert (seen[sign][at][..., 0] < 0).all()
        assert (seen[sign][at][..., 2] > 0).all()
    assert not seen["positive"][against].any()
    assert not seen["negative"][for_class].any()
    assert (seen["absolute"][for_class] == seen["absolute"][against]).all()
    assert (seen["absolute"][for_class][..., 1] < 0).all()


def test_zero_is_the_picture_among_both_signs_too() -> None:
    both = explanation(one_place(1, 1, 2) + one_place(5, 5, -2))
    drawn = pixels(explanation_over(GREY, both, sign="both", strength=1))
    assert changed(drawn).sum() == 2 * 64 * 64


def test_the_clip_is_a_percentile_of_sizes() -> None:
    """Of 1, 2, … 100, those from the 50th percentile on are all drawn as the strongest."""
    found = explanation(torch.arange(1.0, 101).reshape(10, 10))
    white = Image.new("RGB", (100, 100), "white")
    drawn = pixels(explanation_over(white, found, strength=1, clip=50))
    side = len(drawn) // 10
    colours = drawn[side // 2 :: side, side // 2 :: side].reshape(100, 3)
    strongest = (colours == colours[-1]).all(1)
    assert strongest.sum() == 50
    assert strongest[50:].all()
    assert (pixels(explanation_over(white, found, strength=1, clip=100)) == colours[-1]).all(
        -1
    ).sum() == side * side


def test_no_strength_leaves_the_picture_and_all_of_it_hides_the_strongest_place() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (56, 56, 3), np.uint8)
    picture = Image.fromarray(noise)
    found = explanation(one_place(3, 3))
    assert not changed(pixels(explanation_over(picture, found, strength=0)), picture).any()
    hidden = pixels(explanation_over(picture, found, strength=1))[192:256, 192:256]
    assert (hidden == hidden[0, 0]).all()


def test_colours_of_the_picture_fade_so_that_they_are_the_map_s() -> None:
    red = Image.new("RGB", (56, 56), (255, 0, 0))
    drawn = pixels(explanation_over(red, explanation(torch.zeros(7, 7)), strength=1))
    assert (drawn == drawn[0, 0, 0]).all()


def test_a_map_of_nothing_or_of_no_numbers_is_drawn_as_nothing() -> None:
    broken = one_place(2, 2)
    broken[0, 0] = math.nan
    for map_, count in [(torch.zeros(7, 7), 0), (broken, 64 * 64)]:
        assert changed(pixels(explanation_over(GREY, explanation(map_)))).sum() == count


@pytest.mark.parametrize(
    ("size", "drawn"),
    [((28, 28), (448, 448)), ((224, 224), (448, 448)), ((384, 384), (384, 384)),
     ((518, 518), (518, 518)), ((112, 224), (448, 896))],
)  # fmt: skip
def test_a_small_picture_is_enlarged_by_a_whole_factor(
    size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    square = Image.new("L", size)
    assert Image.open(io.BytesIO(explanation_over(square, explanation(torch.eye(7))))).size == drawn


def test_alone_nothing_is_white_and_places_are_as_over_a_picture() -> None:
    found = explanation(one_place(1, 1, 2) + one_place(5, 5, -2))
    alone = pixels(explanation_alone(found, sign="both"))
    over = pixels(explanation_over(GREY, found, sign="both", strength=1))
    hot = changed(over)
    assert (alone[~hot] == 255).all()
    assert (alone[hot] == over[hot]).all()
    assert pixels(explanation_alone(found, (300, 200))).shape == (200, 300, 3)


def test_a_legend_runs_between_the_colours_of_the_strongest_places() -> None:
    found = explanation(one_place(1, 1, 2) + one_place(5, 5, -2))
    alone = pixels(explanation_alone(found, sign="both"))
    ramp = pixels(legend("both", 255))
    assert (ramp[:, 0] == alone[352, 352]).all()
    assert (ramp[:, -1] == alone[96, 96]).all()
    assert (ramp[:, 127] == 255).all()
    assert (pixels(legend("positive"))[0, 0] == 255).all()
