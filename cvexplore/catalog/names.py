"""Every architecture that can be built, by name: "torchvision/resnet50", "timm/…", "cvexplore/…".

The names come from the measured facts that ship with the package, so that a list of 1,500 models is
there at once and torch is not imported for it. People's own designs bring theirs along.
"""

import csv
import fnmatch
import functools
import io
import os
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cvexplore import folders
from cvexplore.errors import UnknownName

FACTS = Path(__file__).with_name("facts.csv")
DESIGNS = "Your designs"  # the family of all networks that people designed on this machine


@dataclass(frozen=True)
class Architecture:
    """One architecture and what was measured of it; None where it could not be.

    Args:
        name: "library/model".
        library: "cvexplore", "torchvision", "timm", or "design" for one designed on this machine.
        family: the name of its card.
        kind: "CNN", "transformer", "hybrid" or "MLP".
        year: of the family's paper.
        task: "classification", "detection", "segmentation", "video" or "optical flow".
        image_size: pixels a side that the figures are for.
        classes: outputs.
        parameters: numbers it learns.
        macs: multiply-adds of one forward pass with one input.
        activation_bytes: bytes its layers write in that pass, in 32-bit floats.
        layers: leaf modules and functions that compute or join.
        depth: the most weighted layers on a way through it, as papers count them.
        attention_layers: how many of them weigh data by products of data.
        receptive_field: pixels a side that one place of the last map sees, in theory; None where
            that is the whole image, or cannot be told.
        top1: published ImageNet top-1 accuracy in per cent (torchvision's tables).
        top5: the share of images whose class is among the five likeliest, likewise.
        accuracy_weights: the weights that these accuracies belong to.
        weights: "bundled" where trained ones come with the package, "published" where its library
            downloads some, else empty.
        error: why it could not be measured.
    """

    name: str
    library: str
    family: str
    kind: str
    year: int
    task: str
    image_size: int
    classes: int | None = None
    parameters: int | None = None
    macs: int | None = None
    activation_bytes: int | None = None
    layers: int | None = None
    depth: int | None = None
    attention_layers: int | None = None
    receptive_field: int | None = None
    top1: float | None = None
    top5: float | None = None
    accuracy_weights: str = ""
    weights: str = ""
    error: str = ""


def _reader(kind: Any) -> Callable[[str], Any]:
    kinds = typing.get_args(kind) or (kind,)
    number = next((each for each in (int, float) if each in kinds), None)
    return (lambda text: number(text) if text else None) if number else str


_READ = {each.name: _reader(each.type) for each in fields(Architecture)}


def read_facts(path: Path = FACTS) -> list[Architecture]:
    """Return the rows of a facts file."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    return [_architecture(row) for row in csv.DictReader(lines)]


def _architecture(row: dict[str, str]) -> Architecture:
    return Architecture(**{key: read(row.get(key, "")) for key, read in _READ.items()})


def csv_text(rows: Iterable[Architecture]) -> str:
    """Return rows as a CSV with a line of heads, empty where a fact is not known."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_READ), lineterminator="\n")
    writer.writeheader()
    for each in rows:
        values = {key: getattr(each, key) for key in _READ}
        writer.writerow({key: "" if value is None else value for key, value in values.items()})
    return text.getvalue()


@functools.cache
def _by_name() -> dict[str, Architecture]:
    return {each.name: each for each in read_facts()}


def _known() -> dict[str, Architecture]:
    """Return the catalog's architectures and the designs on this machine, by name."""
    folder = folders.designs()
    try:
        files = tuple(sorted(file for file in os.listdir(folder) if file.endswith(".csv")))
    except OSError:
        return _by_name()
    return {**_by_name(), **_designed(folder, files)}


@functools.lru_cache(maxsize=4)
def _designed(folder: Path, files: tuple[str, ...]) -> dict[str, Architecture]:
    return {each.name: each for file in files for each in read_facts(folder / file)}


def architectures(pattern: str = "", library: str = "") -> tuple[Architecture, ...]:
    """Return all architectures whose name or family matches, in the order of the catalog.

    Args:
        pattern: a part of the name or family, or a pattern with ``*``; empty means all.
        library: "cvexplore", "torchvision", "timm" or "design"; empty means all.
    """
    wanted = pattern.lower()
    return tuple(
        each
        for each in _known().values()
        if (not library or each.library == library) and (not wanted or _matches(each, wanted))
    )


def _matches(architecture: Architecture, pattern: str) -> bool:
    texts = (architecture.name.lower(), architecture.family.lower())
    if any(sign in pattern for sign in "*?["):
        bare = texts[0].partition("/")[2]
        return any(fnmatch.fnmatchcase(text, pattern) for text in (*texts, bare))
    return any(pattern in text for text in texts)


def find(name: str) -> Architecture:
    """Return the architecture of this name.

    Raises:
        UnknownName: there is none; the message offers the nearest names.
    """
    try:
        return _by_name()[name] if name in _by_name() else _known()[name]
    except KeyError:
        raise UnknownName("architecture", name, _known()) from None


def names(of: Iterable[Architecture] | None = None) -> tuple[str, ...]:
    """Return the names of these architectures, or of all."""
    return tuple(each.name for each in (of if of is not None else _known().values()))
