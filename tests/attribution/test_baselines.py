"""Baselines are made of pixels: what the network takes is those, normalised."""

from typing import get_args

import pytest
import torch
from torch import Tensor

from cvexplore.attribution import Asked
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline

KINDS = get_args(Baseline)
PLAIN = {"black": 0.0, "grey": 0.5, "white": 1.0}


def asked(channels: int = 3) -> Asked:
    pixels = torch.rand(1, channels, 20, 30, generator=torch.Generator().manual_seed(0))
    mean, std = (0.1, 0.5, 0.9)[:channels], (0.3, 0.2, 0.1)[:channels]
    question = Asked(torch.nn.Identity(), pixels, 0, mean, std)
    return question.of(image=question.normalised(pixels))


def pixels(kind: Baseline, channels: int = 3) -> Tensor:
    question = asked(channels)
    return question.pixels(baseline(question, kind))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_baseline_is_an_image_of_allowed_pixels(kind: Baseline, channels: int) -> None:
    found = pixels(kind, channels)
    assert found.shape == (1, channels, 20, 30)
    assert found.min() > -1e-6
    assert found.max() < 1 + 1e-6


@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_baseline_has_one_colour(kind: Baseline) -> None:
    torch.testing.assert_close(pixels(kind), torch.full((1, 3, 20, 30), PLAIN[kind]))


def test_the_mean_colour_is_the_images() -> None:
    image = asked().pixels()
    torch.testing.assert_close(pixels("mean")[0, :, 4, 7], image[0].flatten(1).mean(1))


def test_a_blurred_image_keeps_its_colours_and_loses_its_contrast() -> None:
    image, blurred = asked().pixels(), pixels("blurred")
    torch.testing.assert_close(blurred.mean((2, 3)), image.mean((2, 3)), atol=0.02, rtol=0)
    assert blurred.std() < image.std() / 2


def test_noise_is_drawn_from_its_seed_and_from_nothing_else() -> None:
    before = torch.get_rng_state()
    first, again, other = (baseline(asked(), "noise", seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())
