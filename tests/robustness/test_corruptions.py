"""Corruptions, held against the libraries and formulas the benchmark's authors name."""

import io
from itertools import pairwise

import numpy as np
import pytest
import skimage.color
import skimage.filters
import torch
from PIL import Image
from torch import Tensor

from cvexplore import images
from cvexplore.errors import OptionError, UnknownName
from cvexplore.robustness import CORRUPTIONS, STRENGTHS, corrupt
from cvexplore.robustness.corruptions import disk, table


def photo(side: int = 224, mode: str = "RGB") -> Tensor:
    square = images.crop(images.sample_image("chelsea"), images.Preparation(image_size=side))
    array = np.array(square.convert(mode))
    return torch.from_numpy(array).view(side, side, -1).permute(2, 0, 1)[None].float() / 255


def picture(pixels: Tensor) -> Image.Image:
    array = (pixels[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array)


def pixels_of(opened: Image.Image) -> Tensor:
    array = np.array(opened)
    return torch.from_numpy(array).view(*array.shape[:2], -1).permute(2, 0, 1)[None].float() / 255


def noise_ratio(pixels: Tensor, changed: Tensor) -> float:
    """Return the peak signal-to-noise ratio, in decibels."""
    return float(-10 * (pixels - changed).square().mean().log10())


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("side", [32, 64, 224])
@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_each_strength_leaves_less_of_the_image(name: str, side: int, mode: str) -> None:
    pixels = photo(side, mode)
    kept = pixels.clone()
    changed = [corrupt(name, pixels, strength) for strength in (1, 2, 3, 4, 5)]
    assert torch.equal(pixels, kept)
    assert all(each.shape == pixels.shape and each.dtype == pixels.dtype for each in changed)
    assert all(((each >= 0) & (each <= 1)).all() for each in changed)
    ratios = [noise_ratio(pixels, each) for each in changed]
    slack = 0.2 if name == "pixelate" else 0  # 31 pixels for 32 blur as much as 28 do
    assert all(weaker > stronger - slack for weaker, stronger in pairwise(ratios))
    assert ratios[-1] < ratios[0] - 1


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_an_image_comes_out_the_same_alone_and_in_a_batch(name: str) -> None:
    torch.manual_seed(0)
    two = torch.cat([photo(64), photo(64).flip(3)])
    state = torch.random.get_rng_state()
    together = corrupt(name, two, 3)
    alone = torch.cat([corrupt(name, two[1:], 3), corrupt(name, two[:1], 3)]).flip(0)
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(("side", "size"), [(8, 32), (28, 32), (44, 32), (46, 64), (56, 64),
                                            (96, 64), (128, 224), (384, 224)])  # fmt: skip
def test_the_table_is_that_of_the_nearest_size(side: int, size: int) -> None:
    assert table(side) == size


def test_every_table_has_five_strengths_for_each_corruption() -> None:
    assert set(STRENGTHS) == set(CORRUPTIONS)
    for tables in STRENGTHS.values():
        assert set(tables) == {32, 64, 224}
        assert all(len(amounts) == 5 for amounts in tables.values())


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(("strength", "quality"), [(1, 25), (3, 15), (5, 7)])
def test_jpeg_is_pillows_own(mode: str, strength: int, quality: int) -> None:
    pixels = photo(mode=mode)
    file = io.BytesIO()
    picture(pixels).save(file, "JPEG", quality=quality)
    assert torch.equal(corrupt("jpeg", pixels, strength), pixels_of(Image.open(file)))


def test_pixelate_shows_the_mean_of_each_square() -> None:
    pixels = photo()
    coarse = corrupt("pixelate", pixels, 5)  # a quarter of the sides: squares of 4 pixels
    squares = coarse.unfold(2, 4, 4).unfold(3, 4, 4)
    assert (squares == squares[..., :1, :1]).all()
    means = pixels.unfold(2, 4, 4).unfold(3, 4, 4).mean((-1, -2))
    assert ((squares[..., 0, 0] - means).abs() * 255 <= 1.01).all()  # Pillow rounds twice


@pytest.mark.parametrize("strength", [1, 3, 5])
def test_brightness_adds_to_the_value_of_hsv(strength: int) -> None:
    pixels = photo()
    pixels[..., :8, :8] = 0  # black has no hue
    hsv = skimage.color.rgb2hsv(pixels[0].permute(1, 2, 0).double().numpy())
    hsv[..., 2] = np.clip(hsv[..., 2] + strength / 10, 0, 1)
    expected = torch.from_numpy(skimage.color.hsv2rgb(hsv)).permute(2, 0, 1)[None].float()
    torch.testing.assert_close(corrupt("brightness", pixels, strength), expected, atol=1e-5, rtol=0)


def test_brightness_of_grey_is_added_to_each_pixel() -> None:
    pixels = photo(mode="L")
    expected = (pixels + 0.3).clamp(max=1)
    torch.testing.assert_close(corrupt("brightness", pixels, 3), expected)


@pytest.mark.parametrize(("strength", "deviation"), [(1, 1), (3, 3), (5, 6)])
def test_gaussian_blur_is_scikit_images(strength: int, deviation: float) -> None:
    pixels = photo()
    array = pixels[0].permute(1, 2, 0).numpy()
    expected = skimage.filters.gaussian(array, sigma=deviation, channel_axis=-1)
    blurred = corrupt("gaussian blur", pixels, strength)[0].permute(1, 2, 0)
    torch.testing.assert_close(blurred, torch.from_numpy(expected), atol=1e-5, rtol=0)


def test_defocus_spreads_a_point_over_a_disk() -> None:
    pixels = torch.zeros(1, 1, 224, 224)
    pixels[..., 112, 112] = 1
    spread = corrupt("defocus blur", pixels, 4)[0, 0]  # radius 8
    rows, columns = torch.meshgrid(*[torch.arange(224.0) - 112] * 2, indexing="ij")
    away = (rows**2 + columns**2).sqrt()
    assert float(spread.sum()) == pytest.approx(1, abs=1e-4)
    inner = spread[away <= 6]
    assert torch.allclose(inner, inner[0].expand_as(inner))
    assert float(inner[0]) == pytest.approx(1 / float((away <= 8).sum()), rel=1e-4)
    assert (spread[away > 8 + 2**0.5] == 0).all()


def test_a_disk_is_the_same_from_every_side_and_sums_to_one() -> None:
    for lenses in STRENGTHS["defocus blur"].values():
        for lens in lenses:
            kernel = disk(*lens)
            assert float(kernel.sum()) == pytest.approx(1, abs=1e-5)
            for turned in (kernel.T, kernel.flip(0), kernel.flip(1)):
                torch.testing.assert_close(kernel, turned)


def test_contrast_keeps_the_mean_and_shrinks_what_differs_from_it() -> None:
    pixels = photo()
    flat = corrupt("contrast", pixels, 2)
    torch.testing.assert_close(flat.mean((2, 3)), pixels.mean((2, 3)), atol=1e-4, rtol=0)
    torch.testing.assert_close(flat.std((2, 3)), 0.3 * pixels.std((2, 3)), atol=1e-4, rtol=0)


def test_noise_has_the_deviation_and_the_mean_it_promises() -> None:
    grey = torch.full((1, 3, 224, 224), 0.5)
    added = corrupt("gaussian noise", grey, 2) - grey
    assert float(added.std()) == pytest.approx(0.12, rel=0.01)
    assert float(added.mean()) == pytest.approx(0, abs=0.002)
    shots = corrupt("shot noise", grey, 1)
    assert float(shots.mean()) == pytest.approx(0.5, abs=0.002)
    assert float(shots.var()) == pytest.approx(0.5 / 60, rel=0.02)  # Poisson: as large as its mean
    assert torch.allclose(shots * 60, (shots * 60).round(), atol=1e-4)


def test_two_images_have_two_noises() -> None:
    one, other = photo(), photo().flip(3)
    first, second = (corrupt("gaussian noise", each, 1) - each for each in (one, other))
    assert not torch.allclose(first, second, atol=0.01)


def test_what_is_no_corruption_no_strength_or_no_picture_is_refused() -> None:
    pixels = photo(32)
    with pytest.raises(UnknownName, match="jpeg"):
        corrupt("jpg", pixels, 1)
    with pytest.raises(OptionError, match="strength"):
        corrupt("jpeg", pixels, 0)
    with pytest.raises(OptionError, match="channels"):
        corrupt("jpeg", pixels[:, :2], 1)
