"""Data sets to download: from a server of our own that has tiny ones in torchvision's formats."""

import contextlib
import gzip
import hashlib
import http.server
import io
import pickle
import socket
import struct
import tarfile
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.datasets
from filelock import FileLock
from scipy.io import savemat

from cvexplore import folders
from cvexplore.errors import DataError, UnknownName
from cvexplore.plugins import Choice
from cvexplore.training import published
from cvexplore.training.datasets import DATASETS, available

COUNT = 30  # pictures of each part
RANDOM = np.random.default_rng(0)


class Library:
    """A server of files, which counts what it is asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def publish(self, name: str, data: bytes) -> str:
        """Put a file up and return its MD5."""
        self.files[f"/{name}"] = data
        return hashlib.md5(data).hexdigest()


@pytest.fixture
def library() -> Iterator[Library]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.asked.append(self.path)
            data = shelf.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shelf = Library(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield shelf
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def nothing_but_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail on any request that leaves the machine."""
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", address
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


Truth = tuple[np.ndarray, np.ndarray]  # pictures channel first, and labels


def drawn(channels: int, side: int) -> Truth:
    pictures = RANDOM.integers(0, 256, (2 * COUNT, channels, side, side), np.uint8)
    return pictures, np.arange(2 * COUNT) % 10


def mnist_like(library: Library, monkeypatch: pytest.MonkeyPatch, reader: Any) -> Truth:
    pictures, labels = drawn(1, 28)

    def idx(array: np.ndarray) -> bytes:
        sides = struct.pack(f">{array.ndim}I", *array.shape)
        return gzip.compress(bytes([0, 0, 8, array.ndim]) + sides + array.tobytes())

    resources = []
    for part, chosen in (("train", slice(COUNT)), ("t10k", slice(COUNT, None))):
        for name, data in (
            (f"{part}-images-idx3-ubyte.gz", idx(pictures[chosen, 0])),
            (f"{part}-labels-idx1-ubyte.gz", idx(labels[chosen].astype(np.uint8))),
        ):
            resources.append((name, library.publish(name, data)))
    monkeypatch.setattr(reader, "mirrors", [f"{library.address}gone/", library.address])
    monkeypatch.setattr(reader, "resources", resources)
    return pictures, labels


def cifar(library: Library, monkeypatch: pytest.MonkeyPatch, reader: Any, key: str) -> Truth:
    pictures, labels = drawn(3, 32)
    flat = pictures.reshape(2 * COUNT, -1)
    names = [f"kind {index}" for index in range(10)]
    meta_key = reader.meta["key"]
    files = {
        "one": pickle.dumps({"data": flat[:COUNT], key: labels[:COUNT].tolist()}),
        "two": pickle.dumps({"data": flat[COUNT:], key: labels[COUNT:].tolist()}),
        "meta": pickle.dumps({meta_key: names}),
    }
    md5 = {name: hashlib.md5(data).hexdigest() for name, data in files.items()}
    monkeypatch.setattr(reader, "train_list", [["one", md5["one"]]])
    monkeypatch.setattr(reader, "test_list", [["two", md5["two"]]])
    monkeypatch.setattr(reader, "meta", {"filename": "meta", "key": meta_key, "md5": md5["meta"]})
    archive(library, monkeypatch, reader, files)
    return pictures, labels


