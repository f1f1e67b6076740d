"""Real networks, measured in real processes: what comes of it, and that they can be ended."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from cvexplore import folders
from cvexplore.catalog.names import find
from cvexplore.errors import UnknownName
from cvexplore.timing import Measuring, stored, this_machine
from cvexplore.timing.machine import versions
from cvexplore.timing.measurement import BATCHES
from cvexplore.timing.store import alone
from tests.commands.typed import wait_until
from tests.timing.conftest import parameter_bytes

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("measuring")]

SMALL, LARGE = "cvexplore/simple_cnn", "torchvision/alexnet"
Watched = tuple[Measuring, list[float]]  # a measurement, and the shares it told on the way


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children(True) if "cvexplore.timing" in command(each)]


def command(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Return two small networks' measurement at its end, and the shares it told on the way."""
    before = os.environ.get("CVEXPLORE_HOME")
    os.environ["CVEXPLORE_HOME"] = str(tmp_path_factory.mktemp("measured"))
    shares = []
    try:
        measuring = Measuring.start([SMALL, LARGE, SMALL], "cpu", 1)
        start = time.monotonic()
        while not measuring.wait(0.05):
            shares.append(measuring.progress.share)
            assert time.monotonic() - start < 120
        assert stored(threads=1) == measuring.results
    finally:
        os.environ.pop("CVEXPLORE_HOME")
        if before is not None:
            os.environ["CVEXPLORE_HOME"] = before
    return measuring, shares


def test_every_network_has_its_figures(measured: Watched) -> None:
    measuring, _ = measured
    assert (measuring.error, list(measuring.results)) == ("", [SMALL, LARGE])
    for name, timing in measuring.results.items():
        assert (timing.name, timing.device, timing.threads) == (name, "cpu", 1)
        assert (timing.machine, timing.versions) == (this_machine("cpu"), versions())
        assert timing.image_size == find(name).image_size
        assert 0 < timing.latency_low_ms <= timing.latency_ms <= timing.latency_high_ms
        assert timing.batch in BATCHES
        assert timing.images_per_second > 0
        assert abs(timing.when - time.time()) < 600
    assert measuring.results[LARGE].latency_ms > measuring.results[SMALL].latency_ms


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells it")
def test_a_network_holds_at_least_its_parameters(measured: Watched) -> None:
    for name, timing in measured[0].results.items():
        weights = parameter_bytes(name)
        assert timing.peak_bytes
        assert timing.batch_peak_bytes
        assert weights <= timing.peak_bytes <= weights + 64_000_000
        pictures = 4 * timing.batch * timing.image_size**2  # of one channel at least
        assert timing.batch_peak_bytes >= weights + pictures


def test_progress_only_grows(measured: Watched) -> None:
    shares = measured[1]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert len(set(shares)) > 8
    assert 0.5 < shares[-1] <= 1.0


def test_cancelling_leaves_no_process_and_keeps_what_was_measured() -> None:
    measuring = Measuring.start([SMALL, "torchvision/vgg16", LARGE], "cpu", 1)
    wait_until(
        lambda: "vgg16" in measuring.progress.name and measuring.progress.stage != "starting"
    )
    (child,) = children()
    start = time.monotonic()
    measuring.cancel()
    assert time.monotonic() - start < 2
    assert measuring.done
    assert not child.is_running()
    assert not children()
    assert (measuring.error, list(measuring.results)) == ("", [SMALL])
    assert set(stored()) == {SMALL}


def test_cancelling_at_once_starts_nothing_more() -> None:
    measuring = Measuring.start([SMALL, LARGE], "cpu", 1)
    measuring.cancel()
    assert measuring.done
    assert (measuring.results, measuring.errors) == ({}, {})
    assert not children()


def test_it_waits_its_turn_and_ends_when_nobody_listens() -> None:
    with alone(lambda: None):
        child = subprocess.Popen(
            [sys.executable, "-m", "cvexplore.timing.child", SMALL, "cpu", "1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["stage"].startswith("waiting")
        assert child.poll() is None
        child.stdout.close()
        assert child.wait(10) != 0
    assert not folders.timings().exists()


def test_a_network_that_cannot_be_measured_is_told_and_the_next_goes_on() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    measuring = Measuring.start([SMALL, LARGE], "cuda", 1)
    assert measuring.wait(60)
    assert list(measuring.errors) == [SMALL, LARGE]
    assert "torch finds no CUDA device here" in measuring.errors[SMALL]
    assert measuring.results == {}


def test_a_process_that_is_killed_is_told() -> None:
    measuring = Measuring.start([LARGE], "cpu", 1)
    wait_until(lambda: measuring.progress.stage != "starting")
    (child,) = children()
    child.kill()
    assert measuring.wait(10)
    assert measuring.error == (
        f"{LARGE} cannot be measured: its process was ended by SIGKILL, "
        "often a sign of too little memory."
    )


def test_an_unknown_name_starts_nothing() -> None:
    with pytest.raises(UnknownName, match="torchvision/resnet18"):
        Measuring.start([SMALL, "torchvision/resnet19"])
    assert not children()
