"""A run in the formats of others, one file a format; a file beside this one is found by looking.

An export is a function of the store and a run that returns files: their names and what is in them.
What a run's people wrote stands in them as text and never makes a file's name.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cvexplore.errors import RunError
from cvexplore.plugins import Registry

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore

Files = Mapping[str, bytes]
Export = Callable[["RunStore", "Run"], Files]

EXPORTS: Registry[Export] = Registry("export", folder=__name__)
OBSTACLES: Registry[Callable[["RunStore", "Run"], str]] = Registry("obstacle of an export")


def obstacle(store: "RunStore", run: "Run", format: str) -> str:
    """Return why a run cannot be had in a format, as a sentence; nothing if it can.

    Raises:
        UnknownName: there is no such format.
    """
    EXPORTS[format]  # looks into the folder
    return OBSTACLES[format](store, run) if format in OBSTACLES else ""


def export(store: "RunStore", run: "Run", format: str) -> tuple[str, bytes]:
    """Return a run in a format as one file: its name and its content, a zip where there are more.

    Raises:
        UnknownName: there is no such format.
        RunError: the run cannot be had in it, or not yet.
    """
    if reason := obstacle(store, run, format):
        raise RunError(reason)
    files = EXPORTS[format](store, run)
    if len(files) == 1:
        ((name, content),) = files.items()
        return f"{run.id}-{name}", content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{run.id}/{name}", content)
    return f"{run.id}-{format}.zip", buffer.getvalue()
