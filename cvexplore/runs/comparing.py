"""Runs against each other: what differs in their recipes, how far they spread, which is best."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cvexplore.runs.records import lower_is_better
from cvexplore.runs.store import Run
from cvexplore.training import fields
from cvexplore.training.config import RunConfig

# ------------------------------------------------------------------ recipes


def settings(recipes: Sequence[RunConfig]) -> dict[str, tuple[Any, ...]]:
    """Return each field's value in every recipe, by its path; None where one does not set it."""
    each = [fields.flat(recipe) for recipe in recipes]
    paths = dict.fromkeys(path for recipe in each for path in recipe)
    return {path: tuple(recipe.get(path) for recipe in each) for path in paths}


def differences(recipes: Sequence[RunConfig]) -> dict[str, tuple[Any, ...]]:
    """Return the fields in which recipes differ, with each one's value."""
    found = settings(recipes)
    return {path: values for path, values in found.items() if any(v != values[0] for v in values)}


# ------------------------------------------------------------------ repeats


@dataclass(frozen=True)
class Spread:
    """How a measurement spreads over runs.

    Args:
        mean: of the values.
        deviation: the sample's standard deviation, with n - 1; not-a-number of a single value.
        count: how many there are.
    """

    mean: float
    deviation: float
    count: int


@dataclass(frozen=True)
class Repeats:
    """Runs of one recipe that differ in nothing but their fold or their seed."""

    runs: tuple[Run, ...]

    @property
    def recipe(self) -> RunConfig:
        """The recipe, of the first of them."""
        return self.runs[0].config

    def spread(self, metric: str) -> Spread:
        """Return the spread of the last values of a measurement, such as "validation/loss"."""
        return spread(run.latest[metric] for run in self.runs if metric in run.latest)


def spread(values: Iterable[float]) -> Spread:
    """Return mean and standard deviation; not-a-number if one of the values is none."""
    found = list(values)
    if not found or not all(map(math.isfinite, found)):
        return Spread(math.nan, math.nan, len(found))
    deviation = statistics.stdev(found) if len(found) > 1 else math.nan
    return Spread(statistics.fmean(found), deviation, len(found))


def repeats(runs: Sequence[Run]) -> tuple[Repeats, ...]:
    """Return the runs by recipe, in the order of each recipe's first run."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        key = replace(run.config, fold=0, seed=0).to_json()
        found.setdefault(key, []).append(run)
    return tuple(Repeats(tuple(members)) for members in found.values())


@dataclass(frozen=True)
class Band:
    """The mean of several curves and how far they spread, measurement by measurement.

    Args:
        steps: where they were measured, on average.
        mean: of the curves that go so far, at least two.
        deviation: the sample's standard deviation there.
    """

    steps: tuple[float, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def band(curves: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Band:
    """Return the band of curves, each given by its steps and its values.

    The first measurement of each is held against the first of the others, and so on: folds of
    unlike size end their epochs at unlike steps.
    """
    steps, mean, deviation = [], [], []
    for place in range(max((len(each[0]) for each in curves), default=0)):
        here = [(each[0][place], each[1][place]) for each in curves if place < len(each[0])]
        if len(here) < 2:
            break
        found = spread(value for _, value in here)
        steps.append(statistics.fmean(step for step, _ in here))
        mean.append(found.mean)
        deviation.append(found.deviation)
    return Band(tuple(steps), tuple(mean), tuple(deviation))


# ------------------------------------------------------------------ the best


def ranked(runs: Sequence[Run], metric: str) -> list[Run]:
    """Return the runs that have this measurement, by its last value, the best first."""
    found = [run for run in runs if math.isfinite(run.latest.get(metric, math.nan))]
    sign = 1 if lower_is_better(metric) else -1
    return sorted(found, key=lambda run: sign * run.latest[metric])


def best(runs: Sequence[Run], metric: str) -> Run | None:
    """Return the best run of the best recipe, or None if none has this measurement.

    Recipes with several folds or seeds are judged by their mean: the best of many seeds is luck.
    """
    sign = 1 if lower_is_better(metric) else -1
    means = [(sign * each.spread(metric).mean, each) for each in repeats(runs)]
    known = [(mean, each) for mean, each in means if math.isfinite(mean)]
    if not known:
        return None
    _, recipe = min(known, key=lambda pair: pair[0])
    return ranked(recipe.runs, metric)[0]


def extreme(values: Sequence[float], metric: str) -> int | None:
    """Return the place of the best of a curve's values, or None if none is a number."""
    places = [place for place, each in enumerate(values) if math.isfinite(each)]
    pick = min if lower_is_better(metric) else max
    return pick(places, key=lambda place: values[place], default=None)


# ------------------------------------------------------------------ time


def expected_seconds(recipe: RunConfig, earlier: Iterable[Run]) -> float | None:
    """Return how long a recipe will take, told by finished runs whose steps cost the same."""
    alike = [run for run in earlier if _finished(run) and _cost(run.config) == _cost(recipe)]
    if not alike:
        return None
    if recipe.steps:
        return recipe.steps * statistics.median(_seconds(run) / run.step for run in alike)
    by_epoch = [run for run in alike if not run.config.steps and run.config.epochs]
    if not by_epoch:
        return None
    an_epoch = (_seconds(run) / run.step * run.steps / run.config.epochs for run in by_epoch)
    return recipe.epochs * statistics.median(an_epoch)


def _finished(run: Run) -> bool:
    return run.state == "finished" and bool(run.step and run.started and run.ended)


def _seconds(run: Run) -> float:
    return (run.ended or 0) - (run.started or 0)


def _cost(recipe: RunConfig) -> Mapping[str, Any]:
    """Return what decides how long a step takes."""
    names = ("architecture", "options", "approach", "dataset", "augmentations")
    names += ("batch_size", "accumulate", "precision", "threads")
    return {name: getattr(recipe, name) for name in names}
