"""Commands as they are typed, and what their JSON holds."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
    """Type a command and return what came of it."""
    return subprocess.run(
        [sys.executable, "-m", "cvexplore", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def output(*arguments: str | Path, seconds: float = 120) -> str:
    done = run(*arguments, seconds=seconds)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def parsed(*arguments: str | Path) -> Any:
    return json.loads(output(*arguments, "--json"))


def assert_mendable(code: object, told: str, says: str) -> None:
    """Check that a command failed with one sentence that says so."""
    assert code == 2
    assert says in told
    assert told.count("\n") == 1
    assert "Traceback" not in told


# What the JSON of each command holds: every key, and what its value is.
WHOLE = int
RUN = {
    "run": str,
    "state": str,
    "architecture": str,
    "dataset": str,
    "step": WHOLE,
    "steps": WHOLE,
    "metrics": dict,
    "message": str,
    "name": str,
    "tags": list,
    "note": str,
    "group": str,
    "changes": list,
    "config": dict,
}
POINT = {"step": WHOLE, "split": str, "name": str, "value": float, "seconds": float}


def assert_shape(value: dict[str, Any], shape: dict[str, type]) -> None:
    assert {key: type(each) for key, each in value.items()} == shape


def noise(path: Path) -> Path:
    """Return a picture file with nothing to see in it."""
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def hears_interrupts() -> None:
    """Undo what a shell does to its background jobs: they would not be told of Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until(claim: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
