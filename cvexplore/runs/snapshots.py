"""The moments of a run whose weights are kept, so that a network can be seen learning.

Weights move most at the beginning, so the moments lie closer there: moment ``i`` of ``n`` is at the
share ``(i / (n - 1))²`` of the steps. Evenly spread, the first stretch hides most of what happens;
spread by the logarithm, half of the moments show a network that has hardly begun.
"""

from collections.abc import Collection
from pathlib import Path

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


def kept(run: Path) -> tuple[int, ...]:
    """Return the steps whose weights lie in a run's folder, in their order."""
    found = (each.stem for each in (run / "snapshots").glob("*.safetensors"))
    return tuple(sorted(int(stem) for stem in found if stem.isdecimal()))


def keep_only(run: Path, steps: Collection[int]) -> None:
    """Delete all moments of a run but these."""
    for step in kept(run):
        if step not in steps:
            file(run, step).unlink(missing_ok=True)
