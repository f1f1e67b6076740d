"""Timing two things in turn."""

import gc
import statistics
import time
from collections.abc import Callable

Job = Callable[[], object]


def seconds(job: Job, clock: Callable[[], float] = time.perf_counter) -> float:
    started = clock()
    job()
    return clock() - started


def in_turn(
    jobs: dict[str, Job], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Run the jobs A B C A B C …, once to warm up and then ``rounds`` times.

    With ``time.process_time`` as the clock, what else the machine does counts for little.
    """
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for count in range(rounds + 1):
        for name, job in jobs.items():
            gc.collect()
            gc.disable()  # a full collection takes as long as a whole trace, and hits either
            elapsed = seconds(job, clock)
            gc.enable()
            if count:
                taken[name].append(elapsed)
    return taken


def ratio(over: list[float], under: list[float]) -> float:
    """Return the median of the pairs' ratios."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    print(f"\n{title}")
    for line in (heads, *rows):
        first, *rest = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
        print("  " + "  ".join(cells))
