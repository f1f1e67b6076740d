"""The runner: one background process that starts waiting runs and notices those that died.

It has torch imported already and forks a worker for each run, so a run's first step comes after a
blink, and one run's crash is no other's. Where a process cannot be forked, a worker is a fresh one.
The runner is started when a run is first wanted, one for each runs folder (a file lock), and goes
away when there has been nothing to do for a while. The app and the browser may go away at any time:
the runner and its runs go on.
"""

import contextlib
import importlib
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
from cvexplore.runs import leftovers
from cvexplore.runs.fairness import SHORT, slots
from cvexplore.runs.living import SILENT_SECONDS
from cvexplore.runs.store import Run, RunStore
from cvexplore.runs.worker import work

POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0
IDLE_SECONDS = 600.0
SPARE_SECONDS = 2.0  # without a run before there is time to import what some runs need
HEED_SECONDS = 0.35  # that a run has to notice that it is to stop; a long step may not let it
PATIENCE_SECONDS = 30.0  # that it then has to keep what it learned
TIDY_SECONDS = 900.0  # between looks at what nobody needs any more

# Windows has no fork; macOS has one, but its own libraries do not survive it.
_CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"


def ensure(folder: Path | None = None) -> None:
    """Start the runner of this runs folder unless it is there.

    Raises:
        RunError: the folder cannot be written.
        OptionError: ``CVEXPLORE_SLOTS`` is no number of runs.
    """
    folder = folder or folders.runs()
    slots()  # here somebody hears of it
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


def serve(store: RunStore, idle_seconds: float = IDLE_SECONDS, at_once: int = 0) -> None:
    """Be the runner until there has been nothing to do for ``idle_seconds``."""
    try:
        while True:
            with FileLock(store.folder / "runner.lock", timeout=0):
                _Runner(store, at_once or slots()).serve(idle_seconds)
            if not store.queue():
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
        self.looked = self.tidied = 0.0  # when lost runs, and what is left over, was looked for

    def serve(self, idle_seconds: float) -> None:
        if _CAN_FORK:
            _import_ahead()
        busy = time.monotonic()
        while time.monotonic() - busy < idle_seconds and self.store.folder.is_dir():
            with contextlib.suppress(RunError, OSError):  # a full disk may have room again
                self._turn()
            if self.workers:
                busy = time.monotonic()
            elif _CAN_FORK and time.monotonic() - busy > SPARE_SECONDS:
                _import_more()
            time.sleep(POLL_SECONDS)

    def _turn(self) -> None:
        self._reap()
        if run := self._next():
            self._start(run)
        now = time.monotonic()
        if self.workers or now - self.looked > LOOK_SECONDS:
            self._look_after(self.store.at_work())
        if now - self.tidied > TIDY_SECONDS:
            self.tidied = now
            leftovers.remove(self.store)

    def _next(self) -> Run | None:
        """Claim a run if there is a slot for it; somebody waits for a short one's answer."""
        if len(self.workers) < self.slots:
            return self.store.claim()
        if len(self.workers) == self.slots:
            return self.store.claim(SHORT)
        return None

    def _start(self, run: Run) -> None:
        self.asked.pop(run.id, None)
        if before := self.workers.get(run.id):
            before.wait()  # it has said how it ended and is about to go
        if _CAN_FORK:
            self.workers[run.id] = _Forked(lambda: work(self.store, run))
        else:
            self.workers[run.id] = _runner_process(self.store.folder, "--run", run.id)

    def _reap(self) -> None:
        """Notice workers that are gone; one that did not say how it ended was killed, or could not.

        It could not where the disk is full; then its code is 0.
        """
        for run_id, worker in list(self.workers.items()):
            if (code := worker.poll()) is not None:
                if code:
                    self.store.lose(run_id, f"ended {_how(code)}")
                else:
                    self.store.fail_unsaid(run_id)
                del self.workers[run_id]  # not before that is written: the disk may be full

    def _look_after(self, runs: tuple[Run, ...]) -> None:
        """See to it that runs stop when they are to, and that none without a process is active."""
        for run in runs:
            if run.want != "run":
                self._insist(run)
        if time.monotonic() - self.looked > LOOK_SECONDS:
            self.looked = time.monotonic()
            for run in runs:
                silent = time.time() - (run.heartbeat or run.created)
                if silent > SILENT_SECONDS[run.state] and run.id not in self.workers:
                    self.store.lose(run.id, "is gone")

    def _insist(self, run: Run) -> None:
        """End a run that was asked to stop or pause and is in the middle of a long step."""
        waited = time.monotonic() - self.asked.setdefault(run.id, time.monotonic())
        state = "paused" if run.want == "pause" else "stopped"
        if run.state != "stopping" and waited > HEED_SECONDS:
            message = f"It was in the middle of a long step; {self.store.goes_on(run.id)}."
            if self.store.end_unheeding(run.id, state, message):
                self._kill(run)
        elif waited > PATIENCE_SECONDS:
            message = f"It took too long to stop and was killed; {self.store.goes_on(run.id)}."
            self.store.end(run.id, state, message)
            self._kill(run)

    def _kill(self, run: Run) -> None:
        if worker := self.workers.get(run.id):
            worker.kill()
        elif run.process and self.store.is_held(run.id):
            with contextlib.suppress(OSError):  # an earlier runner's
                os.kill(run.process, signal.SIGKILL)


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

    def wait(self) -> None:
        """Return when the process has ended."""
        while self.poll() is None:
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """End the process, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def _give_way() -> None:
    """Let the page stay quick while runs train."""
    if hasattr(os, "nice"):
        os.nice(10)


def _import_ahead() -> None:
    """Import what any run needs, and compute nothing: a fork must find no thread or GPU in use."""
    import safetensors.torch  # noqa: F401
    import torch
    import torch._dynamo  # the first optimiser would import it, for over a second

    import cvexplore.runs.jobs
    import cvexplore.training.loop  # noqa: F401
    from cvexplore.architectures import BUILDERS
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.augmentations import AUGMENTATIONS
    from cvexplore.training.datasets import DATASETS
    from cvexplore.training.optimizers import OPTIMIZERS
    from cvexplore.training.schedules import SCHEDULES

    torch.set_num_threads(1)
    for registry in (BUILDERS, APPROACHES, AUGMENTATIONS, DATASETS, OPTIMIZERS, SCHEDULES):
        list(registry)


def _import_more() -> None:
    """Import what some runs need, for seconds: while nobody waits."""
    for library in ("torchvision", "timm"):
        with contextlib.suppress(ImportError):
            importlib.import_module(library)


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
