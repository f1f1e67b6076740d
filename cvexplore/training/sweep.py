"""Many recipes from one: a grid over any of its fields, or a random sample of them.

Random samples find good settings with fewer runs than a grid where only some of the fields matter,
for they try a new value of each field in every run.

Source: Bergstra, Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.
"""

import functools
import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cvexplore.errors import CvexploreError, OptionError
from cvexplore.plugins import Choice, Option
from cvexplore.training import fields
from cvexplore.training.config import RunConfig

MOST = 200  # runs of one sweep

_WIDE = 100.0  # a range whose ends differ by this factor is of orders of magnitude
_DRAWS = 50  # for each run wanted, before a sample is said to have no more


@dataclass(frozen=True)
class Axis:
    """A field of the recipe, and what it is to be.

    Args:
        path: of the field, see ``training.fields``; "folds" makes each recipe a run for each fold.
        values: to try.
        low: least number that is drawn, where there are no values.
        high: greatest number that is drawn.
        log: whether every order of magnitude is equally likely.
    """

    path: str
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = False


@dataclass(frozen=True)
class Trial:
    """One combination of values, and the recipe it makes.

    Args:
        values: by the path of their field.
        recipe: None where it cannot be trained.
        obstacle: why it cannot.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    recipe: RunConfig | None = None
    obstacle: str = ""


def expand(
    base: RunConfig,
    axes: Sequence[Axis],
    *,
    mode: Literal["grid", "random"] = "grid",
    count: int = 10,
    seed: int = 0,
) -> tuple[RunConfig, ...]:
    """Return the recipes of a sweep that can be trained; ``trials`` says why others cannot."""
    found = trials(base, axes, mode=mode, count=count, seed=seed)
    return tuple(trial.recipe for trial in found if trial.recipe)


def trials(
    base: RunConfig,
    axes: Sequence[Axis],
    *,
    mode: Literal["grid", "random"] = "grid",
    count: int = 10,
    seed: int = 0,
    fits: Callable[[RunConfig], str | None] | None = None,
) -> tuple[Trial, ...]:
    """Return a sweep's combinations, each once: a grid's last axis changes fastest.

    Args:
        base: what all recipes share.
        axes: the fields that differ.
        mode: whether all combinations are tried, or some that are drawn.
        count: how many are drawn.
        seed: of the draw; the same seed draws the same.
        fits: says why a recipe that is allowed cannot be trained; by default ``obstacle``.

    Raises:
        UnknownName: an axis is no field of a recipe.
        OptionError: an axis has no values, or there would be too many runs.
    """
    wanted = tuple(axes)
    if len({axis.path for axis in wanted}) < len(wanted):
        raise OptionError("Each field can be varied once; put all its values together.")
    for axis in wanted:
        _check(base, axis, mode)
    if mode == "grid":
        runs = math.prod(len(axis.values) for axis in wanted)
        _few_enough(runs)
        combinations = list(itertools.product(*(axis.values for axis in wanted)))
    else:
        _few_enough(count)
        combinations = list(_drawn(base, wanted, count, random.Random(seed)))
    paths = [axis.path for axis in wanted]
    rows = [dict(zip(paths, combination, strict=True)) for combination in combinations]
    whole = [row for each in rows for row in _folds(each)]
    _few_enough(len(whole))
    made = [_trial(base, row, fits or obstacle) for row in whole]
    return _each_once(made)


def _few_enough(runs: int) -> None:
    if runs > MOST:
        raise OptionError(
            f"That makes {runs:,} runs and a sweep has at most {MOST}; take fewer values, "
            "or draw a random sample."
        )


def _check(base: RunConfig, axis: Axis, mode: str) -> None:
    allowed = fields.option(base, axis.path)
    if axis.values:
        return
    name = fields.title(axis.path)
    if axis.low is None or axis.high is None or allowed.range is None:
        raise OptionError(f"{name} has no values to try; name at least one.")
    if mode == "grid":
        raise OptionError(f"A grid needs the values of {name}; a range is for a random sample.")
    if axis.low > axis.high:
        raise OptionError(f"{name} has no value from {axis.low:g} to {axis.high:g}; swap the ends.")
    if axis.log and axis.low <= 0:
        raise OptionError(f"{name} cannot be drawn by orders of magnitude from {axis.low:g}.")
    for end in (axis.low, axis.high):
        allowed.check(round(end) if allowed.type is int else end)


def _drawn(
    base: RunConfig, axes: Sequence[Axis], count: int, source: random.Random
) -> Iterator[tuple[Any, ...]]:
    """Draw combinations that differ, until there are enough or there seem to be no more."""
    allowed = [fields.option(base, axis.path) for axis in axes]
    seen: set[str] = set()
    for _ in range(_DRAWS * count):
        if len(seen) == count:
            return
        drawn = tuple(map(functools.partial(_draw, source), axes, allowed))
        if str(drawn) not in seen:
            seen.add(str(drawn))
            yield drawn


def _draw(source: random.Random, axis: Axis, allowed: Option) -> Any:
    """Draw a value; three digits are enough for a setting, and can be read."""
    if axis.values:
        return source.choice(axis.values)
    low, high = float(axis.low or 0), float(axis.high or 0)
    if axis.log:
        number = math.exp(source.uniform(math.log(low), math.log(high)))
    else:
        number = source.uniform(low, high)
    if allowed.type is int:
        return min(max(round(number), math.ceil(low)), math.floor(high))
    return min(max(float(f"{number:.3g}"), low), high)


def _folds(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of one combination: one for each fold where an axis asks for folds."""
    folds = values.get("folds") or 0
    return [{**values, "fold": fold} for fold in range(folds)] if folds else [dict(values)]


