"""The stopwatch on a clock that is told how long each pass takes."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from cvexplore.timing import stopwatch
from cvexplore.timing.stopwatch import quartiles, repeat, warm_up


class Passes:
    """Passes of given lengths, in seconds, and the clock they move."""

    def __init__(self, lengths: Iterable[float]) -> None:
        self.lengths: Iterator[float] = iter(lengths)
        self.now = 0.0
        self.count = 0

    def run(self) -> None:
        self.now += next(self.lengths)
        self.count += 1

    def clock(self) -> float:
        return self.now


def forever(length: Callable[[], float]) -> Iterator[float]:
    while True:
        yield length()


@pytest.mark.parametrize("seed", range(5))
def test_times_and_quartiles_are_numpy_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.gamma(2.0, 0.05, 200).tolist()
    passes = Passes(lengths)
    times = repeat(passes.run, stopwatch.ONE_IMAGE, clock=passes.clock)
    assert times == pytest.approx(lengths[: passes.count])
    found = quartiles(times)
    expected = np.percentile(lengths[: passes.count], [25, 50, 75])
    assert (found.low, found.median, found.high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize(
    ("seconds", "passes"),
    [(1 / 1024, 1024), (1 / 32, 32), (0.0625, 30), (0.125, 24), (0.5, 10), (2.0, 8), (8.0, 3)],
)
def test_a_quick_network_runs_for_a_second_and_a_slow_one_three_times(
    seconds: float, passes: int
) -> None:
    told: list[float] = []
    watched = Passes(forever(lambda: seconds))
    times = repeat(watched.run, stopwatch.ONE_IMAGE, told.append, watched.clock)
    assert len(times) == watched.count == len(told) == passes
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_warming_up_ends_when_three_passes_are_alike() -> None:
    passes = Passes([2.0, 0.5, 0.2, 0.108, 0.1, 0.105, 0.1])
    assert warm_up(passes.run, passes.clock) == pytest.approx(0.1)
    assert passes.count == 6


def test_warming_up_ends_though_times_never_settle() -> None:
    quick = Passes(0.001 * (1 + each % 2) for each in range(100))
    warm_up(quick.run, quick.clock)
    assert quick.count == 10
    slow = Passes([4.0, 3.0, 2.0, 1.0])
    assert warm_up(slow.run, slow.clock) == pytest.approx(3.0)
    assert slow.count == 2
