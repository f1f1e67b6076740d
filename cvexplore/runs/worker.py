"""One run in one process: it trains, writes what it measures and does what is wanted of it."""

import contextlib
import io
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from cvexplore.errors import CvexploreError, RunError
from cvexplore.runs import snapshots
from cvexplore.runs.store import Run, RunStore
from cvexplore.training.config import MetricPoint

if TYPE_CHECKING:
    from cvexplore.training.loop import Training

FLUSH_SECONDS = 0.25
LOOK_SECONDS = 0.1
CHECKPOINT_SECONDS = 10.0
LOCK_SECONDS = 2.0  # that a process which was just killed may still hold the run's lock

OnPoint = Callable[[MetricPoint], None]


def work(store: RunStore, run: Run, on_point: OnPoint | None = None, threads: int = 1) -> str:
    """Train a run that this process has claimed, to its end, and return the state it ended in.

    The run's folder holds a lock as long as this process lives, its log, its snapshots, its last
    checkpoint, and at the end its weights. Whatever happens is written to the store; nothing is
    raised but interrupts.
    """
    folder = store.folder / run.id
    state, message = "failed", ""
    try:
        folder.mkdir(exist_ok=True)
        with FileLock(folder / "lock", timeout=LOCK_SECONDS):
            state = _train(store, run, folder, on_point, threads)
    except Timeout:  # another process trains it and will say how it ended
        state = ""
    except (KeyboardInterrupt, BrokenPipeError):  # nobody wants to hear more of it
        state = "stopped"
        raise
    except CvexploreError as error:
        message = str(error)
    except OSError as error:
        message = f"The runs folder cannot be written: {error.strerror or error}."
    except Exception as error:
        message = f"{type(error).__name__}: {error}".partition("\n")[0]
        _log(folder, traceback.format_exc())
    finally:
        if state:
            with contextlib.suppress(RunError):  # a disk that is full cannot be told so
                store.end(run.id, state, message)
    return state or store.run(run.id).state


def _train(store: RunStore, run: Run, folder: Path, on_point: OnPoint | None, threads: int) -> str:
    import torch

    from cvexplore.training.loop import Training

    torch.set_num_threads(threads)
    training = Training(run.config)
    checkpoint = folder / "checkpoint.pt"
    recorded = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        training.restore(saved["training"])
        recorded = saved["recorded"]
    store.begin(run.id, training.step, training.steps, recorded)

    def save_checkpoint() -> None:
        state = {"training": training.checkpoint(), "recorded": recorded}
        file = io.BytesIO()  # torch would hide from us why a file cannot be written
        torch.save(state, file)
        _replace(checkpoint, lambda path: path.write_bytes(file.getbuffer()))

    moments = _moments(training, folder)
    if training.step in moments:  # the first, before it learns
        _keep_moment(training, folder)
    stopped = False
    buffer: list[MetricPoint] = []
    now = looked = flushed = kept = time.monotonic()
    try:
        for point in training.points():
            buffer.append(point)
            if on_point:
                on_point(point)
            if point.name != "learning_rate":  # that is a step's last point: now all of it is known
                continue
            if training.step in moments:
                _keep_moment(training, folder)
            now = time.monotonic()
            if now - flushed > FLUSH_SECONDS:
                recorded = store.record(run.id, buffer, training.step, training.steps)
                buffer.clear()
                flushed = now
                if now - kept > CHECKPOINT_SECONDS:
                    save_checkpoint()
                    kept = now
            if now - looked > LOOK_SECONDS:
                looked = now
                if stopped := store.wanted(run.id) == "stop":
                    break
    finally:
        store.record(run.id, buffer, training.step, training.steps)
    _replace(folder / "weights.safetensors", training.save)
    if stopped:
        if moments:
            _keep_moment(training, folder)  # the last there is, until it goes on
        recorded = store.record(run.id, (), training.step, training.steps)
        save_checkpoint()  # so that it can go on
        return "stopped"
    checkpoint.unlink(missing_ok=True)
    return "finished"


def _moments(training: "Training", folder: Path) -> frozenset[int]:
    """Return the steps whose weights to keep, and forget those that are still to come."""
    size = sum(each.nbytes for each in training.approach.network.state_dict().values())
    asked = training.config.snapshots
    count = snapshots.affordable(asked, size)
    if count < asked:
        _log(folder, f"{snapshots.too_large(asked, count, size)}\n")
    moments = frozenset(snapshots.moments(count, training.steps))
    snapshots.keep_only(folder, {moment for moment in moments if moment <= training.step})
    return moments


def _keep_moment(training: "Training", folder: Path) -> None:
    path = snapshots.file(folder, training.step)
    path.parent.mkdir(exist_ok=True)
    _replace(path, training.save)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside the old one and put it in its place in one step.

    Raises:
        RunError: it cannot be written; the old one is still there.
    """
    from safetensors import SafetensorError

    part = path.with_name(path.name + ".part")
    try:
        write(part)
        os.replace(part, path)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise RunError(f"{path.name} cannot be written: {reason}.") from None


def _log(folder: Path, text: str) -> None:
    with contextlib.suppress(OSError), (folder / "log.txt").open("a") as file:
        file.write(text)
