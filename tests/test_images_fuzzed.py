"""A thousand damaged files, and the largest allowed: each a picture or one sentence, in bounds.

The files are opened in a process of their own, which is measured: a decoder that crashes, hangs or
fills the memory does so there.
"""

import io
import json
import random
import resource
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, features

from cvexplore import images
from cvexplore.errors import ImageError

ROOT = Path(__file__).parents[1]
MOST_MEMORY = 500 << 20
MOST_SECONDS = 2.0
WIDTH, HEIGHT = 48, 32
QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8)
QUARTERS = QUARTERS.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1)
HAS_AVIF = features.check("avif")


def encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def every_kind_of_file() -> dict[str, bytes]:
    """Return a small file of each format, depth and mode that decoders treat differently."""
    picture, exif = Image.fromarray(QUARTERS), Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    rgba = picture.copy()
    rgba.putalpha(picture.convert("L"))
    deep = np.linspace(0, 60_000, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)
    frames: dict[str, Any] = {"save_all": True, "append_images": [picture.rotate(180)]}
    with_exif = ["JPEG", "PNG", "WEBP", "TIFF", *(["AVIF"] if HAS_AVIF else [])]
    return {
        **{f"{kind} EXIF": encoded(picture, kind, exif=exif) for kind in with_exif},
        **{kind: encoded(picture.convert("P"), kind) for kind in ("GIF", "BMP")},
        **{
            f"TIFF {how}": encoded(picture, "TIFF", compression=how)
            for how in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")
        },
        **{f"{kind} frames": encoded(picture, kind, **frames) for kind in ("GIF", "WEBP", "TIFF")},
        **{f"{kind} RGBA": encoded(rgba, kind) for kind in ("PNG", "WEBP", "TIFF", "BMP")},
        "JPEG progressive": encoded(picture, "JPEG", progressive=True),
        "JPEG CMYK": encoded(picture.convert("CMYK"), "JPEG"),
        "PNG palette": encoded(picture.convert("P"), "PNG", transparency=3),
        "PNG 16 bit": encoded(Image.fromarray(deep.astype(np.uint16)), "PNG"),
        "PNG 1 bit": encoded(picture.convert("1"), "PNG"),
        "TIFF 16 bit": encoded(Image.fromarray(deep.astype(np.uint16)), "TIFF"),
        "TIFF I": encoded(Image.fromarray(deep.astype(np.int32)), "TIFF"),
        "TIFF F": encoded(Image.fromarray(deep.astype(np.float32)), "TIFF"),
        "TIFF LAB": encoded(Image.merge("LAB", picture.split()), "TIFF"),
        "BMP run lengths": run_length_bmp(WIDTH, HEIGHT),
        **({"AVIF RGBA": encoded(rgba, "AVIF", subsampling="4:4:4")} if HAS_AVIF else {}),
    }


