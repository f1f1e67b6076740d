"""What the store tells of a run: the run, its curves, the group it belongs to."""

import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from cvexplore.training.config import Change, RunConfig

ACTIVE = ("queued", "starting", "running", "stopping")
ENDED = ("finished", "stopped", "failed", "lost")
LOWER = ("loss", "seconds")  # of measurements that end so less is better, of all others more


@dataclass(frozen=True)
class Run:
    """One run as the store knows it.

    Args:
        id: made by the store.
        created: seconds since 1970, as are ``started``, ``ended`` and ``deleted``.
        config: its recipe, as it was sent.
        state: queued, starting, running, stopping; paused; finished, stopped, failed or lost.
        want: what is wanted of it: "run", "pause" or "stop".
        step: optimiser steps done, of ``steps``.
        latest: the last value of each measurement, by "split/name"; beside them the best of the
            validation split so far, such as "best/validation/accuracy", and
            "status/images_per_second" and "status/memory", the bytes its process holds.
        message: why it failed, or what else is to be known of it.
        kind: "train", "lr_find", "estimate" or "test".
        name: what people call it, with ``tags`` and ``note``: free text.
        owner: who sent it.
        group: the sweep or the folds it belongs to, or nothing.
        target: the run that a "test" measures.
        labels: "layers" and "classes", which name the values of vectors.
        changes: what was steered while it trained, in the order it was done.
        crashes: how often its process was lost since somebody let it run.
        process: the number of the process that last trained it.
        deleted: when it was thrown away, if it was.
    """

    id: str
    created: float
    started: float | None
    ended: float | None
    config: RunConfig
    state: str
    want: str
    heartbeat: float | None
    step: int
    steps: int
    latest: Mapping[str, float]
    message: str
    kind: str = "train"
    name: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    group: str = ""
    target: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    crashes: int = 0
    process: int | None = None
    deleted: float | None = None

    @property
    def active(self) -> bool:
        """Whether it waits or trains."""
        return self.state in ACTIVE

    @property
    def recipe(self) -> RunConfig:
        """The recipe that repeats the run: its own, and what was changed on the way."""
        changes = sorted(self.config.changes + self.changes, key=lambda change: change.step)
        return replace(self.config, changes=tuple(changes))


@dataclass(frozen=True)
class Curve:
    """All values of one measurement, in the order they were measured.

    Args:
        steps: optimiser steps done when each was measured.
        values: may be not-a-number.
        seconds: since the run began.
    """

    steps: list[int]
    values: list[float]
    seconds: list[float]


@dataclass(frozen=True)
class Group:
    """Runs that were sent together: a sweep, or the folds of one recipe.

    Args:
        id: made by the store.
        created: seconds since 1970.
        kind: "sweep", "folds", …
        title: what people call it.
        owner: who sent it.
        about: what its page must know to show it.
        tested: the run that was measured on the test split, or nothing.
    """

    id: str
    created: float
    kind: str
    title: str
    owner: str
    about: Mapping[str, Any]
    tested: str = ""


def read_run(row: sqlite3.Row) -> Run:
    """Return a row of the runs."""
    values = dict(row)
    values["config"] = _config(values["config"])
    values["latest"] = {key: number(v) for key, v in json.loads(values["latest"]).items()}
    values["tags"] = tuple(json.loads(values["tags"]))
    values["labels"] = _labels(values["labels"])
    values["changes"] = read_changes(values["changes"])
    return Run(**values)


def read_changes(text: str) -> tuple[Change, ...]:
    """Return the changes that ``write_changes`` wrote."""
    return tuple(Change(*each) for each in json.loads(text))


def write_changes(changes: tuple[Change, ...]) -> str:
    """Return changes as text."""
    return json.dumps([(each.step, each.name, each.value) for each in changes])


def read_group(row: sqlite3.Row) -> Group:
    """Return a row of the groups."""
    return Group(**{**dict(row), "about": json.loads(row["about"])})


def lower_is_better(metric: str) -> bool:
    """Return whether less of a measurement, such as "validation/loss", is better."""
    return metric.endswith(LOWER)


def number(value: Any) -> float:
    """Return a value as the store keeps it: SQLite and JSON know no not-a-number."""
    return float("nan") if value is None else float(value)


def json_number(value: float) -> float | None:
    """Return a value as JSON can hold it."""
    return value if math.isfinite(value) else None


# A page lists the same runs again and again, and a sweep's recipes hardly differ.
@lru_cache(maxsize=4096)
def _config(text: str) -> RunConfig:
    return RunConfig.from_json(text)


@lru_cache(maxsize=1024)
def _labels(text: str) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(words) for name, words in json.loads(text).items()}
