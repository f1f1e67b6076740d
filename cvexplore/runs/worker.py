"""One run in one process: it does its job, and says how that ended whatever happens."""

import contextlib
import traceback
from pathlib import Path

from filelock import FileLock, Timeout

from cvexplore.errors import CvexploreError, RunError
from cvexplore.runs import writing
from cvexplore.runs.living import UNSAID
from cvexplore.runs.reporting import OnPoint, Reporting
from cvexplore.runs.store import Run, RunStore

LOCK_SECONDS = 2.0  # that a process which was just killed may still hold the run's lock


def work(store: RunStore, run: Run, on_point: OnPoint | None = None) -> str:
    """Do the job of a run that this process has claimed, and return the state it ended in.

    The run's folder holds a lock as long as this process lives, its log, its snapshots, its last
    checkpoint, and at the end its weights. Whatever happens is written to the store; nothing is
    raised but interrupts.
    """
    folder = store.folder / run.id
    state, message = "failed", ""
    try:
        folder.mkdir(exist_ok=True)
        (folder / UNSAID).unlink(missing_ok=True)
        with FileLock(folder / "lock", timeout=LOCK_SECONDS):
            state, message = _do(Reporting(store, run, on_point))
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
        message = _defect(folder, error)
    finally:
        if state:
            _tell(store, run.id, state, message)
    return state or store.run(run.id).state


def _do(reporting: Reporting) -> tuple[str, str]:
    import torch

    from cvexplore.runs.jobs import JOBS

    torch.set_num_threads(reporting.run.config.threads)
    return JOBS[reporting.run.kind](reporting)


def _tell(store: RunStore, run_id: str, state: str, message: str) -> None:
    """Say how the run ended; where the disk is full, in a small file for whoever looks after it."""
    try:
        store.end(run_id, state, message)
    except RunError as error:
        with contextlib.suppress(OSError):
            (store.folder / run_id / UNSAID).write_text(message or str(error))


def _defect(folder: Path, error: Exception) -> str:
    writing.log(folder, traceback.format_exc())
    return f"{type(error).__name__}: {error}".partition("\n")[0]
