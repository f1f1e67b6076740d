"""Changes do what a plain computation does, and nothing at the strength that changes nothing."""

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from cvexplore.interpret.changes import (
    CHANGES,
    Blur,
    Change,
    Motion,
    Occlude,
    Recolour,
    Rotate,
    Scale,
    Shift,
    moved,
    stops,
    strength,
)

SQUARE = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
MEAN = SQUARE.mean((2, 3), keepdim=True)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_without_strength_gives_the_very_image(name: str) -> None:
    change = CHANGES[name]()
    assert change(SQUARE) is SQUARE
    assert strength(change) in stops(CHANGES.options(name)[0], 224)


@pytest.mark.parametrize("name", CHANGES)
def test_every_strength_changes_the_image_and_leaves_the_original(name: str) -> None:
    first = CHANGES.options(name)[0]
    before = SQUARE.clone()
    for value in stops(first, 32):
        changed = CHANGES[name](**{first.name: value})(SQUARE)
        assert changed.shape == SQUARE.shape
        assert changed.isfinite().all()
        assert torch.equal(changed, SQUARE) == (value == first.default)
    assert torch.equal(SQUARE, before)


def test_a_shift_moves_pixels_and_fills_with_the_mean_colour() -> None:
    changed = Shift(right=3, down=5)(SQUARE)
    truth = MEAN.expand_as(SQUARE).clone()
    for row in range(5, 32):
        for column in range(3, 32):
            truth[..., row, column] = SQUARE[..., row - 5, column - 3]
    torch.testing.assert_close(changed, truth, atol=1e-4, rtol=0)


def test_a_quarter_turn_is_that_of_torch() -> None:
    torch.testing.assert_close(Rotate(angle=90)(SQUARE), SQUARE.rot90(1, (2, 3)), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("change", "turn", "factor"), [(Rotate(angle=30), 30, 1.0), (Scale(factor=1.5), 0, 1.5)]
)
def test_turning_and_scaling_are_those_of_torchvision(
    change: Change, turn: float, factor: float
) -> None:
    truth = transforms.affine(
        SQUARE, -turn, [0, 0], factor, [0, 0], transforms.InterpolationMode.BILINEAR
    )
    inner = (..., slice(8, 24), slice(8, 24))
    torch.testing.assert_close(change(SQUARE)[inner], truth[inner], atol=1e-4, rtol=0)


def test_maps_are_moved_by_a_part_of_a_cell() -> None:
    maps = torch.arange(8.0).expand(1, 1, 8, 8)
    arrived, known = moved(maps, Motion(right=2), stride=8)
    torch.testing.assert_close(arrived[0, 0, 3, 1:], torch.arange(1.0, 8) - 0.25)
    assert known[0, 0, 3].tolist() == pytest.approx([0.75] + [1] * 7)


def test_blur_is_a_convolution_with_a_gaussian_over_the_mirrored_image() -> None:
    sigma, reach = 1.5, 5
    bell = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2))
    kernel = torch.outer(bell, bell) / bell.sum() ** 2
    padded = torch.nn.functional.pad(SQUARE, [reach] * 4, mode="reflect")
    truth = torch.zeros_like(SQUARE)
    for row in range(2 * reach + 1):
        for column in range(2 * reach + 1):
            truth += kernel[row, column] * padded[..., row : row + 32, column : column + 32]
    torch.testing.assert_close(Blur(sigma=sigma)(SQUARE), truth, atol=1e-5, rtol=0)


def test_blur_stays_within_a_small_image() -> None:
    assert Blur(sigma=8)(SQUARE[..., :8, :8]).shape == (2, 3, 8, 8)


def test_occlusion_hides_a_grey_square_and_nothing_else() -> None:
    changed = Occlude(size=8, across=25, along=75)(SQUARE)
    truth = SQUARE.clone()
    truth[..., 20:28, 4:12] = 0.5
    assert torch.equal(changed, truth)
    corner = Occlude(size=8, across=0, along=100)(SQUARE)
    assert (corner != SQUARE).any(1)[0].sum() == 16


def grey(squares: Tensor) -> Tensor:
    """Return the luma of ITU-R BT.601."""
    red, green, blue = squares.unbind(1)
    return (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]


def test_recolouring_at_its_ends_is_black_and_grey() -> None:
    assert not Recolour(amount=-100, what="brightness")(SQUARE).any()
    pale = Recolour(amount=-100, what="saturation")(SQUARE)
    torch.testing.assert_close(pale, grey(SQUARE).expand_as(SQUARE), atol=1e-3, rtol=0)
    flat = Recolour(amount=-100, what="contrast")(SQUARE)
    truth = grey(SQUARE).mean((2, 3), keepdim=True)
    torch.testing.assert_close(flat, truth.expand_as(SQUARE), atol=1e-3, rtol=0)


def test_half_the_circle_of_hues_turns_red_into_cyan() -> None:
    red = torch.tensor([1.0, 0, 0])[None, :, None, None].expand(1, 3, 4, 4)
    cyan = torch.tensor([0.0, 1, 1])[None, :, None, None].expand(1, 3, 4, 4)
    torch.testing.assert_close(Recolour(amount=100, what="hue")(red), cyan)
