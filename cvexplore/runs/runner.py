"""The runner: one background process that starts waiting runs and notices those that died.

It has torch imported already and forks a worker for each run, so a run's first step comes after a
blink, and one run's crash is no other's. It is started when a run is first wanted, one for each runs
folder (a file lock), and goes away when there has been nothing to do for a while. The app and the
browser may go away at any time: the runner and its runs go on.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from cvexplore import folders
from cvexplore.errors import RunError
from cvexplore.runs.store import Run, RunStore
from cvexplore.runs.worker import work

POLL_SECONDS = 0.1
IDLE_SECONDS = 600.0
PATIENCE_SECONDS = 5.0  # that a run has to stop by itself before it is killed
SILENT_SECONDS = 10.0  # without a heartbeat before a run without a worker is lost


def ensure(folder: Path | None = None) -> None:
    """Start the runner of this runs folder unless it is there.

    Raises:
        RunError: the folder cannot be written.
    """
    folder = folder or folders.runs()
    lock = FileLock(folder / "runner.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=0):
            pass
    except Timeout:
        return
    except OSError as error:
        raise RunError(f"The runs folder {folder} cannot be written: {error.strerror}.") from None
    environment = {
        **os.environ,
        "CVEXPLORE_HOME": str(folder.parent),
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",  # waiting threads must not burn the cores that others train on
    }
    with (folder / "runner.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "cvexplore", "runner"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
        )


def serve(store: RunStore, idle_seconds: float = IDLE_SECONDS, slots: int | None = None) -> None:
    """Be the runner until there has been nothing to do for ``idle_seconds``."""
    try:
        with FileLock(store.folder / "runner.lock", timeout=0):
            _Runner(store, slots or max(1, (os.cpu_count() or 2) // 2)).serve(idle_seconds)
    except Timeout:
        return  # another one serves already


class _Runner:
    def __init__(self, store: RunStore, slots: int) -> None:
        self.store = store
        self.slots = slots
        self.workers: dict[int, str] = {}  # process -> run
        self.unheard: dict[str, float] = {}  # run -> since when it was asked to stop

    def serve(self, idle_seconds: float) -> None:
        _import_ahead()
        busy = time.monotonic()
        checked = 0.0
        while time.monotonic() - busy < idle_seconds:
            self._reap()
            if len(self.workers) < self.slots and (run := self.store.claim()):
                self._start(run)
            if time.monotonic() - checked > 1.0:
                checked = time.monotonic()
                self._look_after(self.store.runs())
            if self.workers:
                busy = time.monotonic()
            time.sleep(POLL_SECONDS)

    def _start(self, run: Run) -> None:
        pid = _fork(lambda: work(self.store, run))
        self.workers[pid] = run.id

    def _reap(self) -> None:
        """Notice workers that are gone; one that did not say how it ended was killed."""
        for pid in list(self.workers):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                run_id = self.workers.pop(pid)
                self.store.end(run_id, "lost", _how_it_died(status))

    def _look_after(self, runs: tuple[Run, ...]) -> None:
        active = [run for run in runs if run.state in ("starting", "running", "stopping")]
        for run in active:
            if run.want == "stop":
                self._insist(run)
            silent = time.time() - (run.heartbeat or run.created)
            if silent > SILENT_SECONDS and run.id not in self.workers.values():
                if not _is_held(self.store.folder / run.id / "lock"):
                    self.store.end(
                        run.id,
                        "lost",
                        "Its process is gone; it can go on from its last checkpoint.",
                    )

    def _insist(self, run: Run) -> None:
        """Kill a run of ours that was asked to stop and does not."""
        since = self.unheard.setdefault(run.id, time.monotonic())
        pid = next((pid for pid, each in self.workers.items() if each == run.id), None)
        if pid and time.monotonic() - since > PATIENCE_SECONDS:
            self.store.end(run.id, "stopped", "It did not stop by itself and was killed.")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _fork(job: Callable[[], object]) -> int:
    """Run a job in a child process and return the child's number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.nice(10)  # the page stays quick while runs train
        job()
        code = 0
    finally:
        os._exit(code)


def _import_ahead() -> None:
    """Import what a run needs, and compute nothing: a fork must find no thread or GPU in use."""
    import torch
    import torch._dynamo  # the first optimiser would import it, for over a second

    import cvexplore.training.loop
    from cvexplore.architectures import BUILDERS
    from cvexplore.training.datasets import DATASETS

    torch.set_num_threads(1)
    list(BUILDERS)
    list(DATASETS)


def _is_held(lock: Path) -> bool:
    if not lock.parent.is_dir():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def _how_it_died(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
    return f"Its process ended {how}; it can go on from its last checkpoint."
