"""What was measured, as a table in a file: a row a recipe."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from statistics import mean, stdev
from typing import get_type_hints

from cvexplore.training.config import RunConfig

FILE = Path(__file__).with_name("results.csv")


@dataclass(frozen=True)
class Row:
    """One measurement.

    Args:
        study: its name.
        entry: its name.
        labels: labelled pictures a class; 0 for all.
        seed: of the recipe.
        value: of the study's metric on held-out pictures, at the end.
        seconds: of processor time that learning took, with what it started from.
        steps: optimiser steps.
        recipe: what differs from the usual recipe, as JSON.
        before: the same of the recipe whose weights it started from, or nothing.
    """

    study: str
    entry: str
    labels: int
    seed: int
    value: float
    seconds: float
    steps: int
    recipe: str
    before: str = ""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What tells it from others."""
        return self.study, self.entry, self.labels, self.seed

    @property
    def config(self) -> RunConfig:
        """The whole recipe."""
        return RunConfig.from_json(self.recipe)


@dataclass(frozen=True)
class Point:
    """What the seeds of one entry come to.

    Args:
        labels: labelled pictures a class; 0 for all.
        mean: of the metric.
        spread: its standard deviation over the seeds; 0 for a single one.
        seconds: mean processor time.
        rows: what it is the mean of.
    """

    labels: int
    mean: float
    spread: float
    seconds: float
    rows: tuple[Row, ...]


def short(config: RunConfig) -> str:
    """Return what differs from the usual recipe, as JSON that ``RunConfig.from_json`` reads."""
    usual = asdict(RunConfig())
    named = {name: value for name, value in asdict(config).items() if value != usual[name]}
    return json.dumps(named, separators=(",", ":"), sort_keys=True)


def written(rows: Iterable[Row], versions: str) -> str:
    """Return the file's text: the versions it was measured with, then the rows in order."""
    names = [each.name for each in fields(Row)]
    text = io.StringIO()
    text.write(f"# {versions}\n")
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    for row in sorted(rows, key=lambda each: each.key):
        values = asdict(row)
        table.writerow({**values, "value": f"{row.value:.4f}", "seconds": f"{row.seconds:.1f}"})
    return text.getvalue()


def read(file: Path = FILE) -> tuple[Row, ...]:
    """Return the rows of a file; none where there is no file."""
    if not file.is_file():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    kinds = get_type_hints(Row)
    return tuple(
        Row(**{name: kinds[name](value) for name, value in line.items()})
        for line in csv.DictReader(lines)
    )


@cache
def shipped() -> tuple[Row, ...]:
    """Return the rows that come with the package."""
    return read()


def points(rows: Iterable[Row], study: str, entry: str) -> tuple[Point, ...]:
    """Return the means over the seeds of an entry, by the number of labels."""
    own = [row for row in rows if (row.study, row.entry) == (study, entry)]
    found = []
    for labels in sorted({row.labels for row in own}):
        same = tuple(row for row in own if row.labels == labels)
        values = [row.value for row in same]
        spread = stdev(values) if len(values) > 1 else 0.0
        seconds = mean(row.seconds for row in same)
        found.append(Point(labels, mean(values), spread, seconds, same))
    return tuple(found)
