"""Timing something that is repeated: until its times settle, then until they are enough."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Rule = tuple[tuple[int, float], ...]

# Enough are this many passes that took this many seconds together: a quick network is repeated for
# a second, since a single disturbance must not weigh, and a slow one only as often as needed.
ONE_IMAGE: Rule = ((30, 1.0), (10, 3.0), (3, 15.0))
BATCH: Rule = ((10, 1.0), (5, 3.0), (3, 6.0))
WARM_UP: Rule = ((10, 0.0), (2, 5.0))  # that long at most
_ALIKE = 1.1  # the longest of three passes by the shortest, once they have settled


@dataclass(frozen=True)
class Quartiles:
    """The middle of some times, in seconds, and what a quarter stays below and above."""

    low: float
    median: float
    high: float


def warm_up(run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Run until three passes in a row take about the same time, or long enough.

    Returns:
        the seconds of the shortest of the last three.
    """
    times: list[float] = []
    while _share(len(times), sum(times), WARM_UP) < 1 and not _settled(times):
        times.append(_one(run, clock))
    return min(times[-3:])


def repeat(
    run: Callable[[], object],
    rule: Rule,
    on_pass: Callable[[float], object] = lambda share: None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Run until the rule says that it is enough and return the seconds of each pass.

    Args:
        run: one pass, to its end.
        rule: pairs of (passes, seconds); one of them is to be reached in both.
        on_pass: told after each pass which share of the whole is done.
        clock: gives seconds.
    """
    times: list[float] = []
    whole = 0.0
    while (share := _share(len(times), whole, rule)) < 1:
        times.append(_one(run, clock))
        whole += times[-1]
        on_pass(min(1.0, share))
    return times


def quartiles(times: Sequence[float]) -> Quartiles:
    """Return the median and the quartiles of two times or more."""
    return Quartiles(*statistics.quantiles(times, n=4, method="inclusive"))


def _one(run: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    run()
    return clock() - start


def _share(passes: int, seconds: float, rule: Rule) -> float:
    return max(min(passes / most, seconds / long if long else 1.0) for most, long in rule)


def _settled(times: Sequence[float]) -> bool:
    last = times[-3:]
    return len(last) == 3 and max(last) <= _ALIKE * min(last)
