"""Superpixels are connected regions of like colour, the same each time."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from skimage.measure import label
from torch import Tensor, nn

from cvexplore.attribution import Asked, Doubt, Structure, method
from cvexplore.attribution.superpixels import superpixels
from cvexplore.plugins import Choice


def asked_of(pixels: Tensor) -> Asked:
    channels = pixels.shape[1]
    return Asked(nn.Identity(), pixels, 0, mean=(0.0,) * channels, std=(1.0,) * channels)


def noise(channels: int, side: int) -> Tensor:
    return torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(0))


def halves(side: int) -> Tensor:
    pixels = torch.zeros(1, 3, side, side)
    pixels[:, 0, :, : side // 2] = 1
    return pixels


@pytest.mark.parametrize(
    "pixels", [noise(3, 64), noise(1, 28), halves(64), torch.ones(1, 3, 40, 56)]
)
def test_every_pixel_has_a_number_without_gaps_and_each_number_is_one_piece(pixels: Tensor) -> None:
    found = superpixels(asked_of(pixels), 30)
    assert found.shape == (1, 1, *pixels.shape[-2:])
    assert found.dtype == torch.int64
    numbers = found.unique()
    assert torch.equal(numbers, torch.arange(len(numbers)))
    assert 15 <= len(numbers) <= 45
    for number in numbers:
        pieces: Any = label((found[0, 0] == number).numpy(), connectivity=1)
        assert pieces.max() == 1


def test_no_region_lies_on_both_sides_of_an_edge() -> None:
    found = superpixels(asked_of(halves(64)), 20)[0, 0]
    assert not set(found[:, :32].unique().tolist()) & set(found[:, 32:].unique().tolist())


def test_a_small_image_is_cut_into_no_more_than_makes_sense() -> None:
    assert superpixels(asked_of(noise(1, 28)), 300).max() < 60
    assert superpixels(asked_of(noise(3, 8)), 300).max() < 8


def test_the_same_image_gives_the_same_regions() -> None:
    one, two = (superpixels(asked_of(noise(3, 48)), 25) for _ in range(2))
    assert torch.equal(one, two)


def test_too_few_sets_are_doubted_and_the_mend_is_not() -> None:
    def said(choice: Choice) -> Iterator[Doubt]:
        return method(choice).doubts(asked_of(noise(3, 48)), Structure())

    (doubt,) = said(Choice("LIME", {"samples": 50, "regions": 40}))
    assert doubt.mend is not None
    assert not list(said(doubt.mend))
