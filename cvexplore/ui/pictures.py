"""Choosing an image: an upload, a sample photo, a picture of the data set."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.errors import ImageError
from cvexplore.ui.components.atlas import atlas

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.training.datasets import Dataset

_PHOTOS = ("coffee", "cat", "astronaut", "rocket", "motorcycle", "cameraman", "coins", "bricks")
_PHOTO_COLUMNS = 4


@dataclass(frozen=True)
class Picture:
    """An image someone chose, and a hash that stands for it in caches."""

    image: "Image"
    fingerprint: str
    name: str


def pick_picture(*, key: str, trained_on: "Dataset | None" = None) -> Picture:
    """Let a person upload an image or choose a sample.

    Args:
        key: the widgets' name.
        trained_on: offer this data set's pictures instead of photos.

    Raises:
        ImageError: the uploaded file is not an image we can read.
    """
    uploaded = st.file_uploader(
        "Your image",
        type=list(images.SUFFIXES),
        key=f"{key}.file",
        help="It stays in this session, on this machine.",
    )
    if uploaded is None:
        return _pick_sample(key, trained_on) if trained_on else _pick_photo(key)
    data = uploaded.getvalue()
    try:
        image = images.load_image(data)
    except ImageError as error:
        raise ImageError(f"{error} Choose another file, or remove it to use a sample.") from None
    return Picture(image, hashlib.blake2b(data, digest_size=16).hexdigest(), "your image")


def _pick_photo(key: str) -> Picture:
    place = atlas(
        photo_sheet(),
        tiles=len(_PHOTOS),
        columns=_PHOTO_COLUMNS,
        captions=[f"or a sample photo: {photo}" for photo in _PHOTOS],
        key=f"{key}.photo",
        alt="Sample photos",
    )
    return Picture(images.sample_image(images.SAMPLES[place]), f"photo {place}", _PHOTOS[place])


def _pick_sample(key: str, dataset: "Dataset") -> Picture:
    from cvexplore.figures.sheet import mosaic

    chosen = dataset.one_of_each(rows=2)
    pictures = dataset.images[chosen].numpy()
    columns = len(chosen) // 2
    names = [dataset.classes[int(dataset.labels[each])] for each in chosen]
    place = atlas(
        mosaic(pictures, columns=columns),
        tiles=len(chosen),
        columns=columns,
        captions=[f"or a picture of its data set: {name}" for name in names],
        key=f"{key}.sample.{len(dataset.labels)}",
        alt="Pictures of the data set",
    )
    fingerprint = hashlib.blake2b(pictures[place].tobytes(), digest_size=16).hexdigest()
    return Picture(images.from_array(pictures[place]), fingerprint, names[place])


@st.cache_resource
def photo_sheet(columns: int = _PHOTO_COLUMNS, side: int = 112) -> bytes:
    """Return the sample photos as one picture."""
    import numpy as np

    from cvexplore.figures.sheet import mosaic

    squares = [np.asarray(images.thumbnail(name, side)) for name in images.SAMPLES]
    return mosaic(np.stack(squares).transpose(0, 3, 1, 2), columns=columns, tile=side)
