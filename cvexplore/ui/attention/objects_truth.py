"""What really is in a picture, where it comes from a data set that knows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog, images
from cvexplore.ui import cached
from cvexplore.ui.attention import Attending
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from torch import Tensor

    from cvexplore.training.datasets import Dataset


@dataclass(frozen=True)
class Truth:
    """The objects of one picture.

    Args:
        number: of the picture in its data set.
        classes: the data set's.
        labels: an index into the classes. Shape: (M,)
        boxes: centre x, centre y, width and height, as shares of the square that the network sees.
            Shape: (M, 4)
    """

    number: int
    classes: tuple[str, ...]
    labels: "Tensor"
    boxes: "Tensor"

    @property
    def names(self) -> tuple[str, ...]:
        """What each object is."""
        return tuple(self.classes[each] for each in self.labels.tolist())


def truth(attending: Attending) -> Truth | None:
    """Return what is in the picture, if it is one of the data set that the network learned from."""
    picture = attending.picture
    return _truth(attending.subject, picture.image, picture.fingerprint)


def speaks_its_language(subject: Subject, truth: Truth, outputs: int) -> bool:
    """Say whether a network of so many outputs names the classes that the data set has."""
    labels = catalog.labels(subject.name, subject.weights)
    return outputs == len(truth.classes) + 1 and tuple(labels) == truth.classes


@st.cache_data(max_entries=8, scope="session", show_spinner="Looking for the picture's objects…")
def _truth(subject: Subject, _image: "Image", fingerprint: str) -> Truth | None:
    from cvexplore.attention.detection import seen_boxes

    for dataset in _datasets(subject, _image):
        number = place_in(dataset, _image)
        if number is None or dataset.objects is None:
            continue
        there = dataset.objects.labels[number] >= 0
        square = images.crop_box(_image, cached.preparation(subject))
        boxes = seen_boxes(dataset.objects.boxes[number][there], _image.size, square)
        return Truth(number, dataset.classes, dataset.objects.labels[number][there], boxes)
    return None


def _datasets(subject: Subject, image: "Image") -> "Iterator[Dataset]":
    """Yield the data set that the network learned from, then the one that the page offers."""
    learned = cached.trained_on(subject)
    found = cached.learned_from(subject)
    if learned is None or found is None or learned.objects is None:
        return
    if image.size == (learned.image_size, learned.image_size):
        yield learned
        yield cached.dataset(found[0])


def place_in(dataset: "Dataset", image: "Image") -> int | None:
    """Return the number of the data set's picture with these very pixels; None if it has none."""
    import numpy as np
    import torch

    pixels = np.array(image.convert("L" if dataset.channels == 1 else "RGB"))
    wanted = torch.from_numpy(pixels).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)
    if wanted.shape != dataset.images.shape[1:]:
        return None
    middle = dataset.image_size // 2  # a row of each is compared first: most differ there already
    alike = (dataset.images[:, :, middle] == wanted[:, middle]).flatten(1).all(1).nonzero()[:, 0]
    same = (dataset.images[alike] == wanted).flatten(1).all(1)
    return int(alike[same][0]) if same.any() else None
