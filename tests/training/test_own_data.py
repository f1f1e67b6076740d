"""Data sets that people bring: what is kept, and what hostile files may not do."""

import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cvexplore import folders
from cvexplore.errors import DataError
from cvexplore.plugins import Choice
from cvexplore.training import own
from cvexplore.training.datasets import DATASETS
from cvexplore.training.own import finding, making
from cvexplore.training.own.finding import in_boxes, in_folder, in_zip
from cvexplore.training.own.making import make


def picture(seed: int = 0, size: tuple[int, int] = (24, 18), kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def two_classes(*prefixes: str) -> dict[str, bytes]:
    return {
        f"{prefix}{name}/{index}.png": picture(index + 10 * place)
        for prefix in prefixes or ("",)
        for place, name in enumerate(("cat", "dog"))
        for index in range(3)
    }


def classes_of(found: finding.Found) -> dict[str, int]:
    names = [file.category for file in found.files]
    return {name: names.count(name) for name in sorted(set(names))}


def everything(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


# ------------------------------------------------------------------ which class


@pytest.mark.parametrize(
    "prefixes",
    [("",), ("pets/",), ("home/me/pets/",), ("train/", "val/"), ("pets/Train/", "pets/test/")],
)
def test_the_folder_of_a_picture_is_its_class(prefixes: tuple[str, ...]) -> None:
    found = in_zip(zipped(two_classes(*prefixes)))
    assert classes_of(found) == {"cat": 3 * len(prefixes), "dog": 3 * len(prefixes)}


def test_folders_inside_a_class_belong_to_it() -> None:
    files = {"cat/a.png": b"", "cat/indoor/b.png": b"", "dog/outdoor/far/c.png": b""}
    assert classes_of(in_zip(zipped(files))) == {"cat": 2, "dog": 1}


def test_what_is_no_picture_is_counted_and_what_systems_leave_is_not() -> None:
    more = {
        "readme.txt": b"",
        "cat/notes.doc": b"",
        "alone.png": picture(),
        "__MACOSX/cat/._0.png": b"",
        "cat/.DS_Store": b"",
        ".git/cat/0.png": b"",
    }
    found = in_zip(zipped(two_classes() | more))
    assert classes_of(found) == {"cat": 3, "dog": 3}
    assert found.skipped == {"not a picture": 2, "in no class's folder": 1}


def test_a_folder_is_read_as_a_zip_file_is(tmp_path: Path) -> None:
    for name, data in two_classes("pets/train/", "pets/val/").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert classes_of(in_folder(tmp_path)) == {"cat": 6, "dog": 6}
    with pytest.raises(DataError, match="is not a folder"):
        in_folder(tmp_path / "none")


# ------------------------------------------------------------------ what is kept


def test_small_pictures_are_kept_to_the_bit_and_large_ones_in_small() -> None:
    small, large = picture(1, (60, 40)), picture(2, (1000, 500))
    made = make(in_boxes({"b": [small], "a": [large]}), name=" My\n pets ", source="photos")
    assert made.name == "My pets"
    assert made.classes == ("a", "b")
    assert made.counts == (1, 1)
    by_class = {made.classes[each.label]: each for each in own.pictures(made.id)}
    folder = folders.own_data(made.id)
    kept = Image.open(folder / by_class["b"].file)
    assert np.array_equal(np.asarray(kept), np.asarray(Image.open(io.BytesIO(small))))
    assert Image.open(folder / by_class["a"].file).size == (320, 160)
    assert (by_class["a"].width, by_class["a"].height) == (1000, 500)
    written = sum(path.stat().st_size for path in folder.glob("0*"))
    assert made.bytes == written


def test_nothing_but_pixels_is_kept_of_a_photo() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif[0x0112] = 6  # turned
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "JPEG", exif=exif)
    made = make(in_boxes({"a": [buffer.getvalue()], "b": [picture()]}), name="n", source="camera")
    for path in everything(folders.own_data(made.id)):
        assert b"SECRETCAMERA" not in path.read_bytes()
    first = own.pictures(made.id)[0]
    assert (first.width, first.height) == (20, 30)


def test_a_data_set_of_ones_own_is_one_like_the_others() -> None:
    red, blue = (Image.new("RGB", (50, 30), colour) for colour in ("red", "blue"))
    red.paste("white", (0, 0, 4, 30))  # cut off: the middle square is from 10 to 40

    def data(image: Image.Image) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    made = make(in_boxes({"red": [data(red)] * 2, "blue": [data(blue)]}), name="n", source="photos")
    found = DATASETS.bind(Choice("own", {"id": made.id, "image_size": 16}))()
    assert found.images.shape == (3, 3, 16, 16)
    assert found.classes == ("blue", "red")
    assert found.labels.tolist() == [1, 1, 0]
    assert (found.images[0] == torch.tensor([255, 0, 0])[:, None, None]).all()
    assert (found.images[2] == torch.tensor([0, 0, 255])[:, None, None]).all()
    assert "3 pictures" in found.source


def test_data_sets_are_listed_newest_first_renamed_and_deleted_for_good() -> None:
    boxes = in_boxes({"a": [picture()], "b": [picture(1)]})
    ids = [make(boxes, name=name, source="photos").id for name in ("first", "second")]
    assert [each.name for each in own.all_own()] == ["second", "first"]
    assert own.rename(ids[0], "  old\tone ").name == "old one"
    assert own.find(ids[0]).name == "old one"
    with pytest.raises(DataError, match="at least one letter"):
        own.rename(ids[0], " \n ")
    own.delete(ids[0])
    assert [each.id for each in own.all_own()] == [ids[1]]
    assert not folders.own_data(ids[0]).exists()
    with pytest.raises(DataError, match=f"no data set own:{ids[0]} on this machine"):
        DATASETS.bind(Choice("own", {"id": ids[0]}))()


@pytest.mark.parametrize("data_id", ["", "../../etc", "a/b", "x" * 40, "UPPER"])
def test_an_id_is_never_a_path(data_id: str) -> None:
    with pytest.raises(DataError):
        DATASETS.bind(Choice("own", {"id": data_id}))()


def test_one_damaged_manifest_hides_no_other() -> None:
    made = make(in_boxes({"a": [picture()], "b": [picture(1)]}), name="n", source="photos")
    for name, text in (("0bad", "{"), ("1bad", "[]"), ("2bad", '{"name": 3}')):
        (folders.data() / name).mkdir()
        (folders.data() / name / own.MANIFEST).write_text(text)
    assert [each.id for each in own.all_own()] == [made.id]


# ------------------------------------------------------------------ hostile files


def test_paths_in_a_zip_file_lead_nowhere(home: Path, tmp_path: Path) -> None:
    before = everything(tmp_path)
    files = {
        "../../../../evil/../cat/0.png": picture(0),
        "/etc/cat/1.png": picture(1),
        "C:\\Windows\\..\\dog\\2.png": picture(2),
        "etc/<b>dog</b>/3.png": picture(3),
    }
    made = make(in_zip(zipped(files)), name="../../x", source="zip")
    assert made.name == "../../x"  # a name is text
    assert all(path.is_relative_to(home / "data" / made.id) for path in everything(home))
    names = {path.name for path in everything(home)}
    assert names == {own.MANIFEST, own.PICTURES, *(f"0000{index}.png" for index in range(4))}
    assert everything(tmp_path) == before


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture())
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO(zipped(two_classes()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, str(secret))
    found = in_zip(buffer.getvalue())
    assert classes_of(found)["cat"] == 3
    assert found.skipped == {"a link": 1}

    folder = tmp_path / "pets"
    for name, data in two_classes().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "cat" / "link.png").symlink_to(secret)
    (folder / "all").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "dog" / "pipe.png")  # to read it would wait for ever
    found = in_folder(folder)
    assert classes_of(found) == {"cat": 3, "dog": 3}
    assert found.skipped == {"a link": 2}


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = zipped(
        {f"cat/zeros {index}.png": bytes(30 << 20) for index in range(4)} | two_classes()
    )
    assert len(zeros) < 200_000
    sizes = [len(file.read()) for file in in_zip(zeros).files if file.category == "cat"]
    assert max(sizes) <= (20 << 20) + 1  # no more is unpacked than an image may have
    monkeypatch.setattr(making, "MOST_READ", 50 << 20)
    with pytest.raises(DataError, match="Unpacked it is larger"):
        make(in_zip(zeros), name="n", source="zip")
    assert not everything(folders.data())