def run_length_bmp(width: int, height: int) -> bytes:
    rows = (bytes((width // 2 % 256, 1, width // 2 % 256, 2)) + b"\0\0") * height + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 0, 0, 256, 0)
    start = 54 + 1024
    return b"BM" + struct.pack("<IHHI", start, 0, 0, start) + header + bytes(range(256)) * 4 + rows


# --- Damage ---


def flip_bits(file: bytearray, dice: random.Random, others: list[bytes]) -> None:
    for _ in range(dice.choice((1, 2, 8, 64))):
        file[dice.randrange(len(file))] ^= 1 << dice.randrange(8)


def flip_bits_of_the_header(file: bytearray, dice: random.Random, others: list[bytes]) -> None:
    for _ in range(dice.choice((1, 2, 4))):
        file[dice.randrange(min(len(file), 128))] ^= 1 << dice.randrange(8)


def truncate(file: bytearray, dice: random.Random, others: list[bytes]) -> None:
    del file[dice.randrange(len(file)) :]


def splice(file: bytearray, dice: random.Random, others: list[bytes]) -> None:
    other = dice.choice(others)
    start, place = dice.randrange(len(other)), dice.randrange(len(file))
    file[place : place + dice.randrange(200)] = other[start : start + dice.randrange(1, 200)]


def overwrite(file: bytearray, dice: random.Random, others: list[bytes]) -> None:
    place = dice.randrange(min(len(file), dice.choice((64, 512, 1 << 20))))
    file[place : place + 4] = dice.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))


def edit_the_dimensions(file: bytearray, dice: random.Random, others: list[bytes]) -> None:
    """Write another side wherever the file says its width or its height."""
    code = dice.choice((">I", "<I", ">H", "<H"))
    side = dice.choice((0, 1, WIDTH + 1, 5_000, 16_383, 0xFFFF))
    told = struct.pack(code, dice.choice((WIDTH, HEIGHT)))
    file[:] = file.replace(told, struct.pack(code, side))
    if file.startswith(b"\x89PNG"):  # or the checksum would betray it
        file[29:33] = struct.pack(">I", zlib.crc32(file[12:29]))


DAMAGES: tuple[Callable[[bytearray, random.Random, list[bytes]], None], ...] = (
    *(flip_bits, flip_bits_of_the_header, truncate, splice, overwrite, edit_the_dimensions),
)


def damaged(file: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    broken = bytearray(file)
    for _ in range(dice.choice((1, 1, 2, 3))):
        if broken:
            dice.choice(DAMAGES)(broken, dice, others)
    return bytes(broken)


# --- The measured process ---


def opened(data: bytes) -> tuple[str, float]:
    """Return how opening ended and how many seconds of the processor it took."""
    start = time.process_time()
    try:
        image = images.load_image(data)
        kept = image.mode == "RGB" and max(image.size) <= images.MOST_SIDE and not image.info
        end = "picture" if kept else f"a broken promise: {image.mode} {image.size}"
    except ImageError as error:
        end = str(error)
    return end, time.process_time() - start


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(files: list[bytes]) -> None:
    opened(next(iter(every_kind_of_file().values())))  # what is imported late
    before = peak()
    ends = [opened(data) for data in files]
    json.dump({"ends": ends, "memory": peak() - before}, sys.stdout)


def in_another_process(*arguments: str, seconds: int) -> tuple[list[tuple[str, float]], int]:
    """Return how each file ended there, and by how much the memory grew at most."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.test_images_fuzzed", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"the process ended with {done.returncode}: {done.stderr[-500:]}"
    found = json.loads(done.stdout)
    return [(end, took) for end, took in found["ends"]], found["memory"]


def test_a_thousand_damaged_files_are_pictures_or_image_errors_in_bounds() -> None:
    ends, memory = in_another_process("damaged", "1000", seconds=300)
    assert len(ends) == 1000
    said = Counter(end for end, _ in ends)
    pictures = said.pop("picture")
    assert 100 < pictures < 900  # else nothing was damaged, or everything beyond recognition
    assert all(sentence.endswith(".") for sentence in said)
    assert {sentence.partition(" ")[0] for sentence in said} == {"The", "This"}
    assert max(took for _, took in ends) < MOST_SECONDS
    assert memory < MOST_MEMORY


# --- The largest that are let in ---


def largest(kind: str) -> bytes:
    """Return a file with as many pixels as are allowed, of a mode that takes much memory."""
    format_ = kind.split()[0]
    most = images.MOST_PIXELS_OF.get(format_, images.MOST_PIXELS)
    side = int(most**0.5)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    mode = {"palette": "P", "16-bit": "I;16"}.get(kind.split()[1], kind.split()[1])
    image = Image.new(mode, (side, side), 9 if mode in ("P", "I;16", "I", "F") else None)
    how: dict[str, Any] = {
        "PNG": {"compress_level": 1, **({"transparency": 3} if mode == "P" else {})},
        "TIFF": {"compression": "tiff_adobe_deflate"},
        "JPEG": {"progressive": True, "subsampling": 0},
        "WEBP": {"method": 0},
        "AVIF": {"speed": 10, "subsampling": "4:4:4"},
    }
    return encoded(image, format_, exif=exif, **how[format_])


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        *("PNG RGBA", "PNG palette", "PNG 16-bit", "TIFF F", "TIFF I", "TIFF LA", "JPEG CMYK"),
        "WEBP RGBA",
        pytest.param("AVIF RGBA", marks=pytest.mark.skipif(not HAS_AVIF, reason="no AVIF")),
    ],
)
def test_the_largest_image_of_a_mode_stays_in_bounds(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "largest"
    file.write_bytes(largest(kind))
    ((end, _),), memory = in_another_process("file", str(file), seconds=120)
    assert end == "picture"
    assert memory < MOST_MEMORY


# --- Files made to keep the reader busy ---


def chunk(name: bytes) -> bytes:
    return struct.pack(">I", 0) + name + struct.pack(">I", zlib.crc32(name))


def busywork(kind: str) -> bytes:
    """Return a file of 20 MB, or of many scans, that Pillow alone reads for many seconds."""
    if kind == "empty chunks of a PNG":
        file = encoded(Image.new("RGB", (8, 8)), "PNG")
        return file[:33] + chunk(b"prVt") * 1_600_000 + file[33:]
    if kind == "padding of a JPEG":
        file = encoded(Image.new("RGB", (8, 8)), "JPEG")
        return file[:2] + b"\xff" * 20_000_000 + file[2:]
    if kind == "pixels of a BMP, run by run":
        file = run_length_bmp(5_000, 2_000)[: 54 + 1024]
        return file + b"\1\5" * 9_900_000
    file = encoded(Image.new("L", (6_000, 6_000)), "JPEG", progressive=True)
    scan = file[file.rindex(b"\xff\xda") : -2]
    return file[:-2] + scan * 1_000 + file[-2:]


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        *("empty chunks of a PNG", "padding of a JPEG"),
        *("pixels of a BMP, run by run", "scans of a JPEG"),
    ],
)
def test_a_file_that_keeps_its_reader_busy_is_put_down(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "busy"
    file.write_bytes(busywork(kind))
    assert file.stat().st_size <= images.MOST_BYTES
    ((end, took),), memory = in_another_process("file", str(file), seconds=120)
    assert "too long to read" in end
    assert took < MOST_SECONDS
    assert memory < MOST_MEMORY


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    if what == "file":
        measure([Path(argument).read_bytes()])
    else:
        dice, kinds = random.Random(5), list(every_kind_of_file().values())
        measure([damaged(kinds[n % len(kinds)], dice, kinds) for n in range(int(argument))])
