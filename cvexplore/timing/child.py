"""The process that measures one network: ``python -m cvexplore.timing.child NAME DEVICE THREADS``.

It writes a JSON object a line: how far it is, and in the end the timing, which it keeps. What goes
wrong is one sentence on stderr, with exit code 2. It ends by itself when nobody reads it any more.
"""

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from cvexplore.errors import CvexploreError
from cvexplore.timing.records import Progress
from cvexplore.timing.store import alone, keep

_QUIET_SECONDS = 0.2  # between two lines, for writing one disturbs what is measured


def main(name: str, device: str, threads: str) -> int:
    """Measure one network and return the exit code."""
    report = _Report()
    try:
        with alone(lambda: report(Progress(name, "waiting for another measurement to end", 0.0))):
            report(Progress(name, "importing torch", 0.0))
            from cvexplore.timing.measurement import measure

            timing = measure(name, device, int(threads), report)
            keep(timing)
    except CvexploreError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _line({"timing": asdict(timing)})
    return 0


class _Report:
    """Writes how far it is, but not more often than a person can see."""

    def __init__(self) -> None:
        self._last = Progress("", "", 0.0)
        self._written = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage != self._last.stage or now - self._written > _QUIET_SECONDS:
            _line(asdict(progress))
            self._last, self._written = progress, now


def _line(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
