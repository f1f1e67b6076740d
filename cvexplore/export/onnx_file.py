"""ONNX files, written in a process of their own.

torch's exporter takes from seconds to minutes, holds several times the network's memory, and
changes torch while it works. So it runs in a child process, which can be ended at any time.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvexplore import catalog
from cvexplore.catalog import weights
from cvexplore.catalog.weights import Origin
from cvexplore.errors import ExportError

if TYPE_CHECKING:
    from torch import nn

Progress = Callable[[str, float], None]  # what it does, and for how many seconds already

MOST_BYTES = 1_900_000_000  # of weights: one ONNX file holds 2 GB
SECONDS = 600.0  # that an export may take; most take 5 to 60
_LOOK_SECONDS = 0.1
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class OnnxFile:
    """What was written: the ONNX operator set it needs, and whether it takes batches of any size.

    A file that does not takes one image at a time.
    """

    opset: int
    any_batch: bool


def save(
    model: "nn.Module",
    origin: Origin,
    path: Path,
    *,
    seconds: float = SECONDS,
    on_progress: Progress | None = None,
) -> OnnxFile:
    """Write a network with its weights as one ONNX file, for evaluation.

    Args:
        model: a network of the catalog.
        origin: what it is.
        path: of the file.
        seconds: that it may take.
        on_progress: told ten times a second how far it is; whatever it raises ends the export.

    Raises:
        ExportError: the exporter cannot express this network, or it takes too long.
    """
    size = sum(each.nbytes for each in model.state_dict().values())
    if known := obstacle(origin.architecture, size):
        raise ExportError(known)
    tell = on_progress or (lambda stage, elapsed: None)
    start = time.monotonic()
    with _my_turn(tell, start, seconds), tempfile.TemporaryDirectory(prefix="cvexplore-") as folder:
        given, made, told = (Path(folder, name) for name in ("in.safetensors", "out.onnx", "told"))
        weights.save(model, origin, given)
        with told.open("w") as log, _child(given, made, log) as process:
            try:
                while process.poll() is None:
                    tell(_stage(told), time.monotonic() - start)
                    if time.monotonic() - start > seconds:
                        raise ExportError(_too_slow(origin.architecture, seconds))
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_LOOK_SECONDS)
            finally:
                process.kill()
        result = _last(told)
        if process.returncode != 0 or "opset" not in result:
            raise ExportError(_reason(origin.architecture, process.returncode, result))
        shutil.move(made, path)
        return OnnxFile(result["opset"], result["any_batch"])


def obstacle(name: str, size: int) -> str:
    """Return why there is no ONNX file of an architecture, as far as one can tell without trying.

    Args:
        name: of the architecture.
        size: bytes that its weights take.
    """
    instead = "take the code and the safetensors weights instead."
    if name.startswith("torchvision/") and catalog.find(name).task == "detection":
        return (
            f"ONNX cannot hold {name}: which boxes it keeps depends on their scores "
            f"(torchvision::nms), and the exporter cannot follow that; {instead}"
        )
    if size > MOST_BYTES:
        return (
            f"ONNX cannot hold {name} in one file: its weights take {size / 1e9:.1f} GB and a file "
            f"has 2 GB at most; {instead}"
        )
    return ""


@contextlib.contextmanager
def _my_turn(tell: Progress, start: float, seconds: float):
    """Wait until no other export is under way, for each takes a gigabyte or more."""
    while not _one_at_a_time.acquire(timeout=_LOOK_SECONDS):
        tell("waiting for another export to end", time.monotonic() - start)
        if time.monotonic() - start > seconds:
            raise ExportError("Other ONNX exports are under way; try again in a few minutes.")
    try:
        yield
    finally:
        _one_at_a_time.release()


def _child(given: Path, made: Path, log) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "cvexplore.export.onnx_child", str(given), str(made)]
    return subprocess.Popen(
        words,
        stdin=subprocess.PIPE,  # closed when we end, however we end: then the child ends too
        stdout=log,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


def _last(told: Path) -> dict:
    """Return the last complete line that the child wrote for us."""
    for line in reversed(told.read_text(errors="replace").splitlines()):
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


def _stage(told: Path) -> str:
    return _last(told).get("stage", "starting")


def _too_slow(name: str, seconds: float) -> str:
    return (
        f"The ONNX export of {name} was ended after {seconds:.0f} seconds; "
        "take the code and the safetensors weights instead."
    )


def _reason(name: str, code: int, result: dict) -> str:
    if "error" in result:
        return f"ONNX cannot hold {name}: {result['error']}"
    how = "was killed, often a sign of too little memory" if code < 0 else f"ended with code {code}"
    return f"The ONNX export of {name} failed: its process {how}."
