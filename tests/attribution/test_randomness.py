"""Seeded chance: the same numbers whatever other threads draw, and nothing global changed."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from captum.attr import KernelShap, Lime
from torch import Tensor

from cvexplore.attribution.randomness import seeded

DRAWS: dict[str, Callable[[], Tensor]] = {
    "rand": lambda: torch.rand(20),
    "randn": lambda: torch.randn((4, 5)),
    "randint": lambda: torch.randint(1000, (20,)),
    "randperm": lambda: torch.randperm(20),
    "randn_like": lambda: torch.randn_like(torch.zeros(20)),
    "normal": lambda: torch.normal(0, torch.ones(20)),
    "bernoulli": lambda: torch.bernoulli(torch.full((40,), 0.5)),
    "multinomial": lambda: torch.multinomial(torch.ones(40), 20),
    "uniform_": lambda: torch.zeros(20).uniform_(),
    "normal_": lambda: torch.zeros(20).normal_(),
    "Categorical": lambda: torch.distributions.Categorical(torch.ones(50)).sample((20,)),
    "Normal": lambda: torch.distributions.Normal(0.0, 1.0).sample((20,)),
    "Gamma": lambda: torch.distributions.Gamma(1.0, 1.0).sample((20,)),
    "initialisation": lambda: torch.nn.init.trunc_normal_(torch.zeros(20)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_draw_comes_from_the_seed_and_leaves_the_generators_of_the_process(
    draw: Callable[[], Tensor],
) -> None:
    before, ours = torch.get_rng_state(), []
    for seed in (1, 1, 2):
        with seeded(seed):
            ours.append(draw())
    assert torch.equal(ours[0], ours[1])
    assert not torch.equal(ours[0], ours[2])
    assert torch.equal(before, torch.get_rng_state())


def test_a_generator_that_is_given_stays_in_use() -> None:
    with seeded(1):
        drawn = torch.rand(5, generator=torch.Generator().manual_seed(7))
    assert torch.equal(drawn, torch.rand(5, generator=torch.Generator().manual_seed(7)))


def test_numbers_go_on_and_do_not_repeat() -> None:
    with seeded(1):
        assert not torch.equal(torch.rand(5), torch.rand(5))


def test_after_it_the_process_draws_as_if_nothing_had_happened() -> None:
    state = torch.get_rng_state()
    expected = torch.rand(5)
    torch.set_rng_state(state)
    with seeded(1):
        torch.rand(100)
    assert torch.equal(torch.rand(5), expected)


@pytest.mark.parametrize("library", [Lime, KernelShap])
def test_captum_finds_the_same_while_another_thread_draws_and_seeds(
    library: type[Lime] | type[KernelShap],
) -> None:
    weights = torch.arange(16.0)

    def score(images: Tensor) -> Tensor:
        return (images.flatten(1) * weights).sum(1).sin()

    def attributed() -> Tensor:
        with seeded(3):
            return library(score).attribute(torch.ones(1, 16), n_samples=30)

    quiet = attributed()
    ended = threading.Event()

    def disturb() -> None:
        while not ended.is_set():
            torch.manual_seed(0)
            torch.rand(7)

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        assert all(torch.equal(attributed(), quiet) for _ in range(5))
    finally:
        ended.set()
        disturbing.join()


def test_numpy_is_left_alone() -> None:
    np.random.seed(0)
    expected = np.random.rand(3)
    np.random.seed(0)
    with seeded(1):
        found = np.random.rand(3)
    assert (found == expected).all()
