"""Data sets, one file each; a file beside this one is found by looking.

A data set is a function registered under its name that returns a ``Dataset``. All are small enough
to lie in memory as bytes; batches become floats when they are drawn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvexplore.plugins import Registry

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Objects:
    """What is where in each picture, at most M objects, the one that its class names first.

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
class Axis:
    """Something else that is known of each picture, such as its colour.

    Args:
        values: (N,), int64, an index into the names.
        names: what the values are called.
    """

    values: "Tensor"
    names: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures.

    Args:
        images: (N, C, H, W), uint8.
        labels: (N,), int64, an index into ``classes``; of several objects, the largest one's.
        classes: names of the classes.
        source: where the pictures come from, in a sentence.
        objects: what is where in each picture, if that is known.
        masks: (N, H, W), uint8, what each pixel shows: 0 the ground, 1 the first class, …
        axes: by name, what else is known of the pictures.
    """

    images: "Tensor"
    labels: "Tensor"
    classes: tuple[str, ...]
    source: str
    objects: Objects | None = None
    masks: "Tensor | None" = None
    axes: Mapping[str, Axis] = field(default_factory=dict)

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
        """Return each channel's mean and standard deviation, on a scale of 0 to 1.

        They are of all pictures, those held out too, and found by counting how many pixels have
        each of the 256 values: exact, and without the pictures as floats, which take four times
        their memory and more.
        """
        import torch

        counts = torch.zeros(self.channels, 256, dtype=torch.float64)
        for part in self.images.split(_AT_ONCE):
            for channel, seen in enumerate(counts):
                seen += part[:, channel].flatten().bincount(minlength=256)
        values, pixels = torch.arange(256).double() / 255, counts[0].sum()
        mean = counts @ values / pixels
        variance = (counts * (values - mean[:, None]).square()).sum(1) / (pixels - 1)
        return tuple(mean.tolist()), tuple(variance.sqrt().clamp(min=1e-3).tolist())


_AT_ONCE = 512  # pictures that are floats at one time, which bounds memory

DATASETS: Registry[Callable[..., Dataset]] = Registry("dataset", folder=__name__)


def available() -> list[str]:
    """Return the names of the data sets that open as they are: nothing to download or to name."""
    from cvexplore.training.published import is_here

    return [name for name in DATASETS if name != "own" and is_here(name)]


def evenly(labels: "Tensor", count: int) -> "Tensor":
    """Return the indices of ``count`` pictures, the first of each class, as many of each as can be.

    Shape: (N,) -> (count,), sorted; all N where there are no more
    """
    import torch

    by_class = labels.argsort(stable=True)
    sizes = labels.bincount()
    place = torch.arange(len(labels)) - (sizes.cumsum(0) - sizes)[labels[by_class]]
    return by_class[place.argsort(stable=True)[:count]].sort().values


def resized(images: "Tensor", image_size: int) -> "Tensor":
    """Return pictures of another size.

    Shape: (N, C, H, W) uint8 -> (N, C, image_size, image_size) uint8
    """
    if images.shape[-1] == image_size:
        return images
    import torch
    from torch.nn.functional import interpolate

    size = (image_size, image_size)
    found = torch.empty(*images.shape[:2], *size, dtype=torch.uint8)
    for part, into in zip(images.split(_AT_ONCE), found.split(_AT_ONCE), strict=True):
        larger = interpolate(
            part.float(), size, mode="bilinear", align_corners=False, antialias=True
        )
        into.copy_(larger.round_().clamp_(0, 255))
    return found
