"""Data sets, one file each; a file beside this one is found by looking.

A data set is a function registered under its name that returns a ``Dataset``. All are small enough
to lie in memory as bytes; batches become floats when they are drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.plugins import Registry

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Objects:
    """What is where in each picture, at most M objects.

    Args:
        labels: (N, M), int64, an index into the data set's classes; -1 for no object.
        boxes: (N, M, 4), float32: centre x, centre y, width and height as shares of the picture.
    """

    labels: "Tensor"
    boxes: "Tensor"

    def of(self, chosen: "Tensor", device: "torch.device | str" = "cpu") -> "Objects":
        """Return the objects of the pictures with these indices."""
        return Objects(self.labels[chosen].to(device), self.boxes[chosen].to(device))


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures.

    Args:
        images: (N, C, H, W), uint8.
        labels: (N,), int64, an index into ``classes``; of several objects, the largest one's.
        classes: names of the classes.
        source: where the pictures come from, in a sentence.
        objects: what is where in each picture, if that is known.
    """

    images: "Tensor"
    labels: "Tensor"
    classes: tuple[str, ...]
    source: str
    objects: Objects | None = None

    @property
    def channels(self) -> int:
        """1 for grey pictures, 3 for colour."""
        return self.images.shape[1]

    @property
    def image_size(self) -> int:
        """Pixels a side."""
        return self.images.shape[-1]

    def one_of_each(self, rows: int = 1) -> list[int]:
        """Return the indices of ``rows`` pictures of each class, class by class in every row."""
        classes = range(min(10, len(self.classes)))
        members = [(self.labels == each).nonzero()[:rows, 0].tolist() for each in classes]
        return [of_class[row] for row in range(rows) for of_class in members]

    def mean_and_std(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return each channel's mean and standard deviation, on a scale of 0 to 1."""
        pixels = self.images.float() / 255
        mean, std = pixels.mean((0, 2, 3)), pixels.std((0, 2, 3)).clamp(min=1e-3)
        return tuple(mean.tolist()), tuple(std.tolist())


DATASETS: Registry[Callable[..., Dataset]] = Registry("dataset", folder=__name__)


def resized(images: "Tensor", image_size: int) -> "Tensor":
    """Return pictures of another size.

    Shape: (N, C, H, W) uint8 -> (N, C, image_size, image_size) uint8
    """
    if images.shape[-1] == image_size:
        return images
    import torch
    from torch.nn.functional import interpolate

    size = (image_size, image_size)
    larger = interpolate(images.float(), size, mode="bilinear", align_corners=False, antialias=True)
    return larger.round().clamp(0, 255).to(torch.uint8)
