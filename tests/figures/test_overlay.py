"""Drawings over a picture: every pixel as a plain computation, or torchvision, has it."""

import io
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import draw_segmentation_masks

from cvexplore.figures.overlay import boxes_over, class_colour, heat_over, ink, mask_over
from cvexplore.figures.sheet import palette
from cvexplore.interpret.dense import Box, Mask, Segmentation


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


def photo(side: int) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    return Image.fromarray(noise)


# ------------------------------------------------------------------ heat maps


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_a_heat_map_mixes_each_pixel_with_the_colour_of_its_place(strength: float) -> None:
    square, colours = photo(40), palette("magma")
    channel = np.array([[-2.0, 0.0, 1.0, 2.0]] * 4)
    drawn = pixels(heat_over(square, channel, colours="magma", strength=strength, smooth=False))
    under = np.asarray(square)
    for y in range(40):
        for x in range(40):
            value = channel[y * 4 // 40, x * 4 // 40]
            colour = colours[round((value + 2) / 4 * 255)].astype(float)
            expected = under[y, x] + strength * (colour - under[y, x])
            assert np.abs(drawn[y, x] - expected).max() <= 2


def test_a_heat_map_is_blended_between_its_points_as_torch_does() -> None:
    square = Image.new("RGB", (64, 64), "white")
    channel = np.random.default_rng(1).random((8, 8)).astype(np.float32)
    stretched = (channel - channel.min()) / (channel.max() - channel.min())
    large = torch.nn.functional.interpolate(
        torch.from_numpy(stretched)[None, None], (64, 64), mode="bilinear"
    )[0, 0].numpy()
    drawn = pixels(heat_over(square, channel, colours="grey", strength=1.0))
    assert np.abs(drawn[..., 0] - large * 255).max() <= 2


def test_where_a_channel_is_zero_the_picture_shows_through() -> None:
    square = photo(32)
    channel = np.zeros((4, 4))
    channel[0, 0] = 3.0
    drawn = pixels(heat_over(square, channel, smooth=False, clear_zero=True, strength=1.0))
    under = np.asarray(square)
    assert np.array_equal(drawn[8:], under[8:])
    assert np.array_equal(drawn[:, 8:], under[:, 8:])
    assert np.array_equal(drawn[0, 0], palette("viridis")[255])


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf])
def test_a_channel_that_is_all_one_value_is_drawn_too(value: float) -> None:
    drawn = pixels(heat_over(photo(16), np.full((2, 2), value), strength=1.0))
    assert np.array_equal(np.unique(drawn.reshape(-1, 3), axis=0), palette("viridis")[:1])


def test_a_grey_square_is_drawn_in_colour() -> None:
    drawn = pixels(heat_over(Image.new("L", (28, 28), 90), np.eye(7)))
    assert drawn.shape == (28, 28, 3)
    assert (drawn[..., 0] != drawn[..., 1]).any()


def test_drawings_are_quick() -> None:
    square = photo(448)
    classes = np.random.default_rng(0).integers(0, 21, (448, 448)).astype(np.int16)
    parted = Segmentation(classes, ("",) * 21, (1 / 21,) * 21)
    boxes = [Box("cup", 0.5, 10 * n, 5 * n, 10 * n + 99, 5 * n + 99, n) for n in range(20)]
    for draw in (
        lambda: heat_over(square, np.random.default_rng(0).random((28, 28))),
        lambda: mask_over(square, parted),
        lambda: boxes_over(square, boxes),
    ):
        draw()
        spent = []
        for _ in range(5):
            start = time.process_time()
            draw()
            spent.append(time.process_time() - start)
        assert min(spent) < 0.1  # 0.02 alone on the machine; noise is the worst of pictures


# ------------------------------------------------------------------ boxes and masks


def test_a_frame_lies_on_the_edges_of_its_box_and_the_inside_is_left_alone() -> None:
    square = photo(400)
    box = Box("cup", 0.9, 100, 150, 300, 350, 5)
    drawn, under = pixels(boxes_over(square, [box])), np.asarray(square)
    colour = class_colour(5)
    for x, y in ((100, 150), (300, 350), (100, 350), (300, 150), (200, 150), (100, 200)):
        assert tuple(drawn[y, x]) == colour
    assert np.array_equal(drawn[153:348, 103:298], under[153:348, 103:298])
    assert np.array_equal(drawn[352:], under[352:])


