"""What was measured: a file of JSON lines that any number of processes add to. No torch."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from cvexplore import folders
from cvexplore.errors import TimingError
from cvexplore.timing.machine import this_machine, versions
from cvexplore.timing.records import Timing, timing_of

_PATIENCE = 10.0  # seconds that another process may take to write its line
_LOOK = 0.3  # seconds between two looks whether the machine is ours


def stored(device: str | None = None, threads: int | None = None) -> dict[str, Timing]:
    """Return the newest timing of each network that was measured on this machine.

    Those of other machines and other versions of the libraries are kept, but not returned.

    Args:
        device: only those on this one: "cpu" or "cuda".
        threads: only those with this many.

    Raises:
        TimingError: the file is there and cannot be read.
    """
    newest: dict[str, Timing] = {}
    for timing in _kept(folders.timings()):
        ours = timing.versions == versions() and timing.machine == this_machine(timing.device)
        asked = device in (None, timing.device) and threads in (None, timing.threads)
        last = newest.get(timing.name)
        if ours and asked and (last is None or timing.when >= last.when):
            newest[timing.name] = timing
    return newest


def keep(timing: Timing) -> None:
    """Add a timing to the file: a whole line, or nothing.

    Raises:
        TimingError: the file cannot be written.
    """
    from filelock import FileLock

    path = folders.timings()
    line = json.dumps(asdict(timing)).encode() + b"\n"
    with _said(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=_PATIENCE), path.open("a+b") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":  # someone died while writing; that line is lost, not ours
                    line = b"\n" + line
            file.write(line)


@contextmanager
def alone(on_wait: Callable[[], object]) -> Iterator[None]:
    """Wait until nobody else measures: two at once would measure each other.

    Args:
        on_wait: told again and again while it waits.

    Raises:
        TimingError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    path = folders.timings().with_name("measuring.lock")
    lock = FileLock(path)
    with _said(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=_LOOK)
            except Timeout:
                on_wait()
    try:
        yield
    finally:
        lock.release()


def _kept(path: Path) -> Iterator[Timing]:
    with _said(path, "read"):
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return
    for line in lines:
        try:
            timing = timing_of(json.loads(line))
        except ValueError:  # half a line, or none of ours
            continue
        if timing:
            yield timing


@contextmanager
def _said(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # filelock's Timeout is one as well
        reason = error.strerror or "another process holds it"
        raise TimingError(f"{path} cannot be {what}: {reason}.") from None
