"""A measurement of some networks that goes on by itself, one process after the other."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from typing import IO

from cvexplore import catalog
from cvexplore.timing.machine import usual_threads
from cvexplore.timing.records import Progress, Timing, timing_of

_GONE_SECONDS = 2.0  # that a killed process may take to be gone


class Measuring:
    """Networks being measured, each in a fresh process; ask it at any time how far it is.

    Args:
        names: "library/model", each once.
        device: "cpu", "cuda" or "auto".
        threads: of torch.
    """

    def __init__(self, names: Iterable[str], device: str, threads: int) -> None:
        self.names = tuple(names)
        self.device = device
        self.threads = threads
        self.steps = [Progress(self.names[0] if self.names else "", "starting", 0.0)]  # all so far
        self.results: dict[str, Timing] = {}
        self.errors: dict[str, str] = {}  # a sentence for each network that cannot be measured
        self.cancelled = False
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()  # no process starts once it is cancelled
        self._thread = threading.Thread(target=self._measure_all, daemon=True, name="measuring")

    @classmethod
    def start(
        cls, names: Iterable[str], device: str = "auto", threads: int | None = None
    ) -> "Measuring":
        """Start to measure these networks and return at once.

        Args:
            names: of architectures; a name that stands twice is measured once.
            device: "cpu", "cuda", or "auto": CUDA where torch has it.
            threads: of torch; half as many as cores if None.

        Raises:
            UnknownName: there is no such architecture; nothing was started.
        """
        known = [catalog.find(name).name for name in dict.fromkeys(names)]
        measuring = cls(known, device, threads or usual_threads())
        measuring._thread.start()
        return measuring

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        return self.steps[-1]

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return not self._thread.is_alive()

    @property
    def error(self) -> str:
        """What went wrong, a sentence for each network; empty if nothing did."""
        return " ".join(self.errors.values())

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long, and say whether it has come."""
        self._thread.join(seconds)
        return self.done

    def cancel(self) -> None:
        """End it now; what was measured stays kept."""
        with self._lock:
            self.cancelled = True
            process = self._process
        if process is not None and process.poll() is None:
            _kill(process)
        self._thread.join(_GONE_SECONDS)

    def _measure_all(self) -> None:
        for place, name in enumerate(self.names):
            if place:
                self.steps.append(Progress(name, "starting", place / len(self.names)))
            # A file, for a pipe that nobody empties would stop a process that warns a lot.
            with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as told:
                with self._lock:
                    if self.cancelled:
                        return
                    try:
                        process = self._process = self._child(name, told)
                    except OSError as error:
                        self.errors[name] = f"No process can be started: {error.strerror}."
                        return
                self._follow(process, place)
                if name not in self.results and not self.cancelled:
                    told.seek(0)
                    self.errors[name] = _sentence(name, process.returncode, told.read())

    def _follow(self, process: "subprocess.Popen[str]", place: int) -> None:
        """Read what a process writes, to its end."""
        with process:
            for line in process.stdout or ():
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                if not isinstance(row, dict):  # something else printed
                    continue
                if timing := timing_of(row.get("timing")):
                    self.results[timing.name] = timing
                elif "stage" in row:
                    share = (place + row["share"]) / len(self.names)
                    self.steps.append(Progress(row["name"], row["stage"], share))

    def _child(self, name: str, told: IO[str]) -> "subprocess.Popen[str]":
        environment = {**os.environ, "OMP_NUM_THREADS": str(self.threads)}
        # How threads wait is left to the libraries, whatever the app was started with.
        environment.pop("OMP_WAIT_POLICY", None)
        words = [name, self.device, str(self.threads)]
        return subprocess.Popen(
            [sys.executable, "-m", "cvexplore.timing.child", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            start_new_session=True,
            env=environment,
        )


def _kill(process: "subprocess.Popen[str]") -> None:
    """End a process and all it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _sentence(name: str, code: int, told: str) -> str:
    """Return why a process has no timing, from how it ended and what it told."""
    last = told.strip().rpartition("\n")[2].strip()
    if code == 2 and last:
        return last
    if code < 0:
        how = f"its process was ended by {signal.Signals(-code).name}"
        return f"{name} cannot be measured: {how}, often a sign of too little memory."
    return f"{name} cannot be measured: {last or f'its process ended with code {code}.'}"
