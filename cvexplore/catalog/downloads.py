"""Fetching published weights, when a person asked for them: with progress, whole or not at all."""

import hashlib
import http.client
import os
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from cvexplore import folders
from cvexplore.errors import WeightsError

Progress = Callable[
    [int, int], None
]  # bytes so far, bytes in all (0 where the server does not say)

_CHUNK = 1 << 20
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,})\.")  # as in "resnet18-f37072fd.pth"


def cached(address: str, name: str) -> Path | None:
    """Return the file of this address if it was downloaded before, by us or by torch."""
    torch_home = os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch"
    by_torch = Path(torch_home) / "hub" / "checkpoints" / address.rpartition("/")[2]
    by_us = folders.downloads() / _safe(name)
    # Many addresses of timm's end alike, so there torch's copy could be another model's.
    candidates = (by_us, by_torch) if name == by_torch.name else (by_us,)
    return next((path for path in candidates if path.is_file()), None)


def download(address: str, name: str, on_progress: Progress | None = None) -> Path:
    """Return the local file of this address, fetching it if it is not here.

    Args:
        address: where it is published.
        name: what to call it here.
        on_progress: called after each megabyte; raising an exception in it cancels.

    Raises:
        WeightsError: it could not be fetched, or what came is not what was published.
    """
    target = folders.downloads() / _safe(name)
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _receive(address, file.write, on_progress or (lambda done, whole: None))
        expected = _HASH_IN_NAME.search(address)
        if expected and not digest.startswith(expected[1]):
            raise WeightsError(
                f"What {_host(address)} sent is not the published {name}; try again."
            )
        os.replace(part, target)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", None) or error).strip()
        raise WeightsError(
            f"{name} could not be downloaded from {_host(address)} ({reason}). With no network, "
            "use bundled weights, a finished run's, or a .safetensors file."
        ) from None
    finally:
        Path(part).unlink(missing_ok=True)
    return target


def _receive(address: str, write: Callable[[bytes], object], on_progress: Progress) -> str:
    request = urllib.request.Request(address, headers={"User-Agent": "cvexplore"})
    digest = hashlib.sha256()
    with urllib.request.urlopen(request, timeout=30) as answer:
        whole = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while chunk := answer.read(_CHUNK):
            write(chunk)
            digest.update(chunk)
            done += len(chunk)
            on_progress(done, whole)
    if whole and done != whole:
        raise ValueError(f"the connection ended after {done:,} of {whole:,} bytes")
    return digest.hexdigest()


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def _host(address: str) -> str:
    return urllib.parse.urlsplit(address).netloc
