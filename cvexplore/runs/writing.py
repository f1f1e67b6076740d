"""Files of a run's folder that are whole or not there."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from cvexplore.errors import RunError


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside the old one and put it in its place in one step.

    Raises:
        RunError: it cannot be written; the old one is still there.
    """
    from safetensors import SafetensorError

    part = path.with_name(path.name + ".part")
    try:
        write(part)
        _reach_disk(part)
        os.replace(part, path)
        with contextlib.suppress(OSError):  # not every system can do that for a folder
            _reach_disk(path.parent)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise RunError(f"{path.name} cannot be written: {reason}.") from None


def _reach_disk(path: Path) -> None:
    """Return when a file, or what a folder lists, would outlast a power loss."""
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def log(folder: Path, text: str) -> None:
    """Add to a run's log, if that can be written."""
    with contextlib.suppress(OSError), (folder / "log.txt").open("a") as file:
        file.write(text)
