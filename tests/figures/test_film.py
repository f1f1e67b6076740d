"""A film shows each moment's values, in colours that mean the same in every frame."""

import io

import numpy as np
import pytest
from PIL import Image

from cvexplore.figures.film import film, filter_frames, map_frames, still
from cvexplore.figures.sheet import palette
from cvexplore.figures.weights import filter_tiles

RANDOM = np.random.default_rng(0)
GAP = 2


def cut(frame: Image.Image, side: int, shape: tuple[int, int]) -> np.ndarray:
    """Return the first tile of a frame, a colour a value.

    Shape: (H, W, 3)
    """
    enlarged = side // shape[1]
    tile = np.asarray(frame.convert("RGB"))[: shape[0] * enlarged, : shape[1] * enlarged]
    blocks = tile.reshape(shape[0], enlarged, shape[1], enlarged, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()  # squares of one colour
    return blocks[:, 0, :, 0]


def expected(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the colour of each value, one at a time."""
    colours = palette("viridis")
    found = np.empty((*values.shape, 3), np.uint8)
    for place, value in np.ndenumerate(values):
        found[place] = colours[int(1 + 253 * (float(value) - low) / (high - low))]
    return found


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("scale", ["channel", "layer"])
def test_a_colour_means_the_same_where_the_scale_is_shared(scale: str, fixed: bool) -> None:
    maps = (
        RANDOM.normal(size=(3, 4, 5, 6)).astype(np.float32)
        * np.array([[1], [2], [9]], np.float32)[..., None, None]
    )
    frames = map_frames(maps, ["a", "b", "c"], scale=scale, fixed=fixed)  # type: ignore[arg-type]
    side = (480 // 2 - GAP) // 6 * 6
    for moment, frame in enumerate(frames):
        moments = maps if fixed else maps[moment : moment + 1]
        shared = moments[:, 0] if scale == "channel" else moments
        want = expected(maps[moment, 0], float(shared.min()), float(shared.max()))
        apart = np.abs(cut(frame, side, (5, 6)).astype(int) - want)
        assert apart.max() <= 3  # a level to either side, by rounding


def test_no_value_has_the_colour_of_the_ground_or_of_the_ink() -> None:
    maps = RANDOM.normal(size=(2, 1, 8, 8)).astype(np.float32)
    numbers = np.stack([np.asarray(frame)[:472, :472] for frame in map_frames(maps, ["", ""])])
    assert numbers.min() == 1  # the whole film's lowest and highest value
    assert numbers.max() == 254


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_maps_without_a_spread_are_drawn_too(value: float) -> None:
    (frame,) = map_frames(np.full((1, 3, 4, 4), value, np.float32), ["dead"])
    assert (np.asarray(frame)[:4, :4] == 1).all()


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("fixed", [True, False])
def test_filters_are_drawn_as_their_sheet_draws_them(bands: int, fixed: bool) -> None:
    filters = RANDOM.normal(size=(3, 4, bands, 3, 3)).astype(np.float32)
    filters *= np.array([1, 2, 5], np.float32)[:, None, None, None, None]
    for moment, frame in enumerate(filter_frames(filters, ["a", "b", "c"], fixed=fixed)):
        peak = np.abs(filters[:, 0] if fixed else filters[moment, 0]).max()
        want = np.rint(128 + 127 * filters[moment, 0] / peak).transpose(1, 2, 0)
        found = cut(frame, (480 // 2 - GAP) // 3 * 3, (3, 3)).astype(int)
        few = 1 if bands == 1 else 12  # a GIF has 254 colours for all that stand in it
        assert np.abs(found - np.broadcast_to(want, found.shape)).max() <= few
        if not fixed and bands == 1:
            assert (found[..., 0] == filter_tiles(filters[moment])[0, 0].clip(1, 254)).all()


@pytest.mark.parametrize("moments", [1, 2, 12])
def test_the_film_holds_every_frame_to_the_bit_and_stays_on_the_last(moments: int) -> None:
    maps = RANDOM.normal(size=(moments, 9, 7, 7)).astype(np.float32)
    frames = map_frames(maps, [f"step {each}" for each in range(moments)])
    opened = Image.open(io.BytesIO(film(frames, seconds=3)))
    assert (opened.format, opened.n_frames) == ("GIF", moments)  # type: ignore[attr-defined]
    durations = []
    for place, frame in enumerate(frames):
        opened.seek(place)
        assert (np.asarray(opened.convert("RGB")) == np.asarray(frame.convert("RGB"))).all()
        durations.append(opened.info.get("duration", 0))
    if moments > 1:
        assert opened.info["loop"] == 0
        assert durations[-1] > durations[0]
        assert sum(durations) == pytest.approx(3000, rel=0.15)


def test_each_frame_says_its_moment() -> None:
    same = np.zeros((2, 4, 8, 8), np.float32)
    first, second = map_frames(same, ["step 0", "step 1"])
    again, _ = map_frames(same, ["step 0", "step 1"])
    top = np.asarray(first).shape[0] - 26
    assert (np.asarray(first)[:top] == np.asarray(second)[:top]).all()
    assert (np.asarray(first)[top:] != np.asarray(second)[top:]).any()
    assert still(first) == still(again)
    assert Image.open(io.BytesIO(still(first))).format == "PNG"
