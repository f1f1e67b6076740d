"""An image made for a channel excites it, is the same for the same seed, and leaves no trace."""

import copy
import functools
import threading

import numpy as np
import pytest
import torch
from torch import nn

from cvexplore import catalog
from cvexplore.errors import LayerError
from cvexplore.interpret.exciting import responses
from cvexplore.interpret.synthesis import Synthesised, as_input, synthesise

LITE0 = "timm/tf_efficientnet_lite0"
GREY = {"side": 21, "mean": (0.0,), "std": (1.0,)}
COLOUR = {"side": 64, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


@functools.cache
def trained() -> nn.Module:
    return catalog.build(LITE0, weights="bundled").eval().requires_grad_(False)


def last_of(*args, **options) -> tuple[float, Synthesised]:
    """Return the value of the noise at the start, and the last image."""
    made = list(synthesise(*args, **options))
    return made[0].value, made[-1]


def test_for_one_filter_the_image_becomes_the_filter() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 3, 7, padding=3)).eval()
    _, made = last_of(model, "0", 1, objective="centre", jitter=0, steps=150, **GREY)
    seen = made.pixels[10 - 3 : 10 + 4, 10 - 3 : 10 + 4, 0].astype(float)
    wanted = model[0].weight[1, 0].detach().numpy()
    assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.8
    other = model[0].weight[2, 0].detach().numpy()
    assert abs(np.corrcoef(seen.ravel(), other.ravel())[0, 1]) < 0.5


def test_for_a_colour_the_image_takes_it() -> None:
    model = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False)).eval()
    model[0].weight.data.copy_(torch.tensor([1.0, -1.0, -1.0])[None, :, None, None])
    _, made = last_of(model, "0", 0, jitter=0, steps=200, **(COLOUR | {"side": 24}))
    red, green, blue = made.pixels.mean((0, 1))
    assert red > green + 50
    assert red > blue + 50


def test_a_trained_channel_is_excited_far_beyond_noise() -> None:
    model = trained()
    noise, made = last_of(model, "blocks.3.1", 7, steps=24, **COLOUR)
    assert made.value > abs(noise) + 5
    image = as_input(made.pixels, COLOUR["mean"], COLOUR["std"])
    random = as_input(
        np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8),
        COLOUR["mean"],
        COLOUR["std"],
    )
    (seen,) = responses(model, "blocks.3.1", [torch.cat([image, random])])
    assert float(seen.mean[0, 7]) > float(seen.mean[1, 7]) + 3


def test_for_a_class_its_probability_rises_to_the_top() -> None:
    model = trained()
    _, made = last_of(model, "", 281, steps=24, **(COLOUR | {"side": 96}))
    with torch.inference_mode():
        scores = model(as_input(made.pixels, COLOUR["mean"], COLOUR["std"]))[0]
    assert int(scores.argmax()) == 281


def test_the_same_seed_makes_the_same_image_and_another_makes_another() -> None:
    options = {"steps": 4, **COLOUR}
    first, again, other = (
        last_of(trained(), "blocks.2.0", 3, seed=seed, **options)[1] for seed in (5, 5, 6)
    )
    assert np.array_equal(first.pixels, again.pixels)
    assert first.value == again.value
    assert not np.array_equal(first.pixels, other.pixels)


def test_the_network_is_left_as_it_was_even_one_that_learns() -> None:
    model = catalog.build("cvexplore/simple_cnn").train()
    before = copy.deepcopy(model.state_dict())
    list(synthesise(model, "features", 0, side=28, mean=(0.13,), std=(0.3,), steps=3))
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    for module in model.modules():
        assert not module._forward_hooks
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


def test_several_can_be_made_at_once_on_one_network() -> None:
    options = {"steps": 3, **COLOUR}
    alone = [last_of(trained(), "blocks.2.0", each, **options)[1].pixels for each in range(3)]
    together: dict[int, np.ndarray] = {}

    def make(channel: int) -> None:
        together[channel] = last_of(trained(), "blocks.2.0", channel, **options)[1].pixels

    threads = [threading.Thread(target=make, args=(each,)) for each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in range(3):
        assert np.array_equal(alone[each], together[each])


def test_stopping_leaves_the_image_of_that_step() -> None:
    whole = list(synthesise(trained(), "blocks.2.0", 3, steps=5, **COLOUR))
    making = synthesise(trained(), "blocks.2.0", 3, steps=5, **COLOUR)
    stopped = [next(making) for _ in range(3)][-1]
    assert stopped.step == 2
    assert np.array_equal(stopped.pixels, whole[2].pixels)
    assert [each.step for each in whole] == list(range(6))


def test_a_silent_unit_is_woken_by_stronger_noise() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3, bias=False), nn.ReLU()).eval()
    model[0].weight.data = torch.tensor([[[[0.0, 0, 0], [-1, 1, 0], [0, 0, 0]]]])
    model[0].bias = nn.Parameter(torch.tensor([-0.3]))  # only a strong edge passes
    noise, made = last_of(model, "1", 0, jitter=0, steps=60, objective="centre", **GREY)
    assert noise == 0
    assert made.value > 0.3


def test_a_channel_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(LayerError, match="no channel 99; choose one of 0 to 23"):
        next(synthesise(trained(), "blocks.1.0", 99, **COLOUR))
