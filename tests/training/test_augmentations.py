"""Augmentations: right for given numbers, and the right numbers are drawn."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp, kstest
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional

from cvexplore.training.augmentations import (
    AUGMENTATIONS,
    Pictures,
    geometric,
    kind,
    mixing,
    occlusion,
    photometric,
    rectangles,
)

SOME = torch.Generator().manual_seed(3)
NAMES = sorted(AUGMENTATIONS)
BILINEAR = InterpolationMode.BILINEAR


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(count: int = 8, channels: int = 3, size: int = 20) -> Pictures:
    levels = torch.randint(256, (count, channels, size, size), generator=seeded(count))
    return Pictures(levels.float() / 255, torch.arange(count) % 10)


def between(low: float, high: float, count: int = 8) -> torch.Tensor:
    return torch.rand(count, generator=SOME) * (high - low) + low


def close(mine: torch.Tensor, theirs: list[torch.Tensor]) -> None:
    torch.testing.assert_close(mine, torch.stack(theirs), atol=1e-5, rtol=0)


# ------------------------------------------------------------------ what all have in common


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_at_no_strength_a_picture_stays_as_it_is(name: str, channels: int) -> None:
    given = batch(channels=channels)
    assert torch.equal(AUGMENTATIONS[name](given, seeded(), 0.0).images, given.images)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_generator_gives_the_same_pictures_and_another_does_not(
    name: str, channels: int
) -> None:
    augment, given = AUGMENTATIONS[name], batch(64, channels)
    first, again, other = (augment(given, seeded(seed), 1.0) for seed in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert first.images.shape == given.images.shape
    assert 0 <= first.images.min() <= first.images.max() <= 1 + 1e-6
    grey = channels == 1 and name in ("colour", "grayscale")
    assert torch.equal(first.images, other.images) == grey


@pytest.mark.parametrize("name", NAMES)
def test_what_is_given_is_not_overwritten_and_torchs_own_numbers_are_left_alone(name: str) -> None:
    given, state = batch(), torch.get_rng_state()
    before = given.images.clone()
    AUGMENTATIONS[name](given, seeded(), 1.0)
    assert torch.equal(given.images, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_each_has_a_kind_and_a_form_reads_them_without_torch() -> None:
    assert {kind(name) for name in NAMES} == {
        *("geometric", "photometric", "occlusion", "mixing", "policies"),
    }
    code = (
        "import sys; from cvexplore.training.augmentations import AUGMENTATIONS as a; "
        "[a.options(n) for n in a]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------ equal to torchvision's


def test_moved_pictures_are_torchvisions() -> None:
    images = batch().images
    degrees, scale, shear = between(-60, 60), between(0.7, 1.3), between(-20, 20)
    across, down = between(-5, 5).round(), between(-5, 5).round()
    mine = geometric.warped(images, geometric.inverses(degrees, across, down, scale, shear))
    numbers = zip(images, degrees, across, down, scale, shear, strict=True)
    close(
        mine,
        [
            functional.affine(
                image, float(d), [float(x), float(y)], float(s), [float(h), 0.0], BILINEAR
            )
            for image, d, x, y, s, h in numbers
        ],
    )


def test_an_enlarged_part_is_torchvisions_resized_crop() -> None:
    images, tall, wide = batch().images, between(1, 20).round(), between(1, 20).round()
    top, left = ((between(0, 1) * (21 - side)).floor() for side in (tall, wide))
    mine = geometric.enlarged(images, top, left, tall, wide)
    numbers = zip(images, top.int(), left.int(), tall.int(), wide.int(), strict=True)
    close(
        mine,
        [
            functional.resized_crop(image, *map(int, corners), [20, 20])
            for image, *corners in numbers
        ],
    )


def test_a_crop_is_that_of_the_padded_picture() -> None:
    images, top, left = batch().images, torch.arange(8) % 7, torch.arange(8) % 5
    mine = geometric.cropped(images, 3, top, left)
    padded = functional.pad(images, [3])
    for place in range(8):
        y, x = int(top[place]), int(left[place])
        assert torch.equal(mine[place], padded[place, :, y : y + 20, x : x + 20])


@pytest.mark.parametrize("channels", [1, 3])
def test_light_and_contrast_are_torchvisions(channels: int) -> None:
    images, factors = batch(channels=channels).images, between(0.3, 1.7)
    for mine, theirs in (
        (photometric.brightened, functional.adjust_brightness),
        (photometric.contrasted, functional.adjust_contrast),
    ):
        pairs = zip(images, factors, strict=True)
        close(mine(images, factors), [theirs(image, float(f)) for image, f in pairs])


def test_colours_are_torchvisions() -> None:
    images, factors, turns = batch().images, between(0.3, 1.7), between(-0.5, 0.5)
    images[0] = 0.5  # grey has no hue
    pairs = list(zip(images, factors, turns, strict=True))
    close(
        photometric.saturated(images, factors),
        [functional.adjust_saturation(image, float(f)) for image, f, _ in pairs],
    )
    close(
        photometric.hue_turned(images, turns),
        [functional.adjust_hue(image, float(t)) for image, _, t in pairs],
    )
    grey = functional.rgb_to_grayscale(images)
    torch.testing.assert_close(photometric.lightness(images), grey, atol=1e-6, rtol=0)


def test_a_blur_is_torchvisions() -> None:
    images, deviations = batch().images, between(0.1, 3.0)
    pairs = zip(images, deviations, strict=True)
    mine = photometric.blurred(images, deviations, 4)
    close(mine, [functional.gaussian_blur(image, [9, 9], [float(d)]) for image, d in pairs])


def test_policies_are_torchvisions_and_a_strength_is_the_share_they_change() -> None:
    given = batch(200, size=8)
    changed = AUGMENTATIONS["trivial_augment"](given, seeded(), 1.0).images != given.images
    some = AUGMENTATIONS["trivial_augment"](given, seeded(), 0.3).images != given.images
    shares = [float(each.flatten(1).any(1).float().mean()) for each in (changed, some)]
    assert shares[1] == pytest.approx(0.3 * shares[0], abs=0.1)
    one = Pictures(given.images[:1], given.labels[:1])
    random = seeded(5)
    torch.rand(1, generator=random)  # whether it is changed
    seed = int(torch.randint(2**62, (), generator=random))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        theirs = v2.RandAugment(2, 9)(one.images[0].mul(255).round().to(torch.uint8))
    mine = AUGMENTATIONS["rand_augment"](one, seeded(5), 1.0).images[0]
    assert torch.equal(mine, theirs.float() / 255)


# ------------------------------------------------------------------ the same distributions


def test_half_of_the_pictures_are_mirrored_and_the_strength_scales_that() -> None:
    given = batch(2000, 1, 2)
    for name, axis in (("horizontal_flip", 3), ("vertical_flip", 2)):
        for strength in (1.0, 0.4):
            images = AUGMENTATIONS[name](given, seeded(), strength).images
            mirrored = (images == given.images.flip(axis)).flatten(1).all(1)
            assert float(mirrored.float().mean()) == pytest.approx(0.5 * strength, abs=0.04)


@pytest.mark.parametrize(
    ("area", "aspect", "largest", "theirs"),
    [
        ((0.3, 1.0), (0.75, 4 / 3), 24, v2.RandomResizedCrop(24, (0.3, 1.0), (0.75, 4 / 3))),
        ((0.02, 0.33), (0.3, 3.3), 23, v2.RandomErasing(1.0, (0.02, 0.33), (0.3, 3.3))),
    ],
)
def test_rectangles_are_drawn_as_torchvision_draws_them(
    area: tuple, aspect: tuple, largest: int, theirs: v2.Transform
) -> None:
    count = 1500
    given = batch(count, 1, 24)
    tall, wide, fits = rectangles.drawn_sides(given, area, aspect, (largest,) * 2, seeded())
    assert fits.all()
    top, left = rectangles.drawn_corner(given, (tall, wide), seeded(1))
    with torch.random.fork_rng():
        torch.manual_seed(2)
        drawn = [theirs.make_params([given.images[0]]) for _ in range(count)]
    names = {"height": tall, "width": wide, "top": top, "left": left}
    if "i" in drawn[0]:
        names = {"h": tall, "w": wide, "i": top, "j": left}
    for name, mine in names.items():
        assert ks_2samp(mine.numpy(), [each[name] for each in drawn]).pvalue > 1e-3


def test_a_colours_factors_are_even_between_their_ends() -> None:
    given = Pictures(torch.full((3000, 1, 2, 2), 0.5), torch.zeros(3000, dtype=torch.int64))
    images = AUGMENTATIONS["brightness"](given, seeded(), 0.5, most=0.4).images
    factors = images[:, 0, 0, 0] / 0.5
    assert kstest(factors.numpy(), "uniform", (0.8, 0.4)).pvalue > 1e-3


def test_shifts_are_whole_pixels_up_to_the_border_all_alike_likely() -> None:
    dot = torch.zeros(4000, 1, 9, 9)
    dot[:, :, 4, 4] = 1
    given = Pictures(dot, torch.zeros(4000, dtype=torch.int64))
    moved = AUGMENTATIONS["crop"](given, seeded(), 1.0, padding=2).images.sum((0, 1))
    assert torch.all(moved[2:7, 2:7] > 100)
    assert float(moved.sum()) == float(moved[2:7, 2:7].sum()) == 4000


def test_noise_has_its_deviation() -> None:
    given = Pictures(torch.full((50, 3, 20, 20), 0.5), torch.zeros(50, dtype=torch.int64))
    noisy = AUGMENTATIONS["noise"](given, seeded(), 0.5, deviation=0.1).images
    assert float(noisy.std()) == pytest.approx(0.05, rel=0.03)
    assert float(noisy.mean()) == pytest.approx(0.5, abs=0.002)


# ------------------------------------------------------------------ what is covered


@pytest.mark.parametrize("fill", ["black", "mean", "noise"])
def test_cutout_covers_one_square_cut_off_at_the_edges(fill: occlusion.Fill) -> None:
    given = batch(100)
    images = AUGMENTATIONS["cutout"](given, seeded(), 1.0, side=0.3, fill=fill).images
    for before, after in zip(given.images, images, strict=True):
        rows, columns = (before != after).any(0).nonzero().T
        assert rows.max() - rows.min() < 6
        assert columns.max() - columns.min() < 6
        assert 3 * 3 <= len(rows.unique()) * len(columns.unique()) <= 6 * 6
        hidden = after[:, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        if fill != "noise":
            colour = 0 * before.mean((1, 2)) if fill == "black" else before.mean((1, 2))
            torch.testing.assert_close(hidden, colour[:, None, None].expand_as(hidden))


# ------------------------------------------------------------------ mixing


def test_mixup_mixes_pictures_and_labels_in_the_same_shares() -> None:
    given = batch(16)
    mixed = AUGMENTATIONS["mixup"](given, seeded(), 1.0)
    assert mixed.others is not None
    assert mixed.shares is not None
    for place in range(16):  # all are mixed, each with the one before
        share, partner = float(mixed.shares[place]), (place - 1) % 16
        expected = share * given.images[place] + (1 - share) * given.images[partner]
        torch.testing.assert_close(mixed.images[place], expected)
        assert mixed.labels[place] == given.labels[place]
        assert mixed.others[place] == given.labels[partner]


def test_cutmix_gives_labels_the_shares_of_the_areas() -> None:
    given = batch(64)
    mixed = AUGMENTATIONS["cutmix"](given, seeded(), 1.0)
    assert mixed.others is not None
    assert mixed.shares is not None
    for place in range(64):
        own = partner = 0
        for y in range(20):
            for x in range(20):
                pixel = mixed.images[place, :, y, x]
                own += torch.equal(pixel, given.images[place, :, y, x])
                partner += torch.equal(pixel, given.images[(place - 1) % 64, :, y, x])
        assert own + partner == 400
        assert float(mixed.shares[place]) == pytest.approx(own / 400, abs=1e-6)
        assert mixed.others[place] == given.labels[(place - 1) % 64]


@pytest.mark.parametrize("alpha", [0.2, 1.0, 2.0])
def test_shares_follow_a_beta_distribution(alpha: float) -> None:
    drawn = mixing.drawn_shares(batch(3000, 1, 1), alpha, seeded())
    assert kstest(np.float64(drawn.numpy()), "beta", (alpha, alpha)).pvalue > 1e-3


def test_a_picture_is_mixed_once_and_only_with_one_that_was_not() -> None:
    given = batch(200, 1, 6)
    first = AUGMENTATIONS["mixup"](given, seeded(), 1.0, share=0.5)
    second = AUGMENTATIONS["cutmix"](first, seeded(1), 1.0)
    assert first.shares is not None
    assert second.shares is not None
    assert second.others is not None
    mixed = first.shares < 1
    assert 60 < int(mixed.sum()) < 140
    assert torch.equal(second.images[mixed], first.images[mixed])
    assert torch.equal(second.shares[mixed], first.shares[mixed])
    for place in (~mixed).nonzero()[:, 0].tolist():  # made of clean pictures of these two classes
        classes = {int(second.labels[place]), int(second.others[place])}
        for pixel in second.images[place].flatten(1).T:
            sources = (given.images.flatten(2) == pixel[None, :, None]).any(2).any(1) & ~mixed
            assert classes & set(given.labels[sources].tolist())


def test_mixing_at_half_the_strength_mixes_half_of_the_pictures() -> None:
    mixed = AUGMENTATIONS["mixup"](batch(1000, 1, 2), seeded(), 0.5, alpha=1.0)
    assert mixed.shares is not None
    assert float((mixed.shares < 1).float().mean()) == pytest.approx(0.5, abs=0.05)
