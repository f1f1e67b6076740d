"""Every family of architectures with what its card says, read without torch.

Cards stand beside networks, so reading them imports torch, which takes seconds. What a page needs
of them is therefore a file, ``families.csv``, which ``make facts`` writes after the facts it sums
up. ``python -m cvexplore.catalog.families`` writes it alone.
"""

import csv
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cvexplore.catalog.names import FACTS, Architecture, read_facts

FAMILIES = Path(__file__).with_name("families.csv")
_BETWEEN = "; "  # no family's name holds one


@dataclass(frozen=True)
class Family:
    """One family: what its card says, and its models' figures in sum.

    Args:
        name: as its paper calls it.
        year: of the first public version of the paper.
        month: the same, 1 to 12; 7 where only the year is known.
        kind: "CNN", "transformer", "hybrid" or "MLP".
        learning: "supervised", "distillation", "self-supervised" or "image-text".
        task: what most of its models are for.
        idea: the innovation, in one sentence.
        builds_on: the families whose ideas it takes up.
        title: of the paper.
        authors: of the paper.
        link: where to read it.
        models: how many of the catalog belong to it.
        smallest: parameters of its smallest model; None where none was measured.
        largest: parameters of its largest model.
        best: its model with the highest published ImageNet top-1, if any has one.
        top1: that accuracy in per cent.
        macs: multiply-adds of that model.
    """

    name: str
    year: int
    month: int
    kind: str
    learning: str
    task: str
    idea: str
    builds_on: tuple[str, ...]
    title: str
    authors: str
    link: str
    models: int
    smallest: int | None = None
    largest: int | None = None
    best: str = ""
    top1: float | None = None
    macs: int | None = None


@functools.cache
def families() -> tuple[Family, ...]:
    """Return all families, the oldest first."""
    return tuple(read_families())


def ancestors(among: Iterable[Family], name: str) -> frozenset[str]:
    """Return all families that this one builds on, directly or not."""
    parents = {each.name: each.builds_on for each in among}
    return _reached(parents, name)


def descendants(among: Iterable[Family], name: str) -> frozenset[str]:
    """Return all families that build on this one, directly or not."""
    children: dict[str, list[str]] = {}
    for each in among:
        for parent in each.builds_on:
            children.setdefault(parent, []).append(each.name)
    return _reached(children, name)


def _reached(links: dict[str, Any], start: str) -> frozenset[str]:
    found: set[str] = set()
    left = list(links.get(start, ()))
    while left:
        if (name := left.pop()) not in found:
            found.add(name)
            left.extend(links.get(name, ()))
    return frozenset(found)


def read_families(path: Path = FAMILIES) -> list[Family]:
    """Return the rows of a families file."""
    with path.open(newline="", encoding="utf-8") as file:
        return [_family(row) for row in csv.DictReader(file)]


def _family(row: dict[str, str]) -> Family:
    values: dict[str, Any] = dict(row)
    values["builds_on"] = tuple(filter(None, row["builds_on"].split(_BETWEEN)))
    for key in ("year", "month", "models", "smallest", "largest", "macs"):
        values[key] = int(row[key]) if row[key] else None
    values["top1"] = float(row["top1"]) if row["top1"] else None
    return Family(**values)


def summed_up(architectures: Iterable[Architecture]) -> list[Family]:
    """Return the families as the cards tell them today, with the figures of these models."""
    from cvexplore.architectures import cards

    members: dict[str, list[Architecture]] = {}
    for each in architectures:
        members.setdefault(each.family, []).append(each)
    return [_summary(card, members.get(card.name, [])) for card in cards()]


def _summary(card: Any, models: Sequence[Architecture]) -> Family:
    sizes = [each.parameters for each in models if each.parameters]
    rated = [each for each in models if each.top1 and each.macs]
    # Quantized models bear the accuracy of those they were made from: among equals, the plain one.
    best = max(rated, key=lambda each: (each.top1, "quantized" not in each.name), default=None)
    tasks = Counter(each.task for each in models)
    return Family(
        name=card.name,
        year=card.year,
        month=_month(card.paper.arxiv, card.year),
        kind=card.kind,
        learning=card.learning,
        task=tasks.most_common(1)[0][0] if tasks else "",
        idea=card.idea,
        builds_on=card.builds_on,
        title=card.paper.title,
        authors=card.paper.authors,
        link=card.paper.link,
        models=len(models),
        smallest=min(sizes, default=None),
        largest=max(sizes, default=None),
        best=best.name if best else "",
        top1=best.top1 if best else None,
        macs=best.macs if best else None,
    )


def _month(arxiv: str, year: int) -> int:
    """Return the month an arXiv number tells: "1512.03385" is of December 2015."""
    if not arxiv:
        return 7
    told = 2000 + int(arxiv[:2])
    return int(arxiv[2:4]) if told == year else 12 if told > year else 1


def write(rows: Iterable[Family], path: Path = FAMILIES) -> None:
    """Write a families file whole."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Family)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(each) for each in rows)


def _row(family: Family) -> dict[str, Any]:
    values = asdict(family) | {"builds_on": _BETWEEN.join(family.builds_on)}
    return {key: "" if value is None else value for key, value in values.items()}


def main() -> None:
    """Write the families file from the cards and the facts file."""
    write(summed_up(read_facts(FACTS)))


if __name__ == "__main__":
    main()
