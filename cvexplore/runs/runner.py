"""The runner: one background process that starts waiting runs and notices those that died.

It has torch imported already and forks a worker for each run, so a run's first step comes after a
blink, and one run's crash is no other's. Where a process cannot be forked, a worker is a fresh one.
The runner is started when a run is first wanted, one for each runs folder (a file lock), and goes
away when there has been nothing to do for a while. The app and the browser may go away at any time:
the runner and its runs go on.
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
LOOK_SECONDS = 1.0
IDLE_SECONDS = 600.0
PATIENCE_SECONDS = 5.0  # that a run has to stop by itself before it is killed
SILENT_SECONDS = 10.0  # without a heartbeat before a run without a worker is lost

# Windows has no fork; macOS has one, but its own libraries do not survive it.
_CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"


def ensure(folder: Path | None = None) -> None:
    """Start the runner of this runs folder unless it is there.

    Raises:
        RunError: the folder cannot be written.
    """
    folder = folder or folders.runs()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "runner.lock", timeout=0):
            pass
        _runner_process(folder)
    except Timeout:
        return
    except OSError as error:
        raise RunError(f"The runs folder {folder} cannot be written: {error.strerror}.") from None


def _runner_process(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start ``cvexplore runner`` in a process that outlives this one."""
    environment = {
        **os.environ,
        "CVEXPLORE_HOME": str(folder.parent),
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",  # waiting threads must not burn the cores others train on
    }
    with (folder / "runner.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cvexplore", "runner", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),  # Windows' new session
            env=environment,
        )


def serve(store: RunStore, idle_seconds: float = IDLE_SECONDS, slots: int | None = None) -> None:
    """Be the runner until there has been nothing to do for ``idle_seconds``."""
    slots = slots or max(1, (os.cpu_count() or 2) // 2)
    try:
        while True:
            with FileLock(store.folder / "runner.lock", timeout=0):
                _Runner(store, slots).serve(idle_seconds)
            if not any(run.state == "queued" for run in store.runs()):
                return  # else one came in while we left, and whoever sent it saw us here
    except Timeout:
        return  # another one serves already


def train(store: RunStore, run_id: str) -> None:
    """Train one run that the runner has claimed: a fresh worker's whole task.

    Raises:
        UnknownName: there is no such run.
        RunError: it was not claimed.
    """
    run = store.run(run_id)
    if run.state != "starting":
        raise RunError(f"Run {run_id} is {run.state}; only the runner starts runs.")
    _give_way()
    work(store, run)


class _Runner:
    def __init__(self, store: RunStore, slots: int) -> None:
        self.store = store
        self.slots = slots
        self.workers: dict[str, _Forked | subprocess.Popen[bytes]] = {}  # by their run
        self.asked: dict[str, float] = {}  # run -> since when it was asked to stop
        self.looked = 0.0  # when it was last seen to that all runs are well

    def serve(self, idle_seconds: float) -> None:
        if _CAN_FORK:
            _import_ahead()
        busy = time.monotonic()
        while time.monotonic() - busy < idle_seconds and self.store.folder.is_dir():
            with contextlib.suppress(RunError, OSError):  # a full disk may have room again
                self._turn()
            if self.workers:
                busy = time.monotonic()
            time.sleep(POLL_SECONDS)

    def _turn(self) -> None:
        self._reap()
        if len(self.workers) < self.slots and (run := self.store.claim()):
            self._start(run)
        if time.monotonic() - self.looked > LOOK_SECONDS:
            self.looked = time.monotonic()
            self._look_after(self.store.runs())

    def _start(self, run: Run) -> None:
        self.asked.pop(run.id, None)
        if _CAN_FORK:
            self.workers[run.id] = _Forked(lambda: work(self.store, run))
        else:
            self.workers[run.id] = _runner_process(self.store.folder, "--run", run.id)

    def _reap(self) -> None:
        """Notice workers that are gone; one that did not say how it ended was killed."""
        for run_id, worker in list(self.workers.items()):
            if (code := worker.poll()) is not None:
                del self.workers[run_id]
                self._lose(run_id, f"ended {_how(code)}")

    def _look_after(self, runs: tuple[Run, ...]) -> None:
        active = [run for run in runs if run.state in ("starting", "running", "stopping")]
        for run in active:
            if run.want == "stop":
                self._insist(run)
            silent = time.time() - (run.heartbeat or run.created)
            if silent > SILENT_SECONDS and run.id not in self.workers:
                self._lose(run.id, "is gone")

    def _insist(self, run: Run) -> None:
        """Kill a run of ours that was asked to stop and does not."""
        since = self.asked.setdefault(run.id, time.monotonic())
        worker = self.workers.get(run.id)
        if worker and time.monotonic() - since > PATIENCE_SECONDS:
            message = (
                "It did not stop by itself and was killed; it can go on from its last checkpoint."
            )
            self.store.end(run.id, "stopped", message)
            worker.kill()

    def _lose(self, run_id: str, how: str) -> None:
        """Say that a run's process is not there any more, unless one holds its lock."""
        if not _is_held(self.store.folder / run_id / "lock"):
            message = f"Its process {how}; it can go on from its last checkpoint."
            self.store.end(run_id, "lost", message)


class _Forked:
    """A job in a child process that starts with all this one has imported."""

    def __init__(self, job: Callable[[], object]) -> None:
        self.code: int | None = None
        self.pid = os.fork()
        if self.pid:
            return
        code = 1
        try:
            _give_way()
            job()
            code = 0
        finally:
            os._exit(code)

    def poll(self) -> int | None:
        """Return the exit code, below zero the signal that killed it, or None while it runs."""
        if self.code is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if done else None
        return self.code

    def kill(self) -> None:
        """End the process, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def _give_way() -> None:
    """Let the page stay quick while runs train."""
    if hasattr(os, "nice"):
        os.nice(10)


def _import_ahead() -> None:
    """Import what a run needs, and compute nothing: a fork must find no thread or GPU in use."""
    import torch
    import torch._dynamo  # the first optimiser would import it, for over a second

    import cvexplore.training.loop  # noqa: F401
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


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