def test_boxes_on_a_small_picture_are_enlarged_with_it() -> None:
    drawn = pixels(boxes_over(Image.new("RGB", (28, 28)), [Box("3", 1.0, 4, 20, 24, 26, 3)]))
    factor = 16  # to 448 pixels
    assert drawn.shape == (28 * factor, 28 * factor, 3)
    assert tuple(drawn[20 * factor, 14 * factor]) == class_colour(3)
    assert tuple(drawn[26 * factor, 14 * factor]) == class_colour(3)
    assert not drawn[22 * factor : 25 * factor, 6 * factor : 22 * factor].any()


def test_a_label_stays_inside_the_picture() -> None:
    black = Image.new("RGB", (400, 400))
    for corners in ((0, 0, 50, 50), (390, 5, 399, 60), (350, 390, 399, 399)):
        bare = pixels(boxes_over(black, [Box("", 0.5, *corners, 1)]))
        named = pixels(boxes_over(black, [Box("potted plant", 0.5, *corners, 1)]))
        wider = (named != bare).any(-1)
        assert wider.sum() > 400  # all the longer label's pixels are there to see
    assert pixels(boxes_over(black, [])).sum() == 0


def test_an_objects_mask_tints_its_pixels_and_no_others() -> None:
    square = photo(400)
    mask = Mask(120, 200, np.tri(60, dtype=bool))
    drawn = pixels(boxes_over(square, [Box("cup", 0.9, 110, 190, 190, 270, 2, mask)]))
    under = np.asarray(square).astype(int)
    whole = np.zeros((400, 400), bool)
    whole[200:260, 120:180] = mask.inside
    inner = np.s_[195:265, 115:185]  # between the frame's lines
    expected = under + (np.array(class_colour(2)) - under) * (140 / 255)
    assert np.abs(drawn - expected)[inner][whole[inner]].max() <= 1
    assert np.array_equal(drawn[inner][~whole[inner]], under[inner][~whole[inner]])


def test_a_segmentation_is_drawn_as_torchvision_draws_it() -> None:
    square = photo(60)
    classes = np.random.default_rng(2).integers(0, 4, (60, 60)).astype(np.int16)
    found = Segmentation(classes, ("background", "a", "b", "c"), (0.25,) * 4)
    theirs = draw_segmentation_masks(
        torch.from_numpy(np.array(square)).permute(2, 0, 1),
        torch.stack([torch.from_numpy(classes == index) for index in (1, 2, 3)]),
        alpha=140 / 255,
        colors=[class_colour(index) for index in (1, 2, 3)],
    )
    drawn = pixels(mask_over(square, found))
    assert np.abs(drawn - theirs.permute(1, 2, 0).numpy().astype(int)).max() <= 1


def test_a_coarse_segmentation_is_enlarged_without_new_classes() -> None:
    found = Segmentation(np.array([[0, 1], [2, 0]], np.int16), ("0", "1", "2"), (0.5, 0.25, 0.25))
    drawn = pixels(mask_over(Image.new("RGB", (50, 50), "white"), found))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == 3
    assert (drawn[:25, :25] == 255).all()
    assert (drawn[25:, 25:] == 255).all()


def test_classes_have_colours_that_differ_and_can_be_written_on() -> None:
    colours = np.array([class_colour(index) for index in range(21)], float)
    apart = np.abs(colours[:, None] - colours[None]).max(-1) + 999 * np.eye(21)
    assert apart.min() >= 20
    for index in range(91):
        colour = class_colour(index)
        linear = [
            each / 255 / 12.92 if each <= 10 else ((each / 255 + 0.055) / 1.055) ** 2.4
            for each in colour
        ]
        light = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
        contrast = {"white": 1.05 / (light + 0.05), "black": (light + 0.05) / 0.05}
        assert contrast[ink(colour)] >= 4.5
