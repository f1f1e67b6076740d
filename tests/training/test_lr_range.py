"""The learning-rate range test: what it measures, and the range it suggests."""

import math
from itertools import pairwise

import pytest

from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.training.loop import Training
from cvexplore.training.lr_range import (
    HIGHEST,
    LOWEST,
    Suggestion,
    range_test,
    rate_at,
    smoothed,
    suggest,
)

SMALL = RunConfig(dataset=Choice("digits", {"image_size": 8}), batch_size=32)


def curve(valley: float, burst: float, steps: int = 120) -> tuple[list[float], list[float]]:
    """Return rates and losses that fall to a valley and rise again at a burst, in powers of ten."""
    rates = [rate_at(step, steps) for step in range(steps)]
    losses = []
    for rate in rates:
        at = math.log10(rate)
        fall = 1 / (1 + math.exp(-4 * (at - (valley - 1))))
        rise = 3 / (1 + math.exp(-8 * (at - burst)))
        losses.append(2.3 - 2 * fall + rise)
    return rates, losses


def test_rates_rise_by_the_same_factor_from_the_lowest_to_the_highest() -> None:
    rates = [rate_at(step, 50) for step in range(50)]
    assert rates[0] == pytest.approx(LOWEST)
    assert rates[-1] == pytest.approx(HIGHEST)
    factors = [after / before for before, after in pairwise(rates)]
    assert max(factors) == pytest.approx(min(factors))


def test_the_range_lies_between_the_steepest_place_and_the_burst() -> None:
    found = suggest(*curve(valley=-2, burst=-1))
    assert math.log10(found.steepest) == pytest.approx(-3, abs=0.1)
    assert -2.5 < math.log10(found.bottom) < -1.2
    assert math.log10(found.diverges) == pytest.approx(-1, abs=0.25)
    assert found.low == pytest.approx(math.sqrt(found.steepest * found.bottom))
    assert found.high == pytest.approx(math.sqrt(found.bottom * found.diverges))
    assert found.low < found.middle < found.high


def test_a_curve_shifted_to_higher_rates_shifts_the_range_with_it() -> None:
    here, there = suggest(*curve(-3, -2)), suggest(*curve(-2, -1))
    assert there.low / here.low == pytest.approx(10, rel=0.3)
    assert there.high / here.high == pytest.approx(10, rel=0.3)


def test_smoothing_does_not_shift_a_valley_and_bears_a_burst() -> None:
    losses = [abs(place - 20.0) for place in range(41)]
    means = smoothed(losses)
    assert means.index(min(means)) == 20
    assert all(map(math.isfinite, smoothed([2.0, 1.0, math.inf, math.nan])))


@pytest.mark.parametrize("losses", [[], [2.3, 1.0], [2.3] * 60, [2.3 + 0.1 * i for i in range(60)]])
def test_where_nothing_is_learned_a_sentence_says_so(losses: list[float]) -> None:
    rates = [rate_at(step, 60) for step in range(60)]
    with pytest.raises(CvexploreError, match="did not fall"):
        suggest(rates[: len(losses)], losses)


@pytest.fixture(scope="module")
def measured() -> tuple[list[float], list[float]]:
    points = list(range_test(SMALL, steps=80))
    assert {point.split for point in points} == {"lr_find"}
    rates = [point.value for point in points if point.name == "learning_rate"]
    return rates, [point.value for point in points if point.name == "loss"]


def test_it_takes_the_recipes_steps_at_rising_rates_until_the_loss_diverges(
    measured: tuple[list[float], list[float]],
) -> None:
    rates, losses = measured
    assert len(rates) == len(losses) < 80
    assert rates == pytest.approx([rate_at(step, 80) for step in range(len(rates))])
    first = next(Training(SMALL).points())
    assert losses[0] == pytest.approx(first.value)


def test_rates_in_the_range_end_better_than_rates_far_outside_it(
    measured: tuple[list[float], list[float]],
) -> None:
    found: Suggestion = suggest(*measured)

    def loss_after(rate: float) -> float:
        training = Training(
            RunConfig(
                dataset=SMALL.dataset,
                batch_size=32,
                learning_rate=min(HIGHEST, rate),
                schedule=Choice("constant"),
                steps=100,
            )
        )
        try:
            for _ in training.points():
                pass
        except CvexploreError:
            return math.inf
        return min(training.losses)

    inside = loss_after(found.middle)
    assert inside < loss_after(found.low / 50)
    assert inside < loss_after(found.diverges * 3)


def test_a_recipe_that_does_not_work_is_refused_in_a_sentence() -> None:
    with pytest.raises(CvexploreError):
        next(range_test(RunConfig(architecture="torchvision/fasterrcnn_resnet50_fpn")))
