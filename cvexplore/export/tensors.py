"""A network's tensors as a .safetensors file, and what such a file says of itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore import catalog
from cvexplore.catalog import weights as weight_files
from cvexplore.catalog.weights import Origin
from cvexplore.errors import ExportError

if TYPE_CHECKING:
    from torch import nn


def origin(name: str, weights: str = "random", options: Mapping[str, Any] | None = None) -> Origin:
    """Return what a network of the catalog with these weights is, for files that hold it.

    Raises:
        WeightsError: the weights belong to another architecture.
    """
    chosen = {**catalog.origin_options(name, weights), **(options or {})}
    prepared = catalog.preparation(name, weights, **chosen)
    return Origin(name, chosen, catalog.labels(name, weights), prepared)


def save(model: "nn.Module", of: Origin, path: Path) -> None:
    """Write all tensors of a network, which ``--weights FILE`` and exported code read.

    Raises:
        ExportError: the file cannot be written.
    """
    try:
        weight_files.save(model, of, path)
    except Exception as error:  # safetensors says all it says with an error of its own
        reason = str(error).partition("\n")[0]
        raise ExportError(f"{path.name} cannot be written: {reason}.") from error