def _trial(
    base: RunConfig, values: Mapping[str, Any], fits: Callable[[RunConfig], str | None]
) -> Trial:
    recipe = base
    try:
        for path in sorted(values, key=lambda path: path.count(".")):  # a part before its options
            recipe = fields.having(recipe, path, values[path])
        if "folds" in values and not values["folds"]:
            recipe = replace(recipe, fold=0)
        recipe = recipe.checked()
        why = fits(recipe)
    except CvexploreError as error:
        return Trial(values, None, str(error))
    return Trial(values, None, why) if why else Trial(values, recipe)


def _each_once(made: Sequence[Trial]) -> tuple[Trial, ...]:
    """Leave out trials whose recipe another one has already."""
    kept: dict[str, Trial] = {}
    for trial in made:
        key = trial.recipe.to_json() if trial.recipe else f"{dict(trial.values)}"
        kept.setdefault(key, trial)
    return tuple(kept.values())


# ------------------------------------------------------------------ does it fit


def obstacle(recipe: RunConfig) -> str | None:
    """Return why this network cannot learn from these pictures in this way, or None if it can."""
    return _obstacle(
        replace(
            RunConfig(),
            architecture=recipe.architecture,
            options=recipe.options,
            weights=recipe.weights,
            approach=recipe.approach,
            dataset=recipe.dataset,
        ).to_json()
    )


@functools.lru_cache(maxsize=256)
def _obstacle(recipe: str) -> str | None:
    from cvexplore.training.approaches import APPROACHES

    config = RunConfig.from_json(recipe)
    data = _dataset(replace(RunConfig(), dataset=config.dataset).to_json())
    return APPROACHES[config.approach.name].not_applicable(config, data)


@functools.lru_cache(maxsize=2)
def _dataset(recipe: str) -> Any:
    from cvexplore.training.datasets import DATASETS

    return DATASETS.bind(RunConfig.from_json(recipe).dataset)()


# ------------------------------------------------------------------ axes from words


def spans(allowed: Option) -> bool:
    """Return whether a field's numbers are of several orders of magnitude."""
    bounds = allowed.range
    return bool(bounds and bounds.low > 0 and bounds.high / bounds.low >= _WIDE)


def parse(base: RunConfig, text: str) -> Axis:
    """Return the axis that a person typed.

        learning_rate=0.001,0.003,0.01    these values
        learning_rate=1e-4..1e-1          any between, by orders of magnitude where they span some
        augmentations=none,flip,flip+crop sets, joined by +

    Raises:
        UnknownName: there is no such field.
        OptionError: it is not of this form, or the field cannot have such a value.
    """
    path, equals, given = text.partition("=")
    if not equals or not given.strip():
        raise OptionError(f"An axis is written like learning_rate=0.001,0.01, not {text!r}.")
    path = path.strip()
    low, dots, high = given.partition("..")
    if not dots:
        return Axis(path, tuple(fields.read(base, path, each) for each in given.split(",")))
    allowed = fields.option(base, path)
    ends = allowed.parse(low), allowed.parse(high)
    return Axis(path, low=ends[0], high=ends[1], log=ends[0] > 0 and ends[1] / ends[0] >= _WIDE)


def plain(axis: Axis) -> dict[str, Any]:
    """Return an axis as what JSON holds, for the record of a sweep."""
    if axis.values:
        return {"path": axis.path, "values": [_plain(each) for each in axis.values]}
    return {"path": axis.path, "low": axis.low, "high": axis.high, "log": axis.log}


def _plain(value: Any) -> Any:
    if isinstance(value, Choice):
        return {"name": value.name, "options": dict(value.options)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