def test_a_picture_with_too_many_pixels_is_left_out_alone() -> None:
    bomb = bytearray(picture())
    bomb[16:24] = struct.pack(">II", 30_000, 30_000)  # what its header says of its sides
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    files = {**two_classes(), "cat/bomb.png": bytes(bomb), "dog/no.jpg": b"<?php"}
    made = make(in_zip(zipped(files)), name="n", source="zip")
    assert made.counts == (3, 3)
    assert made.skipped == {"not a picture that can be read": 2}


def test_damaged_and_locked_members_are_left_out() -> None:
    data = bytearray(zipped(two_classes()))
    first = data.index(b"cat/0.png") + len("cat/0.png")
    data[first + 8 : first + 40] = bytes(32)  # its compressed bytes
    second = data.rindex(b"dog/2.png") - 46  # its entry in the directory
    assert data[second : second + 4] == b"PK\x01\x02"
    data[second + 8] |= 1  # says that it has a password
    made = make(in_zip(bytes(data)), name="n", source="zip")
    assert made.counts == (2, 2)
    assert made.skipped == {"locked with a password": 1, "damaged in the zip file": 1}


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip file", zipped(two_classes())[:-30]])
def test_what_is_no_zip_file_says_so(data: bytes) -> None:
    with pytest.raises(DataError, match="This is not a zip file"):
        in_zip(data)


