"""What a worker tells the store, and hears from it, while it works.

Points are gathered and written together four times a second: a commit for each step would slow a
small network down. What is wanted of the run is looked up ten times a second.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cvexplore.runs.recording import Recorded, Wish
from cvexplore.runs.store import Run, RunStore
from cvexplore.training.config import Change, MetricPoint, VectorPoint

FLUSH_SECONDS = 0.25
LOOK_SECONDS = 0.1

OnPoint = Callable[[MetricPoint], None]


class Reporting:
    """One run's line to the store.

    Args:
        store: where the run is.
        run: as it was claimed.
        on_point: is handed each measurement as it is made.
    """

    def __init__(self, store: RunStore, run: Run, on_point: OnPoint | None = None) -> None:
        self.store = store
        self.run = run
        self.folder: Path = store.folder / run.id
        self.recorded = Recorded()
        self.status: dict[str, float] = {}
        self._on_point = on_point
        self._buffer: list[MetricPoint | VectorPoint] = []
        self._flushed = self._looked = time.monotonic()

    def begin(
        self,
        step: int,
        steps: int,
        recorded: Recorded = Recorded(),  # noqa: B008  (it is a value, as 0 is)
        labels: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Say that the work begins at this step; what was recorded later never was."""
        self.recorded = recorded
        self.store.begin(self.run.id, step, steps, recorded, labels)
        self._flushed = self._looked = time.monotonic()

    def add(self, points: Iterable[MetricPoint | VectorPoint]) -> None:
        """Take measurements; they reach the store with the next flush."""
        for point in points:
            self._buffer.append(point)
            if self._on_point and isinstance(point, MetricPoint):
                self._on_point(point)

    def flush_if_due(self, step: int, steps: int) -> bool:
        """Write what was measured if it is time to, and return whether it was."""
        if time.monotonic() - self._flushed <= FLUSH_SECONDS:
            return False
        self.flush(step, steps)
        return True

    def flush(
        self,
        step: int,
        steps: int,
        changes: tuple[Change, ...] = (),
        wishes: Iterable[Wish] = (),
    ) -> None:
        """Write what was measured, and which changes were made, in one transaction."""
        buffer, self._buffer = self._buffer, []
        status = self.status | _memory()
        self.recorded = self.store.record(
            self.run.id, buffer, step, steps, status=status, changes=changes, wishes=wishes
        )
        self._flushed = time.monotonic()

    def look_if_due(self) -> bool:
        """Return whether it is time to ask what is wanted."""
        if due := time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
        return due

    def wanted(self) -> str:
        """Return what is wanted of the run: "run", "pause" or "stop"."""
        return self.store.wanted(self.run.id)


def _memory() -> dict[str, float]:
    """Return the bytes this process holds, where that can be read at no cost."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return {}
    import resource

    return {"memory": float(pages * resource.getpagesize())}
