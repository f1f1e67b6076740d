"""The data sets that everybody compares on, fetched when a person asks for one.

torchvision knows where each is published, its files' hashes, and how to read them. It can show no
progress and no way to stop, so the files are fetched here, to where torchvision looks for them.
"""

import hashlib
import http.client
import os
import secrets
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore import folders
from cvexplore.errors import DataError, UnknownName

if TYPE_CHECKING:
    from torch import Tensor

Tell = Callable[[int, int], None]  # bytes so far, bytes in all (0 where the server does not say)

_CHUNK = 1 << 20
_LOOK = 0.3  # seconds between two looks whether somebody else's download is done
_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Published:
    """A data set to download.

    Args:
        title: what it is called.
        reader: the name of torchvision's class.
        megabytes: to download.
        pictures: with a label, in all its parts.
        classes: what they are called; empty where its files say.
        parts: what torchvision's class is asked for, one after the other.
    """

    title: str
    reader: str
    megabytes: int
    pictures: int
    classes: tuple[str, ...] = ()
    parts: tuple[tuple[str, Any], ...] = (("train", True), ("train", False))


_BY_SPLIT = (("split", "train"), ("split", "test"))

PUBLISHED = {
    "mnist": Published("MNIST", "MNIST", 12, 70_000, _DIGITS),
    "fashion_mnist": Published("Fashion-MNIST", "FashionMNIST", 31, 70_000),
    "cifar10": Published("CIFAR-10", "CIFAR10", 171, 60_000),
    "cifar100": Published("CIFAR-100", "CIFAR100", 169, 60_000),
    "svhn": Published("SVHN", "SVHN", 247, 99_289, _DIGITS, _BY_SPLIT),
    "stl10": Published("STL-10", "STL10", 2640, 13_000, (), _BY_SPLIT),
}


def is_here(name: str) -> bool:
    """Return whether a data set can be opened without a network; one that ships with us always."""
    return name not in PUBLISHED or _ready(name).is_file()


def fetch(name: str, tell: Tell = lambda done, whole: None) -> None:
    """Download a data set, if it is not here.

    Args:
        name: one of ``PUBLISHED``.
        tell: called after each megabyte; raising an exception in it cancels, and what is complete
            need not be fetched again.

    Raises:
        UnknownName: no such data set.
        DataError: it could not be fetched, or what came is not what was published.
    """
    if name not in PUBLISHED:
        raise UnknownName("data set to download", name, PUBLISHED)
    if is_here(name):
        return
    with _alone(name, tell):
        if is_here(name):  # who held it fetched it
            return
        for left in _folder(name).rglob("*.part"):  # by a process that was killed
            left.unlink()
        for file in _files(name):
            if not file.is_whole():
                file.fetch(PUBLISHED[name].title, tell)
        _open(name, download=True)  # finds all files where they should be, and unpacks them
        _ready(name).touch()


