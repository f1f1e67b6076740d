"""Data sets that people brought: a folder each, with small pictures and two JSON files.

``manifest.json`` says what it is, and ``pictures.json`` lists the files. All names of files are
ours; what a person named, the data set or a class, is text in the manifest and never a path.
A data set does not change once it is made, so that a run that learned from it can be repeated.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cvexplore import folders
from cvexplore.errors import DataError

MANIFEST, PICTURES = "manifest.json", "pictures.json"
_LONGEST_NAME = 60
_UNFINISHED = 86_400.0  # seconds without a new picture, after which nobody is making it any more


@dataclass(frozen=True)
class OwnData:
    """What is known of a data set that a person brought, without its pictures.

    Args:
        id: made by us; ``own:<id>`` is its address.
        name: the person's own words.
        classes: what its classes are called.
        counts: pictures of each class.
        source: where they came from: "zip", "folder", "photos" or "camera".
        created: when, in seconds since 1970.
        bytes: of its files.
        skipped: how many files were left out, by the reason.
    """

    id: str
    name: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    source: str
    created: float
    bytes: int
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def pictures(self) -> int:
        """How many there are."""
        return sum(self.counts)


@dataclass(frozen=True)
class Kept:
    """A picture of such a data set.

    Args:
        file: its name in the data set's folder.
        label: an index into the classes.
        width: in pixels, as it came; what is kept may be smaller.
        height: likewise.
    """

    file: str
    label: int
    width: int
    height: int


def all_own() -> list[OwnData]:
    """Return every data set that people brought, the newest first."""
    forget_unfinished()
    found = [_read(path) for path in folders.data().glob(f"*/{MANIFEST}")]
    return sorted((each for each in found if each), key=lambda each: -each.created)


def find(data_id: str) -> OwnData:
    """Return one of them.

    Raises:
        DataError: there is none of this id.
    """
    found = _read(folders.own_data(data_id) / MANIFEST)
    if found is None:
        raise DataError(
            f"There is no data set own:{data_id} on this machine: it was deleted, or made on "
            "another. The Data page lists those that are here."
        )
    return found


def pictures(data_id: str) -> list[Kept]:
    """Return the pictures of a data set, in their order.

    Raises:
        DataError: there is none of this id, or its list cannot be read.
    """
    find(data_id)
    try:
        rows = json.loads((folders.own_data(data_id) / PICTURES).read_text(encoding="utf-8"))
        return [Kept(str(f), int(label), int(w), int(h)) for f, label, w, h in rows]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"The pictures of own:{data_id} cannot be listed ({error}).") from None


def rename(data_id: str, name: str) -> OwnData:
    """Give a data set another name and return it.

    Raises:
        DataError: there is none of this id, or the name is empty.
    """
    renamed = replace(find(data_id), name=as_name(name))
    write(folders.own_data(data_id), renamed)
    return renamed


def delete(data_id: str) -> None:
    """Delete a data set and its pictures for good.

    Raises:
        DataError: there is none of this id.
    """
    find(data_id)
    folder = folders.own_data(data_id)
    (folder / MANIFEST).unlink()  # from here on it is gone, whatever happens to the rest
    shutil.rmtree(folder, ignore_errors=True)


def unfinished(data_id: str) -> Path:
    """Return the folder that a data set is made in; it is renamed once all pictures are there."""
    return folders.data() / f".{data_id}.part"


def forget_unfinished() -> None:
    """Delete what was left by processes that were killed while they made a data set."""
    for part in folders.data().glob(unfinished("*").name):
        with suppress(FileNotFoundError):  # its maker just finished it
            if time.time() - part.stat().st_mtime > _UNFINISHED:
                shutil.rmtree(part, ignore_errors=True)


def as_name(text: str) -> str:
    """Return text as a name: one line, no control characters, not too long.

    Raises:
        DataError: nothing is left of it.
    """
    name = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_NAME]
    if not name:
        raise DataError("A name needs at least one letter or digit.")
    return name


def write(folder: Path, data: OwnData) -> None:
    """Write a data set's manifest, whole or not at all."""
    part = folder / f"{MANIFEST}.{os.getpid()}.{time.monotonic_ns()}.part"
    part.write_text(json.dumps(asdict(data)), encoding="utf-8")
    os.replace(part, folder / MANIFEST)


def _read(manifest: Path) -> OwnData | None:
    try:
        said: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        folders.own_data(manifest.parent.name)
        return OwnData(
            id=manifest.parent.name,
            name=str(said["name"]),
            classes=tuple(map(str, said["classes"])),
            counts=tuple(map(int, said["counts"])),
            source=str(said["source"]),
            created=float(said["created"]),
            bytes=int(said["bytes"]),
            skipped={str(k): int(v) for k, v in said["skipped"].items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, DataError):
        return None
