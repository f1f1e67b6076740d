"""How long a run will take and how much memory, from a few steps of it that are measured.

    points = list(estimate(config))
    Estimate.of(points, config, images=4000).best()

It is measured in each precision the machine has, on one thread and on two: which is fastest depends
on the network as much as on the machine.
"""

import gc
import math
import os
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cvexplore.errors import OptionError
from cvexplore.training.config import MetricPoint, RunConfig

if TYPE_CHECKING:
    from cvexplore.training.loop import Training

_LONGEST = 0.4  # seconds of measured steps in one setting, if three take no longer
_LONG = 1.5  # seconds after which the rest of the validation split is left to be guessed
_FEWEST, _MOST = 3, 15  # steps that are measured
_WARM_UP = 2  # steps before them, whose memory and code are not there yet
_WORTH = 0.95  # a faster setting has to take less than this of a simpler one's time
_ENDLESS = {"steps": 1_000_000, "changes": (), "patience": 0, "learning_rate": 1e-6}


@dataclass(frozen=True)
class Setting:
    """What was measured in one precision on so many threads.

    Args:
        precision: a word of the recipe's ``precision``.
        threads: of the processor.
        step: seconds of an optimiser step, the median.
        validation: seconds of a pass over the validation pictures.
        memory: bytes more than before, at most; 0 where that cannot be measured.
        seconds: that the whole run will take.
    """

    precision: str
    threads: int
    step: float
    validation: float
    memory: float
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """What a run will take, by setting.

    Args:
        settings: those that were measured, fastest first.
    """

    settings: tuple[Setting, ...]

    @classmethod
    def of(cls, points: Iterable[MetricPoint], config: RunConfig, images: int) -> "Estimate":
        """Return what points of ``estimate`` mean for a recipe that learns from so many images.

        The recipe may be longer or shorter than the one that was measured.
        """
        from cvexplore.training.splits import steps_per_epoch

        an_epoch = math.ceil(steps_per_epoch(images, config.batch_size) / config.accumulate)
        steps = config.steps or config.epochs * an_epoch
        times = math.ceil(steps / (an_epoch * config.every))
        found = {point.name: point.value for point in points if point.split == "estimate"}
        settings = []
        for name, step in found.items():
            what, _, setting = name.partition("/")
            validation = found.get(f"seconds_a_validation/{setting}")
            if what == "seconds_a_step" and validation is not None:
                precision, threads = setting.split("/")
                memory = found.get(f"memory/{precision}", 0.0)
                whole = steps * step + times * validation
                settings.append(Setting(precision, int(threads), step, validation, memory, whole))
        return cls(tuple(sorted(settings, key=lambda each: each.seconds)))

    def at(self, precision: str, threads: int) -> Setting | None:
        """Return what was measured in a setting; None if it was not."""
        return next(
            (s for s in self.settings if (s.precision, s.threads) == (precision, threads)), None
        )

    def best(self) -> Setting:
        """Return the fastest setting; of those that are about as fast, the simplest.

        Raises:
            OptionError: nothing was measured.
        """
        if not self.settings:
            raise OptionError("No step was measured yet: wait for the first, or measure again.")
        enough = self.settings[0].seconds / _WORTH
        fast = [each for each in self.settings if each.seconds <= enough]
        return min(fast, key=lambda each: (each.threads, each.precision != "fp32", each.seconds))


def estimate(config: RunConfig) -> Iterator[MetricPoint]:
    """Take a few steps of a run in each setting and yield what they took.

    The points' names are "seconds_a_step/<precision>/<threads>", "seconds_a_validation/<precision>/
    <threads>" and, in bytes, "memory/<precision>". Whoever no longer wants to know stops asking.

    Raises:
        CvexploreError: the recipe does not work; the message says why.
    """
    import torch

    from cvexplore.training.loop import Training

    began, before = time.perf_counter(), torch.get_num_threads()
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def point(name: str, value: float) -> MetricPoint:
        return MetricPoint(0, "estimate", name, value, time.perf_counter() - began)

    try:
        for precision in _precisions(device):
            memory = _Memory(device)
            training = Training(replace(config, precision=precision, **_ENDLESS), device)
            for threads in _threads(config.threads, device):
                torch.set_num_threads(threads)
                setting = f"{precision}/{threads}"
                yield point(f"seconds_a_step/{setting}", _seconds_a_step(training))
                yield point(f"seconds_a_validation/{setting}", _seconds_a_validation(training))
            yield point(f"memory/{precision}", memory.grown())
            del training
            gc.collect()
    finally:
        torch.set_num_threads(before)


def _precisions(device: str) -> list[str]:
    from cvexplore.training.precision import available

    return [each for each in available(device) if each != "fp16"]  # bf16 is as fast, and safer


def _threads(asked: int, device: str) -> list[int]:
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if device != "cpu":
        return [min(asked, cores)]
    return sorted({min(each, cores) for each in (1, 2, asked)})


def _seconds_a_step(training: "Training") -> float:
    """Return the median of a few optimiser steps; measurements between them do not count."""
    taken: list[float] = []
    turns = training.turns()
    while len(taken) < _WARM_UP + _MOST:
        done, began = training.step, time.perf_counter()
        next(turns)
        _wait_for(training.device)
        if training.step > done:
            taken.append(time.perf_counter() - began)
        measured = taken[_WARM_UP:]
        if len(measured) >= _FEWEST and sum(measured) > _LONGEST:
            break
    return statistics.median(taken[_WARM_UP:])


def _seconds_a_validation(training: "Training") -> float:
    """Return what measuring the validation split takes; from some batches where it is long."""
    from cvexplore.training.measuring import BATCH, Measurement

    taken: list[float] = []
    whole = began = time.perf_counter()
    measurement = Measurement(training.approach, training.validation)
    for _ in measurement.batches():
        _wait_for(training.device)
        taken.append(time.perf_counter() - began)
        began = time.perf_counter()
        if len(taken) > _FEWEST and sum(taken) > _LONG:
            count = training.approach.measured_batches(training.validation, BATCH)
            return count * statistics.median(taken[1:])
    measurement.scores()  # probes and other scores of all pictures together take their time too
    return time.perf_counter() - whole


def _wait_for(device: str) -> None:
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


class _Memory:
    """The most memory held since it was made, beyond what was held then: in bytes."""

    def __init__(self, device: str) -> None:
        self._device = device
        gc.collect()
        if device == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()
        elif _STATUS.exists():
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        self._before = self._held("VmRSS")

    def grown(self) -> float:
        """Return the growth up to now."""
        return max(0.0, self._held("VmHWM") - self._before)

    def _held(self, line: str) -> float:
        if self._device == "cuda":
            import torch

            peak = torch.cuda.max_memory_allocated
            return float(torch.cuda.memory_allocated() if line == "VmRSS" else peak())
        if not _STATUS.exists():
            return 0.0
        text = _STATUS.read_text()
        return 1024.0 * int(text.partition(f"{line}:")[2].split()[0])


_STATUS = Path("/proc/self/status")
