"""What a worker can do for a run, by its kind: each job says how the run ended, and why.

A job may also take the seconds of a range test, an estimate or a test; it is then over before
anybody asks it to pause, so a pause of one only means that it starts anew.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cvexplore.runs.learning import train
from cvexplore.runs.reporting import Reporting
from cvexplore.training.config import MetricPoint

Job = Callable[[Reporting], tuple[str, str]]


def find_learning_rate(reporting: Reporting) -> tuple[str, str]:
    """Raise the learning rate step by step and record the loss."""
    from cvexplore.training.lr_range import range_test

    return _report(reporting, range_test(reporting.run.config))


def estimate(reporting: Reporting) -> tuple[str, str]:
    """Record what a few steps of a recipe take."""
    from cvexplore.training import estimate

    return _report(reporting, estimate.estimate(reporting.run.config))


def test(reporting: Reporting) -> tuple[str, str]:
    """Measure the weights of another run on its test split, and record that with this run."""
    from cvexplore.training.loop import Training

    store, target = reporting.store, reporting.store.run(reporting.run.target)
    reporting.begin(0, 1)
    weights = f"run:{target.id}"
    training = Training(replace(target.config, weights=weights, changes=()))
    seconds = max((each.seconds[-1] for each in store.curves(target.id).values()), default=0.0)
    points = [
        replace(point, step=target.step, seconds=seconds) for point in training.measure("test")
    ]
    store.add(target.id, points)
    reporting.flush(1, 1)
    return "finished", ""


def _report(reporting: Reporting, points: Iterator[MetricPoint]) -> tuple[str, str]:
    reporting.begin(0, 0)
    step = 0
    try:
        for point in points:
            step = point.step
            reporting.add([point])
            reporting.flush_if_due(step, 0)
            if reporting.look_if_due() and (want := reporting.wanted()) != "run":
                return ("paused" if want == "pause" else "stopped"), ""
    finally:
        reporting.flush(step, 0)
    return "finished", ""


JOBS: Mapping[str, Job] = {
    "train": train,
    "lr_find": find_learning_rate,
    "estimate": estimate,
    "test": test,
}
