"""What is measured: the recipes, by study."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from typing import Any

from cvexplore.plugins import Choice
from cvexplore.training.approaches import standard
from cvexplore.training.config import RunConfig

LABELS = (1, 3, 10, 50, 400)  # labelled pictures a class; of MNIST-5k no more are learned from
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Entry:
    """A way to learn, as it is measured.

    Args:
        name: what the chart calls it.
        config: its recipe, whose seed and labels are varied.
        labels: the counts of labelled pictures a class it is measured with; 0 is all there are.
        before: the recipe whose weights it starts from, where it has two parts.
        teacher: the recipe of the network that teaches it, where it has one.
        control: whether others are held against it.
    """

    name: str
    config: RunConfig
    labels: tuple[int, ...] = (0,)
    before: RunConfig | None = None
    teacher: RunConfig | None = None
    control: bool = False


@dataclass(frozen=True)
class Study:
    """Entries that may be compared.

    Args:
        name: one word.
        title: what is asked.
        metric: what is compared: a name of what is measured on held-out pictures.
        what: the metric in words.
        entries: controls come first, what explains the others' gains last of them; a control at
            the end is the bound of what can be reached.
        note: what to know when reading it.
        percent: whether the metric is a share.
    """

    name: str
    title: str
    metric: str
    what: str
    entries: tuple[Entry, ...]
    note: str = ""
    percent: bool = True

    @property
    def to_beat(self) -> tuple[Entry, ...]:
        """The controls that come first."""
        return tuple(takewhile(lambda each: each.control, self.entries))


def recipe(approach: str, **fields: Any) -> RunConfig:
    """Return an approach's standard recipe with some fields changed; ``option`` are its own."""
    own: Mapping[str, Any] = fields.pop("option", {})
    config = standard(approach)
    choice = Choice(approach, {**config.approach.options, **own})
    return replace(config, approach=choice, **fields)


def seeded(config: RunConfig, seed: int, labels: int) -> RunConfig:
    """Return a recipe of an entry for one seed and so many labelled pictures a class."""
    return replace(config, seed=seed, labels=labels)


def beginning(entry: Entry, seed: int, labels: int) -> RunConfig | None:
    """Return the recipe that is learned before an entry's own.

    What it starts from has no more labels than it has itself; a teacher has its own, of pictures
    that this seed does not hold out.
    """
    if entry.teacher:
        return replace(entry.teacher, seed=seed)
    return entry.before and seeded(entry.before, seed, labels)


def going_on(entry: Entry, config: RunConfig, file: str) -> RunConfig:
    """Return a recipe of an entry that goes on from what was learned before, kept in a file."""
    if entry.before:
        return replace(config, weights=file)
    options = {**config.approach.options, "teacher": file}
    return replace(config, approach=Choice(config.approach.name, options))


@cache
def studies() -> tuple[Study, ...]:
    """Return all that is measured."""
    from cvexplore.studies import families

    return tuple(families.all_studies())


def study(name: str) -> Study:
    """Return the study of this name.

    Raises:
        KeyError: there is none.
    """
    return {each.name: each for each in studies()}[name]


def parts(found: Study) -> Iterator[tuple[Entry, int, int]]:
    """Yield each (entry, seed, labels) of a study."""
    for entry in found.entries:
        for seed in SEEDS:
            for labels in entry.labels:
                yield entry, seed, labels
