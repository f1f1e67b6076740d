"""Measure, as a script or a person calls it, and as either ends it."""

import json
import signal
import subprocess
import sys
from typing import Any

import psutil
import pytest
import torch

from cvexplore.timing import stored
from tests.commands.typed import (
    ROOT,
    WHOLE,
    assert_mendable,
    assert_shape,
    hears_interrupts,
    output,
    run,
    wait_until,
)

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("measuring")]

CNN = "cvexplore/simple_cnn"
TIMING = {
    "name": str,
    "device": str,
    "threads": WHOLE,
    "image_size": WHOLE,
    "latency_ms": float,
    "latency_low_ms": float,
    "latency_high_ms": float,
    "batch": WHOLE,
    "images_per_second": float,
    "peak_bytes": WHOLE,
    "batch_peak_bytes": WHOLE,
    "machine": str,
    "versions": str,
    "when": float,
}


def of_kind(key: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if key in line]


STAGES = ("starting", "importing torch", "building", "warming up", "one image", "a batch of 16")


def test_measure_tells_how_far_it_is_and_keeps_what_it_found() -> None:
    arguments = [CNN, "torchvision/squeezenet1_1", "--device", "cpu", "--threads", "1", "--json"]
    *lines, last = map(json.loads, output("measure", *arguments).splitlines())
    progress, timings = (
        of_kind("stage", lines),
        [line["timing"] for line in of_kind("timing", lines)],
    )
    assert len(progress) + len(timings) == len(lines)
    assert last == {"measured": timings}
    for line in progress:
        assert_shape(line, {"name": str, "stage": str, "share": float})
    for name in arguments[:2]:
        stages = [line["stage"] for line in progress if line["name"] == name]
        assert list(dict.fromkeys(stages)) == list(STAGES)
    shares = [line["share"] for line in progress]
    assert shares == sorted(shares)
    for timing in timings:
        assert_shape(timing, TIMING)
    assert [timing["name"] for timing in timings] == arguments[:2]
    assert {(timing["device"], timing["threads"]) for timing in timings} == {("cpu", 1)}
    kept = stored(device="cpu", threads=1)
    assert {name: kept[name].latency_ms for name in kept} == {
        timing["name"]: timing["latency_ms"] for timing in timings
    }


def test_measure_prints_a_table_for_people() -> None:
    head, row, where = output("measure", CNN, "--device", "cpu").splitlines()
    assert head.split()[:5] == ["name", "device", "threads", "ms", "quartiles"]
    assert row.split()[:2] == [CNN, "cpu"]
    assert "cores; torch" in where
    assert where.endswith("random weights")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_told() -> None:
    done = run("measure", CNN, "--device", "cuda")
    assert_mendable(done.returncode, done.stderr, "torch finds no CUDA device here")
    assert done.stdout == ""


@pytest.mark.parametrize("way", ["interrupted", "its reader goes away"])
def test_it_leaves_no_process_when_it_is(way: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cvexplore", "measure", "torchvision/vgg16", "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hears_interrupts,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        while "building" not in process.stdout.readline():
            assert process.poll() is None
        inside = psutil.Process(process.pid).children(recursive=True)
        assert len(inside) == 1
        if way == "interrupted":
            process.send_signal(signal.SIGINT)
        else:
            process.stdout.close()
        assert process.wait(20) == (130 if way == "interrupted" else 0)
        assert process.stderr.read() == ""
        wait_until(lambda: not inside[0].is_running(), 2)
    finally:
        process.kill()
    assert stored() == {}
