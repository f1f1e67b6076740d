"""Schedules against torch's own schedulers, step by step."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch.optim import Optimizer, lr_scheduler

from cvexplore.errors import OptionError, UnknownName
from cvexplore.plugins import Choice
from cvexplore.training.schedules import SCHEDULES


def rates(name: str, steps: int, losses: Sequence[float] = (), **options: float) -> list[float]:
    schedule = SCHEDULES.bind(Choice(name, options))
    return [schedule(step, steps, losses) for step in range(steps)]


def torch_rates(steps: int, make: Callable[[Optimizer], Any]) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = make(optimizer)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps - 1):
        optimizer.step()
        scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize("steps", [1, 2, 3, 20, 333])
def test_constant_changes_nothing(steps: int) -> None:
    assert rates("constant", steps) == [1.0] * steps


@pytest.mark.parametrize(
    ("steps", "warm_up", "rising"),
    [
        (1, 0.1, 0),
        (2, 0.5, 1),
        (3, 0.1, 0),
        (20, 0.15, 3),
        (30, 0.1, 3),
        (50, 0, 0),
        (333, 0.5, 166),
    ],
)
def test_cosine_is_a_linear_warm_up_and_half_a_cosine(
    steps: int, warm_up: float, rising: int
) -> None:
    def make(optimizer: Optimizer) -> lr_scheduler.LRScheduler:
        if not rising:
            return lr_scheduler.CosineAnnealingLR(optimizer, steps)
        warm = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=rising)
        falling = lr_scheduler.CosineAnnealingLR(optimizer, steps - rising)
        return lr_scheduler.SequentialLR(optimizer, [warm, falling], milestones=[rising])

    expected = torch_rates(steps, make)
    assert rates("cosine", steps, warm_up=warm_up) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 21, 333])  # at 20, torch divides by zero
@pytest.mark.parametrize("warm_up", [0.05, 0.3, 0.77, 0.95])
def test_one_cycle_is_torchs(steps: int, warm_up: float) -> None:
    expected = torch_rates(
        steps,
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, 1.0, total_steps=steps, pct_start=warm_up, cycle_momentum=False
        ),
    )
    assert rates("one_cycle", steps, warm_up=warm_up) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 20, 333])
@pytest.mark.parametrize("final", [0.0001, 0.01, 1.0])
def test_exponential_is_torchs(steps: int, final: float) -> None:
    expected = torch_rates(
        steps, lambda optimizer: lr_scheduler.ExponentialLR(optimizer, final ** (1 / steps))
    )
    assert rates("exponential", steps, final=final) == pytest.approx(expected)


@pytest.mark.parametrize("steps", [1, 2, 3, 20, 333])
@pytest.mark.parametrize("final", [0.0, 0.3, 1.0])
def test_linear_is_torchs(steps: int, final: float) -> None:
    expected = torch_rates(
        steps,
        lambda optimizer: lr_scheduler.LinearLR(
            optimizer, start_factor=1.0, end_factor=final, total_iters=steps
        ),
    )
    assert rates("linear", steps, final=final) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("steps", "drops", "length"),
    [(1, 2, 1), (2, 1, 1), (3, 2, 1), (20, 3, 5), (20, 2, 7), (333, 20, 16)],
)
@pytest.mark.parametrize("factor", [0.1, 0.9])
def test_step_is_torchs(steps: int, drops: int, length: int, factor: float) -> None:
    expected = torch_rates(
        steps, lambda optimizer: lr_scheduler.StepLR(optimizer, length, gamma=factor)
    )
    assert rates("step", steps, drops=drops, factor=factor) == pytest.approx(expected)


LOSSES = {
    "falling": [1 / n for n in range(1, 12)],
    "stalled": [1.0] * 12,
    "hardly better": [1.0 - 0.00009 * n for n in range(12)],
    "just better": [0.9998**n for n in range(12)],
    "up and down": [1.0, 0.5, 0.6, 0.7, 0.4, 0.4, 0.4, 0.39, 0.8, 0.8, 0.8, 0.8, 0.8],
    "not a number": [1.0, math.nan, math.nan, math.nan, math.nan, 0.5, math.inf],
}


@pytest.mark.parametrize("losses", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize(("factor", "patience"), [(0.1, 1), (0.5, 0), (0.9, 3)])
def test_plateau_is_torchs(losses: list[float], factor: float, patience: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience, eps=0)
    plateau = SCHEDULES.bind(Choice("plateau", {"factor": factor, "patience": patience}))
    for count, loss in enumerate(losses, start=1):
        scheduler.step(loss)
        rate = optimizer.param_groups[0]["lr"]
        assert plateau(0, 1, losses[:count]) == pytest.approx(rate), f"after {count} losses"


def extremes(name: str) -> Iterator[dict[str, float]]:
    """Yield the schedule's options at every combination of their ends."""
    options = [option for option in SCHEDULES.options(name) if option.range]
    ends = [(option.range.low, option.range.high) for option in options if option.range]
    for values in itertools.product(*ends):
        yield {option.name: value for option, value in zip(options, values, strict=True)}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10, 101])
def test_no_schedule_leaves_zero_to_one_or_stumbles_over_a_short_run(name: str, steps: int) -> None:
    for options in extremes(name):
        found = rates(name, steps, losses=[1.0, 2.0, 2.0], **options)
        assert all(0 <= rate <= 1 for rate in found), options


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_says_what_it_does_and_bounds_its_options(name: str) -> None:
    assert SCHEDULES.summary(name).endswith(".")
    for option in SCHEDULES.options(name):
        assert option.range, option.name
        assert option.help, option.name
        assert option.check(option.default) == option.default


def test_an_unknown_schedule_or_option_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="cosine"):
        SCHEDULES.bind(Choice("cosin"))
    with pytest.raises(UnknownName, match="warm_up"):
        SCHEDULES.bind(Choice("cosine", {"warmup": 0.1}))
    with pytest.raises(OptionError, match=r"between 0 and 0\.5"):
        SCHEDULES.bind(Choice("cosine", {"warm_up": 0.6}))
