"""A sheet shows every value of every channel where it says it does."""

import io
import math

import numpy as np
import plotly.colors
import pytest
from PIL import Image

from cvexplore.figures.sheet import COLOURS, mosaic, palette, picture, sheet

GAP = 2
RANDOM = np.random.default_rng(0)


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def tiles(png: bytes, count: int, columns: int, height: int, width: int) -> list[np.ndarray]:
    """Cut a sheet's colour numbers into its tiles, and check that all between them is clear."""
    numbers = np.asarray(opened(png)).copy()
    cut = []
    for index in range(count):
        top = index // columns * (height + GAP)
        left = index % columns * (width + GAP)
        tile = numbers[top : top + height, left : left + width]
        cut.append(tile.copy())
        tile[:] = 0
    assert not numbers.any()
    return cut


def slow_levels(maps: np.ndarray, whole: bool) -> list[np.ndarray]:
    """Return what each value's colour number must be, one value at a time."""
    levels = []
    for channel in maps:
        scale = maps if whole else channel
        low, high = float(scale.min()), float(scale.max())
        level = np.empty(channel.shape, np.int64)
        for place, value in np.ndenumerate(channel):
            share = (float(value) - low) / (high - low) if high > low else 0.0
            level[place] = int(1 + 254 * share)
        levels.append(level)
    return levels


@pytest.mark.parametrize("scale", ["channel", "layer"])
@pytest.mark.parametrize("shape", [(7, 30, 40), (64, 28, 28), (1, 56, 56)])
def test_every_value_is_on_the_sheet(scale: str, shape: tuple[int, int, int]) -> None:
    maps = RANDOM.normal(size=shape).astype(np.float32) * np.arange(1, shape[0] + 1)[:, None, None]
    made = sheet(maps.astype(np.float32), scale=scale)
    assert made.tiles == shape[0]
    assert made.columns == math.ceil(math.sqrt(shape[0]))
    found = tiles(made.png, made.tiles, made.columns, *shape[1:])
    for tile, level in zip(found, slow_levels(maps, scale == "layer"), strict=True):
        assert np.abs(tile.astype(int) - level).max() <= 1  # rounding of single precision


@pytest.mark.parametrize(("side", "shown"), [(1, 28), (7, 28), (13, 39), (28, 28), (112, 112)])
def test_small_maps_are_enlarged_by_whole_factors(side: int, shown: int) -> None:
    maps = RANDOM.random((5, side, side), np.float32)
    made = sheet(maps)
    for tile, level in zip(
        tiles(made.png, 5, made.columns, shown, shown), slow_levels(maps, False), strict=True
    ):
        factor = shown // side
        assert np.abs(tile[::factor, ::factor].astype(int) - level).max() <= 1
        blocks = tile.reshape(side, factor, side, factor)
        assert (blocks == blocks[:, :1, :, :1]).all()


@pytest.mark.parametrize("value", [0.0, -3.5, np.nan, np.inf])
def test_a_constant_channel_is_one_colour_and_visible(value: float) -> None:
    made = sheet(np.full((2, 30, 30), value, np.float32))
    for tile in tiles(made.png, 2, made.columns, 30, 30):
        assert (tile == 1).all()


def test_a_value_that_is_no_number_leaves_the_others_alone() -> None:
    maps = np.linspace(0, 1, 900, dtype=np.float32).reshape(1, 30, 30)
    broken = maps.copy()
    broken[0, 10, 10] = np.nan
    (whole,) = tiles(sheet(maps).png, 1, 1, 30, 30)
    (tile,) = tiles(sheet(broken).png, 1, 1, 30, 30)
    differs = tile != whole
    assert differs.sum() == 1
    assert differs[10, 10]


def test_only_gaps_let_the_page_through() -> None:
    image = opened(sheet(RANDOM.random((3, 40, 40), np.float32)).png).convert("RGBA")
    clear = np.asarray(image)[..., 3] == 0
    assert clear[:40, 40:42].all()
    assert clear[40:42].all()
    assert not clear[:40, :40].any()


@pytest.mark.parametrize("colours", COLOURS)
def test_a_colour_map_grows_lighter_step_by_step(colours: str) -> None:
    """So its order can be seen without telling hues apart."""
    linear = (palette(colours) / 255.0) ** 2.2
    lightness = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) >= -1e-3).all()
    assert lightness[-1] - lightness[0] > 0.5


def test_colours_are_those_of_the_named_map() -> None:
    named = plotly.colors.sequential.Viridis
    mine = palette("viridis")
    for place, colour in zip(np.linspace(0, 255, len(named)), named, strict=True):
        if place == int(place):
            assert tuple(mine[int(place)]) == plotly.colors.hex_to_rgb(colour)


def test_one_channel_large_is_its_values() -> None:
    channel = RANDOM.random((14, 14), np.float32)
    image = np.asarray(opened(picture(channel, side=448)))
    assert image.shape == (448, 448)
    assert np.abs(image[::32, ::32].astype(int) - slow_levels(channel[None], False)[0]).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_side_by_side_are_the_pictures(channels: int) -> None:
    images = RANDOM.integers(0, 256, (5, channels, 28, 28), np.uint8)
    wall = np.asarray(opened(mosaic(images, columns=3, tile=56)))
    assert wall.shape == (2 * 58, 3 * 58, 4)
    for index, image in enumerate(images):
        top, left = index // 3 * 58, index % 3 * 58
        tile = wall[top : top + 56, left : left + 56]
        assert (tile[..., 3] == 255).all()
        assert (tile[::2, ::2, :3] == image.transpose(1, 2, 0)).all()
    assert (wall[58:, 2 * 58 :, 3] == 0).all()
