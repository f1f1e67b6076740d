"""The pictures that a person offers: in a zip file, in a folder, or in boxes with names.

What is offered is hostile. Nothing is unpacked onto the disk, no link is followed, and a path says
only which class a picture is of: its folder's name, as text.
"""

import io
import os
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cvexplore import images
from cvexplore.errors import DataError
from cvexplore.training.own import as_name

MOST_FILES = 100_000  # in a zip or folder, whatever they are
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}
_ENTRY = b"PK\x01\x02"  # how each file's entry begins in a zip file's directory
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others' dictionaries may take gigabytes


@dataclass(frozen=True)
class File:
    """A file that may be a picture.

    Args:
        category: the class it is offered as.
        read: returns its bytes, one more than an image may have at most.
    """

    category: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Found:
    """What was offered.

    Args:
        files: those that may be pictures.
        skipped: how many files were left out already, by the reason.
    """

    files: tuple[File, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)


def in_boxes(boxes: Mapping[str, Iterable[bytes]]) -> Found:
    """Return the pictures of named boxes, a box a class.

    Raises:
        DataError: a box has no name.
    """
    files = [
        File(_category(name), lambda data=data: data)
        for name, contents in boxes.items()
        for data in contents
    ]
    return Found(tuple(files))


def in_zip(data: bytes) -> Found:
    """Return the pictures in a zip file with a folder a class.

    Folders around all of them are looked through, and so are train, val and test folders.

    Raises:
        DataError: this is not a zip file, or it holds too many files.
    """
    _check_count(data.count(_ENTRY))  # the directory's own count may lie, and zipfile reads on
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [each for each in archive.infolist() if not each.is_dir()]
    except Exception:  # zipfile raises almost anything on damaged files
        raise DataError("This is not a zip file, or it is damaged: pack the folder anew.") from None
    _check_count(len(members))
    skipped: Counter[str] = Counter()
    sound = []
    for each in members:
        if stat.S_ISLNK(each.external_attr >> 16):
            skipped["a link"] += 1
        elif each.flag_bits & 1:
            skipped["locked with a password"] += 1
        elif each.compress_type not in _PACKED:
            skipped["packed in a way that is not read"] += 1
        else:
            sound.append(each)

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            with archive.open(member) as file:
                return file.read(images.MOST_BYTES + 1)

        return read

    paths = [_folders_and_name(each.filename) for each in sound]
    return _arranged(paths, [reader(each) for each in sound], skipped)


def in_folder(path: Path) -> Found:
    """Return the pictures in a folder with a folder a class, arranged as in a zip file.

    Raises:
        DataError: this is not a folder, or it holds too many files.
    """
    if not path.is_dir():
        raise DataError(f"{path} is not a folder: name one that holds a folder a class.")
    skipped: Counter[str] = Counter()
    paths, readers = [], []
    for where, inner, names in os.walk(path):  # it follows no links
        inner.sort()
        for name in sorted(names):
            file = Path(where) / name
            if file.is_symlink() or not file.is_file():
                skipped["a link"] += 1
                continue
            paths.append(file.relative_to(path).parts)
            readers.append(_file_reader(file))
        _check_count(len(paths))
    return _arranged(paths, readers, skipped)


def _file_reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(images.MOST_BYTES + 1)

    return read


def _check_count(files: int) -> None:
    if files > MOST_FILES:
        raise DataError(f"There are more than {MOST_FILES:,} files: bring a part of them.")


# ------------------------------------------------------------------ folders


def _folders_and_name(path: str) -> tuple[str, ...]:
    """Return a zip file's path in parts, whichever way its slashes lean."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return tuple(part for part in parts if part not in ("/", ".", ".."))


def _arranged(
    paths: Sequence[tuple[str, ...]],
    readers: Sequence[Callable[[], bytes]],
    skipped: Counter[str],
) -> Found:
    """Return the files with the classes that their folders say."""
    kept = []
    for parts, read in zip(paths, readers, strict=True):
        if not parts or any(part.startswith((".", "__MACOSX")) for part in parts):
            continue  # what systems leave behind
        if parts[-1].rpartition(".")[2].lower() not in images.SUFFIXES:
            skipped["not a picture"] += 1
        else:
            kept.append((parts[:-1], read))
    files = []
    for folders, (_, read) in zip(_without_wrappers([f for f, _ in kept]), kept, strict=True):
        if folders:
            files.append(File(_category(folders[0]), read))
        else:
            skipped["in no class's folder"] += 1
    return Found(tuple(files), skipped)


def _without_wrappers(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the folders of each file from the class on."""
    while any(len(each) > 1 for each in paths) and len({each[0] for each in paths if each}) == 1:
        paths = [each[1:] for each in paths]
    firsts = {each[0].lower() for each in paths if each}
    if firsts and firsts <= _PARTS and any(len(each) > 1 for each in paths):
        paths = [each[1:] for each in paths]
    return paths


def _category(text: str) -> str:
    return as_name(unicodedata.normalize("NFC", text))
