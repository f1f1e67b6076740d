"""What the numbers say, in a sentence: whether a way to learn helps, and where it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from cvexplore.studies.entries import Entry, Study
from cvexplore.studies.results import Point, Row, points

_WORTH = 0.005  # differences below half a point are none, however sure


@dataclass(frozen=True)
class Verdict:
    """One way to learn held against the control.

    Args:
        entry: its name.
        control: the control's name.
        better: labels a class with which it is better by more than the seeds differ.
        worse: those with which it is worse.
        same: the others.
        gain: the greatest of its gains; the least where it never gains.
        at: with how many labels that is.
    """

    entry: str
    control: str
    better: tuple[int, ...]
    worse: tuple[int, ...]
    same: tuple[int, ...]
    gain: float
    at: int

    @property
    def helps(self) -> bool:
        """Whether it is better anywhere, and worse nowhere."""
        return bool(self.better) and not self.worse

    def sentence(self, percent: bool = True) -> str:
        """Return it in words."""
        size = self._size(percent)
        if self.helps:
            most = "up to " if len(self.better + self.same) > 1 else ""
            return f"{self.entry} is {most}{size} better than {self.control}{_with((self.at,))}."
        if self.better:
            return (
                f"{self.entry} is better than {self.control}{_with(self.better)} (by up to "
                f"{size}), and worse{_with(self.worse)}."
            )
        if self.worse:
            at = _with((self.at,))
            return f"{self.entry} does not help: {self.control} is {size} better{at}."
        return (
            f"{self.entry} does not help: it differs from {self.control} by no more than the seeds "
            "do."
        )

    def beside(self, percent: bool = True) -> str:
        """Return it in words, where the same entry was held against another control before."""
        size = self._size(percent)
        if self.helps:
            most = "by up to" if len(self.better + self.same) > 1 else "by"
            return f"Also better than {self.control}, {most} {size}{_with((self.at,))}."
        if self.better:
            return (
                f"Better than {self.control}{_with(self.better)} (by up to {size}), and "
                f"worse{_with(self.worse)}."
            )
        if self.worse:
            most = "up to " if len(self.worse + self.same) > 1 else ""
            return f"{self.control} is {most}{size} better than it{_with((self.at,))}."
        return f"It differs from {self.control} by no more than the seeds do."

    def _size(self, percent: bool) -> str:
        return f"{abs(self.gain) * 100:.1f} points" if percent else f"{abs(self.gain):.3f}"


def verdicts(rows: Sequence[Row], study: Study) -> tuple[tuple[Verdict, ...], ...]:
    """Return each entry held against what it has to beat, where both are measured.

    An approach is held against each of the study's first controls, a control against the first one.
    """
    bases = [
        (each, {point.labels: point for point in points(rows, study.name, each.name)})
        for each in study.to_beat
    ]
    found = []
    for entry in study.entries:
        own = points(rows, study.name, entry.name)
        against = bases[:1] if entry.control else bases
        held = (_verdict(entry, other, own, base) for other, base in against if other is not entry)
        found.append(tuple(each for each in held if each))
    return tuple(each for each in found if each)


def _verdict(
    entry: Entry, control: Entry, found: Sequence[Point], base: dict[int, Point]
) -> Verdict | None:
    both = [(each, base[each.labels]) for each in found if each.labels in base]
    if not both:
        return None
    gains = {own.labels: own.mean - other.mean for own, other in both}
    noise = {own.labels: max(_WORTH, hypot(own.spread, other.spread)) for own, other in both}
    better = tuple(each for each, gain in gains.items() if gain > noise[each])
    worse = tuple(each for each, gain in gains.items() if gain < -noise[each])
    same = tuple(each for each in gains if each not in better and each not in worse)
    at = max(gains, key=gains.__getitem__) if better else min(gains, key=gains.__getitem__)
    return Verdict(entry.name, control.name, better, worse, same, gains[at], at)


def _with(labels: Sequence[int]) -> str:
    """Return " with 1, 3 and 10 labels a class"; nothing where all labels there are were used."""
    if not any(labels):
        return ""
    *first, last = map(str, labels)
    listed = f"{', '.join(first)} and {last}" if first else last
    return f" with {listed} {'label' if listed == '1' else 'labels'} a class"
