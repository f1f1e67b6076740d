"""Comparing runs against numpy and loops written from the formulas."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore
from cvexplore.runs.comparing import (
    band,
    best,
    differences,
    expected_seconds,
    extreme,
    ranked,
    repeats,
    settings,
    spread,
)
from cvexplore.training.config import Change, MetricPoint, RunConfig

NAN = float("nan")
ACCURACY, LOSS = "validation/accuracy", "validation/loss"


def a_run(store: RunStore, recipe: RunConfig, *, state: str = "finished", **measured: float) -> Run:
    """Return a run that took ten seconds for 100 steps and measured this in the end."""
    run_id = store.submit(recipe)
    store.claim()
    store.begin(run_id, 0, 100)
    points = [MetricPoint(100, "validation", name, value, 1.0) for name, value in measured.items()]
    store.record(run_id, points, 100, 100)
    store.end(run_id, state)
    return replace(store.run(run_id), started=1000.0, ended=1010.0)


# ------------------------------------------------------------------ recipes


def test_only_what_differs_is_told_at_any_depth() -> None:
    first = RunConfig(options={"width": 8}, optimizer=Choice("sgd", {"momentum": 0.5}))
    second = RunConfig(options={"width": 16}, optimizer=Choice("sgd"), learning_rate=0.1)
    assert differences([first, second]) == {
        "options.width": (8, 16),
        "optimizer.momentum": (0.5, 0.9),  # the default, though it is not written in the recipe
        "learning_rate": (2e-3, 0.1),
    }


def test_an_option_that_one_recipe_lacks_is_none_there() -> None:
    found = differences([RunConfig(options={"width": 8}), RunConfig(optimizer=Choice("adagrad"))])
    assert found["options.width"] == (8, None)
    assert found["optimizer.beta1"] == (0.9, None)


def test_a_change_made_while_it_trained_is_a_difference() -> None:
    steered = RunConfig(changes=(Change(1200, "learning_rate", 0.01),))
    found = differences([RunConfig(), steered])
    assert found == {"changes": ("none", "learning_rate = 0.01 at step 1,200")}


def test_recipes_that_are_the_same_differ_in_nothing() -> None:
    assert differences([RunConfig(), RunConfig()]) == {}
    assert len(settings([RunConfig(), RunConfig()])) > 20


# ------------------------------------------------------------------ spread


def test_mean_and_deviation_are_numpys_of_a_sample() -> None:
    values = [0.91, 0.97, 0.94, 0.88]
    found = spread(values)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-12)
    assert found.deviation == pytest.approx(np.std(values, ddof=1), rel=1e-12)
    assert found.count == 4


def test_one_value_has_no_deviation_and_a_diverged_one_leaves_no_mean() -> None:
    assert spread([0.5]).mean == 0.5
    assert math.isnan(spread([0.5]).deviation)
    assert math.isnan(spread([0.5, NAN]).mean)
    assert math.isnan(spread([]).mean)


def test_runs_of_one_recipe_are_those_that_differ_in_fold_and_seed_alone(store: RunStore) -> None:
    base = RunConfig(folds=3)
    runs = [a_run(store, replace(base, fold=fold, seed=fold)) for fold in range(3)]
    other = a_run(store, replace(base, learning_rate=0.1))
    found = repeats([runs[0], other, runs[1], runs[2]])
    assert [[run.id for run in each.runs] for each in found] == [[r.id for r in runs], [other.id]]


def test_a_band_is_the_mean_and_deviation_of_each_measurement() -> None:
    curves = [([10, 20, 30], [1.0, 0.5, 0.2]), ([11, 22, 33], [2.0, 0.7, 0.1]), ([10, 20], [3, 1])]
    found = band(curves)
    for place in range(3):
        here = [(steps[place], v[place]) for steps, v in curves if place < len(steps)]
        assert found.steps[place] == pytest.approx(np.mean([step for step, _ in here]))
        assert found.mean[place] == pytest.approx(np.mean([value for _, value in here]))
        assert found.deviation[place] == pytest.approx(np.std([v for _, v in here], ddof=1))


def test_a_band_ends_where_only_one_curve_goes_on() -> None:
    found = band([([1, 2, 3], [1.0, 1.0, 1.0]), ([1], [3.0])])
    assert found.steps == (1.0,)
    assert band([]).steps == ()


# ------------------------------------------------------------------ the best


def test_more_accuracy_and_less_loss_are_better_and_what_diverged_is_never_best(
    store: RunStore,
) -> None:
    rates = (0.1, 0.2, 0.3, 0.4)
    measured = ((0.9, 0.5), (0.8, 0.2), (0.7, 0.3), (NAN, NAN))
    runs = [
        a_run(store, RunConfig(learning_rate=rate), accuracy=accuracy, loss=loss)
        for rate, (accuracy, loss) in zip(rates, measured, strict=True)
    ]
    assert [run.id for run in ranked(runs, ACCURACY)] == [run.id for run in runs[:3]]
    assert [run.id for run in ranked(runs, LOSS)] == [runs[1].id, runs[2].id, runs[0].id]
    assert (best(runs, ACCURACY) or runs[3]).id == runs[0].id
    assert best(runs[3:], LOSS) is None
    assert best(runs, "validation/f1") is None


def test_the_best_recipe_is_that_of_the_best_mean_not_of_the_luckiest_seed(store: RunStore) -> None:
    steady, lucky = RunConfig(learning_rate=0.1), RunConfig(learning_rate=0.2)
    runs = [a_run(store, replace(lucky, seed=s), accuracy=a) for s, a in ((0, 0.99), (1, 0.6))]
    runs += [a_run(store, replace(steady, seed=s), accuracy=a) for s, a in ((0, 0.9), (1, 0.92))]
    assert (best(runs, ACCURACY) or runs[0]).id == runs[3].id


def test_the_best_moment_of_a_curve_is_its_least_loss_or_its_greatest_accuracy() -> None:
    values = [0.4, NAN, 0.9, 0.1]
    assert extreme(values, "loss") == 3
    assert extreme(values, "accuracy") == 2
    assert extreme([NAN], "loss") is None


# ------------------------------------------------------------------ time


def test_time_is_told_by_finished_runs_whose_steps_cost_the_same(store: RunStore) -> None:
    base = RunConfig(epochs=4)
    earlier = [a_run(store, base), a_run(store, RunConfig(epochs=4, batch_size=8))]
    assert (
        expected_seconds(replace(base, epochs=10, learning_rate=1.0), earlier) == 25.0
    )  # 2.5 each
    assert expected_seconds(replace(base, steps=300), earlier) == pytest.approx(30.0)  # 0.1 a step
    assert expected_seconds(RunConfig(architecture="cvexplore/resnet"), earlier) is None
    assert expected_seconds(base, [a_run(store, base, state="stopped")]) is None
