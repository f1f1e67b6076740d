"""The moments of a run whose weights are kept, so that a network can be seen learning.

Weights move most at the beginning, so the moments lie closer there: moment ``i`` of ``n`` is at the
share ``(i / (n - 1))²`` of the steps. Evenly spread, the first stretch hides most of what happens;
spread by the logarithm, half of the moments show a network that has hardly begun.
"""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from cvexplore.runs import writing

if TYPE_CHECKING:
    from cvexplore.training.loop import Training

MOST_BYTES = 250_000_000  # of all snapshots of one run


def moments(count: int, steps: int) -> tuple[int, ...]:
    """Return the steps to keep of a run of so many: the first is 0, the last is the end.

    Args:
        count: how many, none or at least two; a short run has no more than one a step.
        steps: optimiser steps of the run.
    """
    found: list[int] = []
    last = min(count, steps + 1) - 1
    for place in range(last + 1):
        wanted = round(steps * (place / last) ** 2) if last else 0
        found.append(max(found[-1] + 1, wanted) if found else wanted)
    return tuple(found)


def affordable(asked: int, size: int) -> int:
    """Return how many snapshots of so many bytes a run keeps: none, or at least both ends."""
    if not asked:
        return 0
    count = min(max(2, asked), MOST_BYTES // max(1, size))
    return count if count > 1 else 0


def too_large(asked: int, count: int, size: int) -> str:
    """Return why a run keeps fewer snapshots than it was asked to."""
    return (
        f"Keeps {count} of the {asked} snapshots it was asked to: each takes {size / 1e6:,.0f} MB, "
        f"and a run keeps at most {MOST_BYTES / 1e6:,.0f} MB of them."
    )


def file(run: Path, step: int) -> Path:
    """Return the file of one moment in a run's folder."""
    return run / "snapshots" / f"{step}.safetensors"


def file_beside(run: Path, step: int) -> Path:
    """Return the file of what was learned beside the network by that moment, such as a decoder."""
    return run / "snapshots" / f"{step}.beside.safetensors"


def kept(run: Path) -> tuple[int, ...]:
    """Return the steps whose weights lie in a run's folder, in their order."""
    found = (each.stem for each in (run / "snapshots").glob("*.safetensors"))
    return tuple(sorted(int(stem) for stem in found if stem.isdecimal()))


def keep_only(run: Path, steps: Collection[int]) -> None:
    """Delete all moments of a run but these."""
    for step in kept(run):
        if step not in steps:
            file(run, step).unlink(missing_ok=True)
            file_beside(run, step).unlink(missing_ok=True)


class Moments:
    """The moments of a run that trains.

    Args:
        run: its folder.
        training: whose weights are kept.
    """

    def __init__(self, run: Path, training: "Training") -> None:
        self._run = run
        self._training = training
        self._steps: frozenset[int] = frozenset()  # still to come
        self._length = -1  # of the run, as it was planned

    def plan(self) -> None:
        """Find the moments of a run that begins or goes on."""
        training, asked = self._training, self._training.config.snapshots
        tensors = training.approach.state_dict().values()
        count = affordable(asked, size := sum(each.nbytes for each in tensors))
        if count < asked:
            writing.log(self._run, f"{too_large(asked, count, size)}\n")
        self._length = training.steps
        self._steps = frozenset(moments(count, self._length))
        now = training.step
        past = {each for each in kept(self._run) if each < now}
        keep_only(self._run, past | ({now} & self._steps))  # the others will come again
        self.keep_if_due()

    def keep_if_due(self) -> None:
        """Keep the weights if this is one of the moments, which move with the run's length."""
        if self._training.steps != self._length:
            self.plan()
        if self._training.step in self._steps:
            self._steps -= {self._training.step}
            self.keep()

    def keep(self) -> None:
        """Keep the weights of now."""
        path = file(self._run, self._training.step)
        path.parent.mkdir(exist_ok=True)
        if beside := self._training.beside():
            from safetensors.torch import save_file

            kept = {name: each.detach().cpu().contiguous() for name, each in beside.items()}
            writing.replace(
                file_beside(self._run, self._training.step), lambda path: save_file(kept, path)
            )
        writing.replace(path, self._training.save)
