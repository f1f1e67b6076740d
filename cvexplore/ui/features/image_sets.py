"""Images to look through beside a person's own: sample photos and their crops, and data sets."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.training.datasets import available
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from cvexplore.training.datasets import Dataset

_MOST = 1000  # images; each takes a forward pass
_PHOTOS = "photos and crops"
_LEARNED_FROM = "what it learned from"
_CROPS = (0.75, 0.5, 0.25)  # of a photo's short side


@dataclass(frozen=True)
class ImageSet:
    """Images that are everybody's.

    Args:
        name: stands for it in caches.
        about: where its images come from, in a sentence.
        size: how many there are.
        image: the image at a place, the same at every call.
    """

    name: str
    about: str
    size: int
    image: Callable[[int], "Image"]

    def prepared(self, places: Sequence[int], preparation: images.Preparation) -> "Tensor":
        """Return some of its images as a network takes them.

        Shape: (B, C, H, W)
        """
        import torch

        return torch.cat([images.prepare(self.image(place), preparation) for place in places])


def titles(subject: Subject) -> list[str]:
    """Return what can be looked through; what our own weights learned from stands first."""
    own = [_LEARNED_FROM] if cached.learned_from(subject) else []
    return [*own, _PHOTOS, *available()]


def image_set(title: str, subject: Subject) -> ImageSet:
    """Return the images of one of the ``titles``."""
    own = cached.trained_on(subject) if title == _LEARNED_FROM else None
    if own is not None:
        return _of(f"{subject.name} {subject.weights}", own)
    return _photos() if title == _PHOTOS else _of(title, cached.dataset(title))


# ------------------------------------------------------------------ photos


def _photos() -> ImageSet:
    about = (
        f"The {len(images.SAMPLES)} sample photos whole, then squares cut out of them at random, "
        f"of {_CROPS[0]:.0%}, {_CROPS[1]:.0%} and {_CROPS[2]:.0%} of the short side."
    )
    return ImageSet("photos", about, _MOST, _photo)


def _photo(place: int) -> "Image":
    count = len(images.SAMPLES)
    photo = _sample(images.SAMPLES[place % count])
    if place < count:
        return photo
    chance = random.Random(place)
    side = round(min(photo.size) * _CROPS[place // count % len(_CROPS)])
    left = chance.randint(0, photo.width - side)
    top = chance.randint(0, photo.height - side)
    return photo.crop((left, top, left + side, top + side))


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> "Image":
    return images.sample_image(name)


# ------------------------------------------------------------------ data sets


def _of(name: str, dataset: "Dataset") -> ImageSet:
    count = len(dataset.labels)
    order = random.Random(0).sample(range(count), min(count, _MOST))  # they may be sorted by class
    return ImageSet(
        name,
        f"Drawn at random from {count:,}. {dataset.source}",
        len(order),
        lambda place: images.from_array(dataset.images[order[place]].numpy()),
    )