def archive(
    library: Library, monkeypatch: pytest.MonkeyPatch, reader: Any, files: dict[str, bytes]
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{reader.base_folder}/{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    md5 = library.publish(reader.filename, buffer.getvalue())
    monkeypatch.setattr(reader, "url", library.address + reader.filename)
    monkeypatch.setattr(reader, "tgz_md5", md5)


def svhn(library: Library, monkeypatch: pytest.MonkeyPatch, reader: Any) -> Truth:
    pictures, labels = drawn(3, 32)
    parts = {}
    for part, chosen in (("train", slice(COUNT)), ("test", slice(COUNT, None))):
        buffer = io.BytesIO()
        said = np.where(labels[chosen] == 0, 10, labels[chosen])[:, None]  # it calls a zero ten
        savemat(buffer, {"X": pictures[chosen].transpose(2, 3, 1, 0), "y": said})
        name = f"{part}_32x32.mat"
        parts[part] = [library.address + name, name, library.publish(name, buffer.getvalue())]
    monkeypatch.setattr(reader, "split_list", parts)
    return pictures, labels


def stl10(library: Library, monkeypatch: pytest.MonkeyPatch, reader: Any) -> Truth:
    pictures, labels = drawn(3, 96)
    files = {
        "class_names.txt": "\n".join(f"kind {index}" for index in range(10)).encode(),
        "unlabeled_X.bin": b"",
    }
    for part, chosen in (("train", slice(COUNT)), ("test", slice(COUNT, None))):
        files[f"{part}_X.bin"] = pictures[chosen].transpose(0, 1, 3, 2).tobytes()  # by columns
        files[f"{part}_y.bin"] = (labels[chosen] + 1).astype(np.uint8).tobytes()
    for each in ("train_list", "test_list"):
        listed = [[name, hashlib.md5(files[name]).hexdigest()] for name, _ in getattr(reader, each)]
        monkeypatch.setattr(reader, each, listed)
    archive(library, monkeypatch, reader, files)
    return pictures, labels


def put_up(name: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> Truth:
    """Publish a tiny stand-in of a data set and return what is in it."""
    reader = getattr(torchvision.datasets, published.PUBLISHED[name].reader)
    match name:
        case "mnist" | "fashion_mnist":
            return mnist_like(library, monkeypatch, reader)
        case "cifar10":
            return cifar(library, monkeypatch, reader, "labels")
        case "cifar100":
            return cifar(library, monkeypatch, reader, "fine_labels")
        case "svhn":
            return svhn(library, monkeypatch, reader)
    return stl10(library, monkeypatch, reader)


@pytest.mark.parametrize("name", published.PUBLISHED)
def test_a_data_set_is_fetched_when_asked_and_then_opens(
    name: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, labels = put_up(name, library, monkeypatch)
    with pytest.raises(DataError, match=f"not on this machine yet.*cvexplore data fetch {name}"):
        DATASETS.bind(Choice(name))()
    assert not library.asked
    assert name not in available()

    told: list[tuple[int, int]] = []
    published.fetch(name, lambda done, whole: told.append((done, whole)))
    assert all(0 < done <= whole for done, whole in told)
    assert sum(done == whole for done, whole in told) == len(
        {p for p in library.asked if "gone" not in p}
    )
    assert name in available()

    data = DATASETS.bind(Choice(name, {"image_size": pictures.shape[-1]}))()
    assert torch.equal(data.images, torch.from_numpy(pictures))
    assert data.labels.tolist() == labels.tolist()
    assert len(data.classes) == 10
    assert f"{2 * COUNT} of its {2 * COUNT}" in data.source
    asked = len(library.asked)
    published.fetch(name)
    assert len(library.asked) == asked  # what is here is not asked for again


def test_what_is_not_the_published_file_is_refused(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_up("cifar10", library, monkeypatch)
    library.files["/cifar-10-python.tar.gz"] = b"something else"
    with pytest.raises(DataError, match="what it sent is not what was published"):
        published.fetch("cifar10")
    left = {path.name for path in folders.home().rglob("*") if path.is_file()}
    assert left <= {"cifar10.lock"}


def test_with_no_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"http://127.0.0.1:{port}/"])
    with pytest.raises(DataError, match=r"MNIST could not be downloaded .*refused.*Try again when"):
        published.fetch("mnist")
    assert not published.is_here("mnist")


def test_who_stops_a_download_need_not_fetch_whole_files_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_up("mnist", library, monkeypatch)

    class Stopped(BaseException):
        pass

    def stop(done: int, whole: int) -> None:
        if len(library.asked) > 4:  # at the third file: each is asked of two mirrors
            raise Stopped

    with pytest.raises(Stopped):
        published.fetch("mnist", stop)
    assert not published.is_here("mnist")
    assert not list(folders.home().rglob("*.part"))
    whole = {path for path in library.asked[:4] if "gone" not in path}
    library.asked.clear()
    published.fetch("mnist")
    assert not whole & set(library.asked)
    assert published.is_here("mnist")


def test_two_who_fetch_one_data_set_download_it_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, _ = put_up("cifar10", library, monkeypatch)
    waits = threading.Event()
    seconds: list[tuple[int, int]] = []

    def second_tell(done: int, whole: int) -> None:
        seconds.append((done, whole))
        waits.set()

    second = threading.Thread(target=published.fetch, args=("cifar10", second_tell))

    def first_tell(done: int, whole: int) -> None:
        second.start()  # while the first is in the middle of it
        assert waits.wait(20)

    published.fetch("cifar10", first_tell)
    second.join()
    assert library.asked == ["/cifar-10-python.tar.gz"]
    assert set(seconds) == {(0, 0)}  # it could have been cancelled meanwhile
    data = DATASETS.bind(Choice("cifar10", {"image_size": 32}))()
    assert torch.equal(data.images, torch.from_numpy(pictures))


def test_who_waits_for_anothers_download_can_stop(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_up("cifar10", library, monkeypatch)
    lock = published._folder("cifar10").with_suffix(".lock")
    lock.parent.mkdir(parents=True)
    held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(lock):
            held.set()
            may_go.wait(20)

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(20)

    def stop(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            published.fetch("cifar10", stop)
    finally:
        may_go.set()
        other.join()
    assert not library.asked


def test_what_a_killed_download_left_is_deleted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_up("mnist", library, monkeypatch)
    left = published._folder("mnist") / "MNIST" / "raw" / "train-images-idx3-ubyte.gz.12.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    published.fetch("mnist")
    assert not left.exists()


def test_a_file_that_was_damaged_here_is_noticed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_up("cifar10", library, monkeypatch)
    published.fetch("cifar10")
    (folders.downloads() / "data" / "cifar10" / "cifar-10-batches-py" / "one").write_bytes(b"no")
    with pytest.raises(DataError, match="CIFAR-10 is damaged on this machine"):
        DATASETS.bind(Choice("cifar10"))()
    published.fetch("cifar10")  # the archive is whole, so nothing is downloaded
    assert library.asked == ["/cifar-10-python.tar.gz"]
    assert DATASETS.bind(Choice("cifar10"))().images.shape[0] == 2 * COUNT


def test_only_what_is_published_is_fetched() -> None:
    with pytest.raises(UnknownName, match="cifar10"):
        published.fetch("cifar")


def test_sizes_and_counts_said_before_a_download_are_those_of_the_options() -> None:
    for name, about in published.PUBLISHED.items():
        count = next(option for option in DATASETS.options(name) if option.name == "count")
        assert count.range
        assert count.range.high == about.pictures
        megabytes = f"{about.megabytes} MB" if about.megabytes < 1000 else "2.6 GB"
        assert DATASETS.summary(name).endswith(f"; {megabytes} to download.")
