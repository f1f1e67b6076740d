"""Real runners and workers, of which none outlives its test."""

import os
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore, learning, reporting, worker
from cvexplore.training import MetricPoint, RunConfig

_SERVE = """
import os
{first}
import cvexplore.runs.runner as runner
import cvexplore.runs.learning as learning
import cvexplore.runs.reporting as reporting
import cvexplore.runs.worker as worker
from cvexplore.runs import RunStore
{then}
runner.serve(RunStore(), idle_seconds={idle_seconds}, at_once={slots})
"""

# For a runner's ``then``: workers that write often, and keep a checkpoint each time.
EAGER = "learning.CHECKPOINT_SECONDS = 0; reporting.FLUSH_SECONDS = 0.02"


def recipe(**changed: Any) -> RunConfig:
    """Return a recipe whose steps take a millisecond or two, with dropout."""
    standard: dict[str, Any] = {
        "options": {"width": 4, "hidden": 16},
        "dataset": Choice("shapes", {"count": 200, "image_size": 16}),
        "batch_size": 32,
        "epochs": 2,
        "snapshots": 0,
    }
    return RunConfig(**standard | changed)


ENDLESS = recipe(steps=1_000_000)


def rows(store: RunStore, run_id: str) -> list[tuple[int, str, str, float]]:
    """Return all that was measured but the time it took."""
    points, _ = store.metrics(run_id)
    return [(point.step, point.split, point.name, point.value) for point in points]


def weights(store: RunStore, run_id: str) -> bytes:
    return (store.folder / run_id / "weights.safetensors").read_bytes()


def claimed(store: RunStore, config: RunConfig) -> Run:
    store.submit(config)
    run = store.claim()
    assert run
    return run


def train(store: RunStore, config: RunConfig, **options: Any) -> Run:
    run = claimed(store, config)
    worker.work(store, run, **options)
    return store.run(run.id)


def train_on(store: RunStore, run_id: str, **options: Any) -> Run:
    store.resume(run_id)
    run = store.claim()
    assert run
    assert run.id == run_id
    worker.work(store, run, **options)
    return store.run(run_id)


def stopping(store: RunStore, step: int, what: str = "stop") -> Any:
    """Return what asks the only active run to stop once it has done so many steps."""

    def on_point(point: MetricPoint) -> None:
        if point.step == step:
            (run,) = (each for each in store.runs() if each.active)
            store.want(run.id, what)

    return on_point


def vectors(store: RunStore, run_id: str) -> list[tuple[int, str, bytes]]:
    """Return all that was measured a layer or a pair of classes, to the bit."""
    names = ("gradient_norm", "update_ratio", "dead"), ("confusion",)
    return [
        (point.step, point.name, array("f", point.values).tobytes())
        for split, of_split in zip(("train", "validation"), names, strict=True)
        for name in of_split
        for point in store.vectors(run_id, name, split)
    ]


@dataclass
class Place:
    """A home, its store, and whatever processes it has."""

    home: Path

    def __post_init__(self) -> None:
        self.store = RunStore(self.home / "runs")

    def serve(
        self, *, first: str = "", then: str = "", idle_seconds: float = 60, slots: int = 2
    ) -> "subprocess.Popen[bytes]":
        """Start a runner; ``first`` runs before anything of ours is imported, ``then`` after it."""
        script = _SERVE.format(first=first, then=then, idle_seconds=idle_seconds, slots=slots)
        with (self.store.folder / "runner.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", script],
                env={**os.environ, "CVEXPLORE_HOME": str(self.home), "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
            )

    def submit(self, config: RunConfig) -> str:
        return self.store.submit(config)

    def until(self, claim: Callable[[], Any], seconds: float = 240) -> float:
        """Wait until the claim holds and return how many seconds that took."""
        began = time.monotonic()
        while not claim():
            if time.monotonic() - began > seconds:
                runs = [(run.id, run.state, run.step, run.message) for run in self.store.runs()]
                log = (self.store.folder / "runner.log").read_text()
                pytest.fail(f"waited {seconds:g} seconds in vain; {runs}\n{log}")
            time.sleep(0.02)
        return time.monotonic() - began

    def until_step(self, run_id: str, step: int) -> float:
        return self.until(lambda: self.store.run(run_id).step >= step)

    def until_ended(self, run_id: str, seconds: float = 240) -> Run:
        self.until(lambda: not self.store.run(run_id).active, seconds)
        return self.store.run(run_id)

    def processes(self) -> list[psutil.Process]:
        """Return this home's processes, found by their environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CVEXPLORE_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def worker(self, run_id: str) -> psutil.Process:
        """Return the process that holds the run's lock."""
        lock = str(self.store.folder / run_id / "lock")
        (found,) = (
            process
            for process in self.processes()
            if lock in (file.path for file in process.open_files())
        )
        return found

    def end(self) -> None:
        """Kill what still runs here; a runner first, for it would start others."""
        for process in sorted(self.processes(), key=lambda each: each.create_time()):
            process.kill()
        for process in self.processes():
            process.wait(10)


@pytest.fixture
def place(home: Path) -> Iterator[Place]:
    """Return this test's home with a store; its processes end with the test."""
    here = Place(home)
    try:
        yield here
    finally:
        here.end()


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker write, look and keep checkpoints at every step."""
    for name in ("FLUSH_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(reporting, name, 0.0)
    monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 0.0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that holds a megabyte."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", tmp_path],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("only the superuser can make a small disk")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def fill(disk: Path, *, but: int) -> Path:
    """Write a file that leaves so many bytes of the disk."""
    filler = disk / "filler"
    room = os.statvfs(disk)
    filler.write_bytes(bytes(room.f_bavail * room.f_frsize - but))
    return filler
