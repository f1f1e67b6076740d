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
        size = f"{abs(self.gain) * 100:.1f} points" if percent else f"{abs(self.gain):.3f}"
        where = f" with {self.at} labels a class" if self.at else ""
        if self.helps:
            most = "up to " if len(self.better + self.same) > 1 else ""
            return f"{self.entry} is {most}{size} better than {self.control}{where}."
        if self.better:
            few, many = _said(self.better), _said(self.worse)
            return (
                f"{self.entry} is better than {self.control} with {few} labels a class (by up to "
                f"{size}), and worse with {many}."
            )
        if self.worse:
            return f"{self.entry} does not help: {self.control} is {size} better{where}."
        return (
            f"{self.entry} does not help: it differs from {self.control} by no more than the seeds "
            "do."
        )


def verdicts(rows: Sequence[Row], study: Study) -> tuple[Verdict, ...]:
    """Return each entry held against the study's first control, where both are measured."""
    control = next((each for each in study.entries if each.control), None)
    if control is None:
        return ()
    base = {each.labels: each for each in points(rows, study.name, control.name)}
    return tuple(
        verdict
        for entry in study.entries
        if entry is not control
        if (verdict := _verdict(entry, control, points(rows, study.name, entry.name), base))
    )


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


def _said(labels: Sequence[int]) -> str:
    *first, last = map(str, labels)
    return f"{', '.join(first)} and {last}" if first else last
