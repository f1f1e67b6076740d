"""Making a data set of the pictures that a person offers."""

import io
import json
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cvexplore import folders, images
from cvexplore.errors import DataError, ImageError
from cvexplore.training.own import (
    PICTURES,
    Kept,
    OwnData,
    as_name,
    forget_unfinished,
    unfinished,
    write,
)
from cvexplore.training.own.finding import File, Found

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PICTURES = 20_000
MOST_CLASSES = 200
MOST_SIDE = 320  # pixels; larger pictures are made smaller
MOST_READ = 8 << 30  # bytes unpacked, of one zip or folder
MOST_KEPT = 2 << 30  # bytes written
_QUALITY = 92  # of JPEG, for pictures that were made smaller; others are kept to the bit

Tell = Callable[[int, int], None]  # files so far, files in all


def make(found: Found, *, name: str, source: str, tell: Tell = lambda done, whole: None) -> OwnData:
    """Keep these pictures as a data set, or nothing if anything goes wrong.

    Each is read as hostile, turned upright, made smaller and written anew, so that nothing but its
    pixels is kept.

    Args:
        found: the pictures, with their classes.
        name: what the person calls the data set.
        source: "zip", "folder", "photos" or "camera".
        tell: called after each file; raising an exception in it cancels.

    Raises:
        DataError: there are too many pictures or classes, or fewer than two classes of them.
    """
    name = as_name(name)
    _check(found.files)
    forget_unfinished()
    data_id = secrets.token_hex(4)
    part = unfinished(data_id)
    try:
        part.mkdir(parents=True)
        maker = _Maker(part, Counter(found.skipped))
        for index, file in enumerate(found.files):
            maker.add(file)
            tell(index + 1, len(found.files))
        made = maker.finished(data_id, name, source)
        part.rename(folders.own_data(data_id))
    except OSError as error:
        raise DataError(f"The pictures cannot be kept on this machine ({error}).") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return made


def _check(files: tuple[File, ...]) -> None:
    if not files:
        raise DataError(
            "There are no pictures in it: bring a folder a class, with pictures in each "
            f"({', '.join(images.FORMATS)})."
        )
    if len(files) > MOST_PICTURES:
        raise DataError(f"At most {MOST_PICTURES:,} pictures are taken, not {len(files):,}.")
    classes = len({file.category for file in files})
    if classes > MOST_CLASSES:
        raise DataError(f"At most {MOST_CLASSES} classes are taken, not {classes:,}.")


class _Maker:
    """A data set that grows picture by picture in a folder of its own."""

    def __init__(self, folder: Path, skipped: Counter[str]) -> None:
        self.folder = folder
        self.skipped = skipped
        self.kept: list[tuple[str, str, int, int]] = []  # file, class, width, height
        self.read = self.written = 0

    def add(self, file: File) -> None:
        """Keep one picture, or count why not.

        Raises:
            DataError: all together are too large.
        """
        try:
            data = file.read()
        except OSError:
            raise
        except Exception:  # zipfile raises almost anything on damaged files
            self.skipped["damaged in the zip file"] += 1
            return
        self.read += len(data)
        if self.read > MOST_READ:
            raise DataError(f"Unpacked it is larger than {MOST_READ >> 30} GB: bring a part of it.")
        try:
            picture = images.load_image(data)
        except ImageError:
            self.skipped["not a picture that can be read"] += 1
            return
        self._keep(picture, file.category)

    def _keep(self, picture: "Image", category: str) -> None:
        width, height = picture.size
        data, suffix = _encoded(picture)
        name = f"{len(self.kept):05d}.{suffix}"
        (self.folder / name).write_bytes(data)
        self.kept.append((name, category, width, height))
        self.written += len(data)
        if self.written > MOST_KEPT:
            raise DataError(f"Its pictures take more than {MOST_KEPT >> 30} GB: bring fewer.")

    def finished(self, data_id: str, name: str, source: str) -> OwnData:
        """Write the two JSON files and return what the data set is.

        Raises:
            DataError: there are pictures of fewer than two classes.
        """
        counts = Counter(category for _, category, _, _ in self.kept)
        classes = sorted(counts)
        if len(classes) < 2:
            raise DataError(
                f"There are pictures of {len(classes)} classes, but two are the least: bring a "
                f"folder a class.{self._left_out()}"
            )
        number = {category: index for index, category in enumerate(classes)}
        rows = [Kept(f, number[category], w, h) for f, category, w, h in self.kept]
        listed = [[each.file, each.label, each.width, each.height] for each in rows]
        (self.folder / PICTURES).write_text(json.dumps(listed), encoding="utf-8")
        made = OwnData(
            id=data_id,
            name=name,
            classes=tuple(classes),
            counts=tuple(counts[category] for category in classes),
            source=source,
            created=time.time(),
            bytes=self.written,
            skipped=dict(self.skipped),
        )
        write(self.folder, made)
        return made

    def _left_out(self) -> str:
        if not self.skipped:
            return ""
        said = ", ".join(f"{count} {reason}" for reason, count in self.skipped.items())
        return f" Files left out: {said}."


def _encoded(picture: "Image") -> tuple[bytes, str]:
    """Return a picture as a small file: as it is if it is small, else smaller and as a JPEG."""
    from PIL.Image import Resampling

    buffer = io.BytesIO()
    if max(picture.size) <= MOST_SIDE:
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue(), "png"
    picture.thumbnail((MOST_SIDE, MOST_SIDE), Resampling.LANCZOS)
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue(), "jpg"
