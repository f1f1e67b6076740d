"""Feature maps as a .npz file, which ``numpy.load`` opens: an array a layer, and what they are of.

    arrays = np.load("maps.npz")
    arrays["layer1.0"]                     # (C, H, W), float32
    json.loads(arrays["about"].item())     # network, weights, preparation, versions

Arrays are written one by one, so that a file may be larger than the memory, and are not compressed:
that would save a quarter and take ten times as long (measured: ResNet-50, 162 MB, 5.6 s for 0.6 s).
"""

import importlib.metadata
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cvexplore import catalog

if TYPE_CHECKING:
    import numpy as np

ABOUT = "about"

_LIBRARIES = ("cvexplore", "torch", "torchvision", "timm", "captum", "numpy")


class ArrayFile:
    """A .npz file in the making."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def add(self, name: str, array: "np.ndarray") -> None:
        """Write one array."""
        import numpy as np

        with self._file.open(f"{name}.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array(member, np.asanyarray(array, order="C"), allow_pickle=False)

    def add_about(self, facts: Mapping[str, Any]) -> None:
        """Write what the arrays are of, as JSON in an array of one text."""
        import numpy as np

        self.add(ABOUT, np.array(json.dumps(facts)))


@contextmanager
def array_file(target: "Path | IO[bytes]") -> Iterator[ArrayFile]:
    """Open a .npz file to write arrays into.

    Raises:
        OSError: it cannot be written.
    """
    with zipfile.ZipFile(target, "w") as file:
        yield ArrayFile(file)


def facts(name: str, weights: str, options: Mapping[str, Any], layer: str = "") -> dict[str, Any]:
    """Return what stands beside feature maps in a file: enough to have the same numbers again.

    Args:
        name: the network's, in the catalog.
        weights: where its numbers are from.
        options: what it was built with.
        layer: the layer's path; empty for all.
    """
    return {
        "network": name,
        "weights": weights,
        "options": dict(options),
        "layer": layer or "all",
        "preparation": asdict(catalog.preparation(name, weights, **options)),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    """Return the versions of what computes the maps; none for what runs from its source folder."""
    found = {}
    for each in _LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[each] = importlib.metadata.version(each)
    return found
