"""Explanations as a .npz file: the signed numbers of each map, and how each was made.

arrays = np.load("maps.npz")
arrays["values"]                        # (C, H, W) of pixels, (1, h, w) of a layer's places
json.loads(arrays["about"].item())      # network, weights, preparation, versions, settings
"""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cvexplore.export.arrays import array_file, facts

if TYPE_CHECKING:
    from cvexplore.attribution.account import Account


def save(
    maps: "Mapping[str, Account]",
    target: "Path | IO[bytes]",
    name: str,
    weights: str,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write each map as an array of this name, and beside them what they are of.

    Args:
        maps: the explanations, by the names of their arrays.
        target: the file.
        name: the network's, in the catalog.
        weights: where its numbers are from.
        options: what it was built with.

    Raises:
        OSError: it cannot be written.
    """
    with array_file(target) as file:
        for key, told in maps.items():
            file.add(key, told.explanation.values.cpu().numpy())
        about = facts(name, weights, options or {})
        del about["layer"]  # each map has its own
        file.add_about({**about, "maps": {key: told.settings for key, told in maps.items()}})
