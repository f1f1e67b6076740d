"""What a run will take, from a few measured steps."""

import subprocess
import sys
import time
from typing import Any

import pytest
import torch

from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.training import self_supervised
from cvexplore.training.config import MetricPoint, RunConfig
from cvexplore.training.estimate import Estimate, estimate
from cvexplore.training.loop import Training
from cvexplore.training.precision import available

SMALL = RunConfig(dataset=Choice("digits", {"image_size": 8}))


def measured(**values: float) -> list[MetricPoint]:
    names = {name.replace("_of_", "/").replace("_on_", "/"): v for name, v in values.items()}
    return [MetricPoint(0, "estimate", name, value, 0.0) for name, value in names.items()]


def test_a_run_takes_its_steps_and_its_validations() -> None:
    points = measured(
        seconds_a_step_of_fp32_on_1=0.01, seconds_a_validation_of_fp32_on_1=0.5, memory_of_fp32=1e6
    )
    config = RunConfig(batch_size=10, epochs=3)
    (only,) = Estimate.of(points, config, images=100).settings
    assert only.seconds == pytest.approx(3 * 10 * 0.01 + 3 * 0.5)
    assert (only.precision, only.threads, only.memory) == ("fp32", 1, 1e6)
    accumulated = RunConfig(batch_size=10, epochs=3, accumulate=5)
    (only,) = Estimate.of(points, accumulated, images=100).settings
    assert only.seconds == pytest.approx(3 * 2 * 0.01 + 3 * 0.5)
    seldom = RunConfig(batch_size=10, epochs=3, every=2)  # after the second epoch, and at the end
    (only,) = Estimate.of(points, seldom, images=100).settings
    assert only.seconds == pytest.approx(3 * 10 * 0.01 + 2 * 0.5)


@pytest.mark.parametrize(("epochs", "accumulate", "steps"), [(2, 1, 0), (1, 3, 0), (1, 1, 30)])
def test_steps_and_passes_are_counted_as_the_training_counts_them(
    epochs: int, accumulate: int, steps: int
) -> None:
    training = Training(
        RunConfig(dataset=SMALL.dataset, epochs=epochs, accumulate=accumulate, steps=steps)
    )
    for what, count in (("step", training.steps), ("validation", training.epochs)):
        values = {"seconds_a_step_of_fp32_on_1": 0.0, "seconds_a_validation_of_fp32_on_1": 0.0}
        points = measured(**values | {f"seconds_a_{what}_of_fp32_on_1": 1.0})
        (only,) = Estimate.of(points, training.config, len(training.train)).settings
        assert only.seconds == count


def test_the_fastest_is_best_but_two_threads_have_to_be_worth_it() -> None:
    def best(two_threads: float, bf16: float) -> tuple[str, int]:
        validation = {f"seconds_a_validation_of_{s}": 0.0 for s in ("fp32_on_1", "fp32_on_2")}
        found = Estimate.of(
            measured(
                seconds_a_step_of_fp32_on_1=1.0,
                seconds_a_step_of_fp32_on_2=two_threads,
                seconds_a_step_of_bf16_on_1=bf16,
                seconds_a_validation_of_bf16_on_1=0.0,
                **validation,
            ),
            RunConfig(),
            images=1000,
        )
        assert found.settings[0].step == min(1.0, two_threads, bf16)
        return found.best().precision, found.best().threads

    assert best(two_threads=0.97, bf16=0.97) == ("fp32", 1)
    assert best(two_threads=0.6, bf16=0.9) == ("fp32", 2)
    assert best(two_threads=0.6, bf16=0.5) == ("bf16", 1)
    assert best(two_threads=0.5, bf16=0.51) == ("bf16", 1)


def test_a_measurement_is_all_that_an_approach_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Episodes are no batches of 64 pictures, and probes come after the last batch."""
    config = RunConfig(dataset=SMALL.dataset, approach=Choice("simclr"), batch_size=32, threads=1)
    probe, slow = self_supervised.linear_probe, 0.3

    def slowly(*args: Any) -> torch.Tensor:
        time.sleep(slow)
        return probe(*args)

    monkeypatch.setattr(self_supervised, "linear_probe", slowly)
    found = Estimate.of(list(estimate(config)), config, images=1400)
    assert all(each.validation > slow for each in found.settings)


def test_before_anything_was_measured_there_is_no_best() -> None:
    with pytest.raises(CvexploreError, match="No step was measured"):
        Estimate.of([], RunConfig(), images=100).best()


def test_it_measures_every_precision_the_machine_has_and_leaves_the_threads_alone() -> None:
    threads = torch.get_num_threads()
    points = list(estimate(SMALL))
    assert torch.get_num_threads() == threads
    found = Estimate.of(points, SMALL, images=1400)
    expected = set(available("cuda" if torch.cuda.is_available() else "cpu")) - {"fp16"}
    assert {each.precision for each in found.settings} == expected
    for each in found.settings:
        assert each.step > 0
        assert each.validation > 0
        assert found.at(each.precision, each.threads) == each
    assert found.at("fp32", 99) is None


# In a process that others have used, memory that was freed is taken again and does not grow.
_MEMORY = """
from cvexplore.plugins import Choice
from cvexplore.training import self_supervised
from cvexplore.training import RunConfig
from cvexplore.training.estimate import estimate

for batch_size in (16, 16, 512):  # the first also loads what is loaded once
    points = estimate(RunConfig(dataset=Choice("digits"), batch_size=batch_size))
    memory = next(point.value for point in points if point.name == "memory/fp32")
    if batch_size == 512:
        print(before, memory)
    before = memory
"""


def fresh_process(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=240
    )
    return done.stdout


def test_more_pictures_a_step_take_more_memory() -> None:
    if torch.cuda.is_available():
        pytest.skip("on a GPU the pictures are few")

    small, large = map(float, fresh_process(_MEMORY).split())
    activations = 512 * 16 * 28 * 28 * 4  # at least the first layer's
    assert large - small > activations


def test_whoever_stops_asking_stops_it() -> None:
    points = estimate(SMALL)
    next(points)
    before = time.process_time()
    points.close()
    assert time.process_time() - before < 1
    assert list(points) == []
