"""What other people's files and killed processes may cost, in time and on the disk."""

import io
import os
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cvexplore import folders
from cvexplore.errors import DataError
from cvexplore.training import own
from cvexplore.training.own import finding
from cvexplore.training.own.finding import in_boxes, in_zip
from cvexplore.training.own.making import make
from tests.training.test_own_data import picture

FILES, LIMIT = 40, 10


def crowded() -> bytearray:
    """Return a zip file of too many files; its last 22 bytes are the end of its directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index in range(FILES):
            archive.writestr(f"cat/{index}.png", b"")
    return bytearray(buffer.getvalue())


def as_it_is(data: bytearray) -> bytearray:
    return data


def saying_less(data: bytearray) -> bytearray:
    """Let the directory say that it holds one file; zipfile reads all of it."""
    data[-22 + 8 : -22 + 12] = struct.pack("<HH", 1, 1)
    return data


def with_64_bits(data: bytearray) -> bytearray:
    """Move count, size and place of the directory to a record of 64 bits (APPNOTE 4.3.14)."""
    end = data[-22:]
    size, place = struct.unpack("<II", end[12:20])
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, FILES, FILES, size, place)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(data) - 22, 1)
    end[8:20] = b"\xff" * 12
    return data[:-22] + record + locator + end


def with_a_comment(data: bytearray) -> bytearray:
    data[-2:] = struct.pack("<H", 5)
    return data + b"hello"


@pytest.mark.parametrize("packed", [as_it_is, saying_less, with_64_bits, with_a_comment])
def test_too_many_files_are_refused_before_a_zip_files_directory_is_parsed(
    packed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(packed(crowded()))
    assert len(in_zip(data).files) == FILES  # it is a zip file
    monkeypatch.setattr(finding, "MOST_FILES", LIMIT)
    parsed: list[Any] = []
    monkeypatch.setattr(zipfile, "ZipFile", parsed.append)
    with pytest.raises(DataError, match="more than 10 files"):
        in_zip(data)
    assert not parsed


def left_by_a_kill(data_id: str, hours: float) -> Path:
    folder = folders.data() / f".{data_id}.part"
    folder.mkdir(parents=True)
    (folder / "00000.png").write_bytes(picture())
    then = time.time() - 3600 * hours
    os.utime(folder, (then, then))
    return folder


@pytest.mark.parametrize("act", ["list", "make"])
def test_what_a_killed_process_left_is_deleted_after_a_day(act: str) -> None:
    boxes = in_boxes({"a": [picture()], "b": [picture(1)]})
    made = make(boxes, name="n", source="photos")
    old, young = left_by_a_kill("0ld00000", 25), left_by_a_kill("y0ung000", 23)
    if act == "list":
        own.all_own()
    else:
        make(boxes, name="m", source="photos")
    assert not old.exists()
    assert young.exists()  # somebody may be at it
    assert own.find(made.id)
