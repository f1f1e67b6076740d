"""Whatever order a layer holds its features in, each value comes to its channel, row and column."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from cvexplore.errors import LayerError
from cvexplore.interpret.layout import lay_out

SIDES = [(4, 4), (4, 6), (6, 4)]  # of the maps; each stands for eight pixels of the image
CHANNELS = 11
PREFIX = 2


def numbered(batch: int, height: int, width: int) -> Tensor:
    """Return maps in which no two values are alike, so each says where it belongs."""
    count = batch * CHANNELS * height * width
    return torch.arange(count, dtype=torch.float32).reshape(batch, CHANNELS, height, width)


def channels_first(maps: Tensor) -> Tensor:
    return maps


def channels_last(maps: Tensor) -> Tensor:
    batch, channels, height, width = maps.shape
    found = torch.empty(batch, height, width, channels)
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                found[:, row, column, channel] = maps[:, channel, row, column]
    return found


def tokens(maps: Tensor) -> Tensor:
    batch, channels, height, width = maps.shape
    found = torch.empty(batch, height * width, channels)
    for row in range(height):
        for column in range(width):
            found[:, row * width + column] = maps[:, :, row, column]
    return found


def tokens_first(maps: Tensor) -> Tensor:
    return torch.stack([tokens(maps)[:, place] for place in range(maps[0, 0].numel())])


def windows(maps: Tensor) -> Tensor:
    """Cut maps into windows of 2 × 2 places. Shape: (B, windows, 4, C)"""
    batch, channels, height, width = maps.shape
    found = torch.empty(batch, height * width // 4, 4, channels)
    for row in range(height):
        for column in range(width):
            window = (row // 2) * (width // 2) + column // 2
            found[:, window, (row % 2) * 2 + column % 2] = maps[:, :, row, column]
    return found


def windows_as_batch(maps: Tensor) -> Tensor:
    return torch.cat(list(windows(maps)))


def windows_as_squares(maps: Tensor) -> Tensor:
    return torch.stack([window.reshape(2, 2, CHANNELS) for window in windows_as_batch(maps)])


ORDERS: tuple[Callable[[Tensor], Tensor], ...] = (
    channels_first,
    channels_last,
    tokens,
    windows_as_batch,
    windows_as_squares,
)


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.__name__)
def test_every_order_comes_back_as_maps(
    order: Callable[[Tensor], Tensor], batch: int, sides: tuple[int, int]
) -> None:
    maps = numbered(batch, *sides)
    laid = lay_out(order(maps), "layer", (batch, 3, sides[0] * 8, sides[1] * 8))
    assert torch.equal(laid.maps, maps)
    assert laid.extra.shape == (batch, 0, CHANNELS)


# As few windows as tokens in a window, (B, 4, 4, C), cannot be told from channels that stand last.
@pytest.mark.parametrize("sides", [(8, 8), (8, 12), (12, 8)], ids=str)
@pytest.mark.parametrize("batch", [1, 3])
def test_windows_with_an_axis_of_their_own_are_laid_side_by_side(
    batch: int, sides: tuple[int, int]
) -> None:
    maps = numbered(batch, *sides)
    laid = lay_out(windows(maps), "layer", (batch, 3, sides[0] * 8, sides[1] * 8))
    assert torch.equal(laid.maps, maps)


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("batch", [2, 3])
def test_tokens_that_come_before_the_batch_come_back(batch: int, sides: tuple[int, int]) -> None:
    maps = numbered(batch, *sides)
    laid = lay_out(tokens_first(maps), "layer", (batch, 3, sides[0] * 8, sides[1] * 8))
    assert torch.equal(laid.maps, maps)


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("batch", [1, 3])
def test_tokens_that_stand_for_no_place_are_kept_apart(batch: int, sides: tuple[int, int]) -> None:
    maps, before = numbered(batch, *sides), -torch.rand(batch, PREFIX, CHANNELS)
    images = (batch, 3, sides[0] * 8, sides[1] * 8)
    laid = lay_out(torch.cat([before, tokens(maps)], 1), "layer", images, PREFIX)
    assert torch.equal(laid.maps, maps)
    assert torch.equal(laid.extra, before)


def test_a_layer_of_a_network_with_prefix_tokens_that_has_none_is_still_laid_out() -> None:
    maps = numbered(2, 4, 4)
    laid = lay_out(tokens(maps), "layer", (2, 3, 32, 32), PREFIX)
    assert torch.equal(laid.maps, maps)
    assert laid.extra.shape == (2, 0, CHANNELS)


def test_sides_that_were_rounded_up_are_still_those_of_the_image() -> None:
    maps = numbered(2, 7, 4)  # of an image of 50 × 32: 6.25 rows
    assert torch.equal(lay_out(maps, "layer", (2, 3, 50, 32)).maps, maps)
    assert torch.equal(lay_out(channels_last(maps), "layer", (2, 3, 50, 32)).maps, maps)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_vector_is_one_point_a_channel(batch: int) -> None:
    vectors = torch.rand(batch, CHANNELS)
    laid = lay_out(vectors, "layer", (batch, 3, 32, 48))
    assert laid.maps.shape == (batch, CHANNELS, 1, 1)
    assert torch.equal(laid.maps[:, :, 0, 0], vectors)


@pytest.mark.parametrize(
    "shape",
    [
        (2,),  # a number an image
        (3, 5),  # vectors of three images, when there were two
        (2, 17, 5),  # tokens of no grid
        (2, 5, 4, 7),  # neither side is the image's aspect
        (3, 5, 4, 4),  # maps of three images
        (2, 3, 4, 4, 5),  # too many axes
    ],
    ids=str,
)
def test_what_is_not_maps_of_the_images_is_said(shape: tuple[int, ...]) -> None:
    with pytest.raises(LayerError, match="layer returns"):
        lay_out(torch.zeros(shape), "layer", (2, 3, 32, 32))