@contextmanager
def _alone(name: str, tell: Tell) -> Iterator[None]:
    """Wait until no other session or process fetches this data set.

    Raises:
        DataError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(_folder(name).with_suffix(".lock"))
    try:
        _folder(name).mkdir(parents=True, exist_ok=True)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=_LOOK)
            except Timeout:
                tell(0, 0)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{_folder(name)} cannot be written ({reason}).") from None
    try:
        yield
    finally:
        lock.release()


def read(name: str) -> "tuple[Tensor, Tensor, tuple[str, ...]]":
    """Return a data set's pictures, labels and classes; its training and test parts are joined.

    Shape: (N, C, H, W) uint8 and (N,) int64

    Raises:
        DataError: it is not on this machine.
    """
    import numpy as np
    import torch

    about = PUBLISHED[name]
    if not is_here(name):
        raise DataError(
            f"{about.title} is not on this machine yet. Download it ({about.megabytes:,} MB) on "
            f"the Data page, or with `cvexplore data fetch {name}`; until then choose another."
        )
    parts = _open(name, download=False)
    images = np.concatenate([_pixels(np.asarray(part.data)) for part in parts])
    labels = np.concatenate([_labels(part) for part in parts])
    classes = about.classes or tuple(str(each) for each in parts[0].classes)
    return torch.from_numpy(images), torch.from_numpy(labels).long(), classes


def _pixels(images: Any) -> Any:
    """Return pictures channel first, whichever way torchvision keeps them."""
    if images.ndim == 3:
        return images[:, None]
    return images.transpose(0, 3, 1, 2) if images.shape[-1] == 3 else images


def _labels(part: Any) -> Any:
    import numpy as np

    return np.asarray(part.targets if hasattr(part, "targets") else part.labels)


def _open(name: str, *, download: bool) -> list[Any]:
    reader = _reader(name)
    try:
        return [
            reader(_folder(name), download=download, **{option: value})
            for option, value in PUBLISHED[name].parts
        ]
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        _ready(name).unlink(missing_ok=True)
        reason = str(error).strip().partition("\n")[0]
        raise DataError(
            f"{PUBLISHED[name].title} is damaged on this machine ({reason}): download it again."
        ) from None


def _reader(name: str) -> Any:
    import torchvision.datasets

    return getattr(torchvision.datasets, PUBLISHED[name].reader)


def _folder(name: str) -> Path:
    return folders.downloads() / "data" / name


def _ready(name: str) -> Path:
    return _folder(name) / "ready"


# ------------------------------------------------------------------ files


@dataclass(frozen=True)
class _File:
    """A published file: where from, where to, and its MD5."""

    addresses: tuple[str, ...]
    path: Path
    md5: str

    def is_whole(self) -> bool:
        """Return whether it is here, as it was published."""
        if not self.path.is_file():
            return False
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest() == self.md5

    def fetch(self, title: str, tell: Tell) -> None:
        """Download it from the first address that has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.part")
        reasons = []
        try:
            for address in self.addresses:
                try:
                    _receive(address, part, self.md5, tell)
                    os.replace(part, self.path)
                    return
                except (OSError, http.client.HTTPException, ValueError) as error:
                    reason = str(getattr(error, "reason", None) or error).strip()
                    reasons.append(f"{urllib.parse.urlsplit(address).netloc}: {reason}")
        finally:
            part.unlink(missing_ok=True)
        raise DataError(
            f"{title} could not be downloaded ({'; '.join(reasons)}). Try again when there is a "
            "network, or choose a data set that is marked as here."
        )


def _receive(address: str, path: Path, md5: str, tell: Tell) -> None:
    request = urllib.request.Request(address, headers={"User-Agent": "cvexplore"})
    digest = hashlib.md5(usedforsecurity=False)
    done = 0
    with urllib.request.urlopen(request, timeout=30) as answer, path.open("wb") as file:
        whole = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            tell(done, whole)
    if whole and done != whole:
        raise ValueError(f"the connection ended after {done:,} of {whole:,} bytes")
    if digest.hexdigest() != md5:
        raise ValueError("what it sent is not what was published")


def _files(name: str) -> Iterator[_File]:
    """Yield the files of a data set, as torchvision's class names them."""
    reader = _reader(name)
    folder = _folder(name)
    if hasattr(reader, "mirrors"):  # MNIST and its kin: four files, in a folder of the class's name
        for file, md5 in reader.resources:
            addresses = tuple(mirror + file for mirror in reader.mirrors)
            yield _File(addresses, folder / reader.__name__ / "raw" / file, md5)
    elif hasattr(reader, "split_list"):  # SVHN: a file a part
        for _, part in PUBLISHED[name].parts:
            address, file, md5 = reader.split_list[part]
            yield _File((address,), folder / file, md5)
    else:  # one archive
        yield _File((reader.url,), folder / reader.filename, reader.tgz_md5)