def test_too_much_is_refused_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = in_zip(zipped(two_classes()))
    for limit, value, said in (
        ("MOST_PICTURES", 5, "At most 5 pictures"),
        ("MOST_CLASSES", 1, "At most 1 classes"),
        ("MOST_KEPT", 3000, "take more than"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(making, limit, value)
            with pytest.raises(DataError, match=said):
                make(found, name="n", source="zip")
    monkeypatch.setattr(finding, "MOST_FILES", 5)
    with pytest.raises(DataError, match="more than 5 files"):
        in_zip(zipped(two_classes()))
    assert not own.all_own()
    assert not everything(folders.home())


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "There are no pictures"),
        ({"cat/0.txt": b""}, "There are no pictures"),
        ({"cat/0.png": picture()}, "pictures of 1 classes"),
        ({"cat/0.png": picture(), "dog/0.png": b"no"}, "1 not a picture that can be read"),
    ],
)
def test_fewer_than_two_classes_are_no_data_set(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(DataError, match=said):
        make(in_zip(zipped(files)), name="n", source="zip")
    assert not everything(folders.home())


def test_who_stops_it_leaves_nothing() -> None:
    class Stopped(BaseException):
        pass

    def stop(done: int, whole: int) -> None:
        assert whole == 6
        if done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        make(in_zip(zipped(two_classes())), name="n", source="zip", tell=stop)
    assert not own.all_own()
    assert not everything(folders.home())


def test_class_names_are_text_whatever_they_say() -> None:
    names = ("..", "<script>", "a" * 300, "Katze\u0000\u202e", "caf\u00e9", "cafe\u0301")
    made = make(in_boxes({name: [picture()] for name in names}), name="n", source="photos")
    assert len(made.classes) == 5  # the two ways to write café are one
    assert all(name.isprintable() and len(name) <= 60 for name in made.classes)
    said = json.loads((folders.own_data(made.id) / own.MANIFEST).read_text(encoding="utf-8"))
    assert tuple(said["classes"]) == made.classes
