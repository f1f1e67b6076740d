"""The measured facts that ship with the package are those that one measures today."""

import csv
import datetime
import random
from dataclasses import fields
from pathlib import Path

import pytest

from cvexplore.catalog import facts
from cvexplore.catalog.names import FACTS, architectures, find, names, read_facts

MOST_LAYERS = 1200  # deeper ones are measured when all are: `make facts`


def of_the_day(count: int) -> list[str]:
    """Return other architectures every day, so that in time all are measured again."""
    quick = [each for each in architectures() if (each.layers or 0) < MOST_LAYERS]
    dice = random.Random(datetime.date.today().isoformat())
    return sorted(each.name for each in dice.sample(quick, count))


def test_the_file_belongs_to_the_installed_libraries() -> None:
    assert FACTS.read_text().partition("\n")[0] == facts.versions()


def test_the_file_lists_what_the_libraries_list() -> None:
    assert list(names()) == facts.all_names()


@pytest.mark.parametrize("name", of_the_day(14))
def test_what_is_measured_today_is_what_is_written(name: str) -> None:
    assert facts.measure(name) == find(name)


def test_written_facts_are_read_back(tmp_path: Path) -> None:
    few = [*architectures("alexnet"), *architectures("swin_v2_t", "torchvision")]
    few.append(facts.Architecture("x/y", "x", "F, “quoted”", "CNN", 0, "none", 1, error="a, b"))
    facts.write(few, tmp_path / "facts.csv")
    assert read_facts(tmp_path / "facts.csv") == few
    first, second, *_ = (tmp_path / "facts.csv").read_text().splitlines()
    assert first == facts.versions()
    assert next(csv.reader([second])) == [field.name for field in fields(facts.Architecture)]


def test_what_cannot_be_measured_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from cvexplore.catalog import torchvision_models

    monkeypatch.setattr(torchvision_models, "image_size", lambda name: 8)
    measured = facts.measure("torchvision/alexnet")
    assert measured.parameters is None
    assert measured.error.startswith("Layer features.")
    assert measured.family == "AlexNet"
