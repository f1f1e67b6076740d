"""Choosing an image: a file, the clipboard, the camera, a data set, a drawing, a sample photo."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.errors import ImageError
from cvexplore.ui import cached
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.components.drawing_pad import drawing_pad
from cvexplore.ui.components.paste import paste

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from cvexplore.training.datasets import Dataset

_PHOTOS = ("coffee", "cat", "astronaut", "rocket", "motorcycle", "cameraman", "coins", "bricks")
_PHOTO_COLUMNS = 4
_COLUMNS, _ROWS = 6, 5  # of a data set's pictures at once: a column of the page is narrow


@dataclass(frozen=True)
class Picture:
    """An image someone chose, and a hash that stands for it in caches."""

    image: "Image"
    fingerprint: str
    name: str


def handed(dataset: str, number: int) -> str:
    """Return the word for a picture of a data set in a link, as ``number_handed`` reads it."""
    return f"{dataset}:{number}"


def number_handed(word: str, dataset: str) -> int | None:
    """Return the number of the picture that a link hands over; None if it is of other data."""
    name, _, number = word.rpartition(":")
    return int(number) if name == dataset and number.isdecimal() else None


def pick_picture(
    *, key: str, trained_on: "Dataset | None" = None, given: int | None = None
) -> Picture:
    """Let a person give an image in one of many ways, or choose a sample.

    Args:
        key: the widgets' name.
        trained_on: offer this data set's pictures as samples instead of photos.
        given: the number of its picture that was handed over, to begin with.

    Raises:
        ImageError: what was given is not an image we can read.
    """
    source = st.segmented_control(
        "Image",
        list(_SOURCES),
        default="File",
        required=True,
        key=f"{key}.source",
        wrap=True,
        help="It stays in this session, on this machine.",
    )
    if source == "File":
        return _from_file(key, trained_on, given)
    return _SOURCES[source](key, trained_on)


# ------------------------------------------------------------------ the sources


def _from_file(key: str, trained_on: "Dataset | None", given: int | None = None) -> Picture:
    uploaded = st.file_uploader(
        "Your image", type=list(images.SUFFIXES), key=f"{key}.file", label_visibility="collapsed"
    )
    if uploaded is None:
        return _pick_sample(key, trained_on, given) if trained_on else _pick_photo(key)
    return _read(uploaded.getvalue(), "your image", "Choose another file, or remove it.")


def _from_clipboard(key: str, trained_on: "Dataset | None") -> Picture:
    # A message with a trigger comes once; what it brought is kept by the session.
    kept = f"{key}.pasted.image"
    if pasted := paste(key=f"{key}.pasted"):
        st.session_state[kept] = pasted
    if kept in st.session_state:
        return _read(st.session_state[kept], "the pasted image", "Paste another one.")
    return _meanwhile("Nothing is pasted yet", trained_on)


def _from_camera(key: str, trained_on: "Dataset | None") -> Picture:
    taken = st.camera_input("A photo", key=f"{key}.camera", label_visibility="collapsed")
    if taken is None:
        return _meanwhile("No photo is taken yet", trained_on)
    return _read(taken.getvalue(), "your photo", "Take another one.")


def _from_drawing(key: str, trained_on: "Dataset | None") -> Picture:
    drawing = drawing_pad(key=f"{key}.drawing")
    st.caption("Draw large and in the middle: a digit of MNIST fills 20 of its 28 pixels.")
    if drawing is None:
        return _meanwhile("Nothing is drawn yet", trained_on)
    return _read(drawing, "your drawing", "Draw another one.")


def _from_dataset(key: str, trained_on: "Dataset | None") -> Picture:
    from cvexplore.training.datasets import available

    name = st.selectbox("Data set", sorted(available()), key=f"{key}.dataset")
    dataset = cached.dataset(name)
    every = "every class"
    wanted = st.selectbox("Class", [every, *dataset.classes], key=f"{key}.class.{name}")
    if wanted == every:
        members = range(len(dataset.labels))
    else:
        index = dataset.classes.index(wanted)
        members = (dataset.labels == index).nonzero()[:, 0].tolist()
    if not members:
        return _meanwhile(f"The data set has no picture of {wanted}", trained_on)
    page = _pick_page(len(members), key=f"{key}.page.{name}.{wanted}")
    chosen = list(members[(page - 1) * _COLUMNS * _ROWS : page * _COLUMNS * _ROWS])
    return _pick_of(
        dataset,
        chosen,
        columns=_COLUMNS,
        captions=[f"{dataset.classes[int(dataset.labels[each])]} · no. {each}" for each in chosen],
        key=f"{key}.picture.{name}.{wanted}.{page}",
        alt=f"Pictures of {name}",
    )


def _pick_page(pictures: int, *, key: str) -> int:
    pages = -(-pictures // (_COLUMNS * _ROWS))
    if pages == 1:
        return 1
    return st.number_input(f"Page, of {pages:,}", 1, pages, key=key)


_SOURCES: dict[str, Callable[[str, "Dataset | None"], Picture]] = {
    "File": _from_file,
    "Paste": _from_clipboard,
    "Camera": _from_camera,
    "Data set": _from_dataset,
    "Draw": _from_drawing,
}


# ------------------------------------------------------------------ samples


def _pick_photo(key: str) -> Picture:
    place = atlas(
        photo_sheet(),
        tiles=len(_PHOTOS),
        columns=_PHOTO_COLUMNS,
        captions=[f"or a sample photo: {photo}" for photo in _PHOTOS],
        key=f"{key}.photo",
        alt="Sample photos",
    )
    return _photo(place)


def _pick_sample(key: str, dataset: "Dataset", given: int | None) -> Picture:
    chosen = dataset.one_of_each(rows=2)
    names = [dataset.classes[int(dataset.labels[each])] for each in chosen]
    captions = [f"or a picture of its data set: {name}" for name in names]
    place = 0
    if given is not None and given < len(dataset.labels):  # it takes the place of one of its class
        name = dataset.classes[int(dataset.labels[given])]
        place = names.index(name) if name in names else 0
        chosen[place], captions[place] = given, f"the picture you came with: {name} · no. {given}"
    return _pick_of(
        dataset,
        chosen,
        columns=len(chosen) // 2,
        captions=captions,
        key=f"{key}.sample.{len(dataset.labels)}" + (f".{given}" if given is not None else ""),
        alt="Pictures of the data set",
        selected=place,
    )


def _pick_of(
    dataset: "Dataset",
    chosen: "Sequence[int]",
    *,
    columns: int,
    captions: list[str],
    key: str,
    alt: str,
    selected: int = 0,
) -> Picture:
    from cvexplore.figures.sheet import mosaic

    place = atlas(
        mosaic(dataset.images[chosen].numpy(), columns=columns),
        tiles=len(chosen),
        columns=columns,
        captions=captions,
        key=key,
        alt=alt,
        selected=selected,
    )
    return _of(dataset, chosen[place])


def _meanwhile(missing: str, trained_on: "Dataset | None") -> Picture:
    """Return a sample, so that the page is never empty, and say so."""
    sample = _of(trained_on, 0) if trained_on else _photo(0)
    what = f"a picture of the network's data set: {sample.name}" if trained_on else sample.name
    st.info(f"{missing}. Until then you see {what}.")
    return sample


def _photo(place: int) -> Picture:
    return Picture(images.sample_image(images.SAMPLES[place]), f"photo {place}", _PHOTOS[place])


def _of(dataset: "Dataset", index: int) -> Picture:
    pixels = dataset.images[index].numpy()
    name = dataset.classes[int(dataset.labels[index])]
    return Picture(images.from_array(pixels), _fingerprint(pixels.tobytes()), name)


@st.cache_resource
def photo_sheet(columns: int = _PHOTO_COLUMNS, side: int = 112) -> bytes:
    """Return the sample photos as one picture."""
    import numpy as np

    from cvexplore.figures.sheet import mosaic

    squares = [np.asarray(images.thumbnail(name, side)) for name in images.SAMPLES]
    return mosaic(np.stack(squares).transpose(0, 3, 1, 2), columns=columns, tile=side)


# ------------------------------------------------------------------ bytes to a picture


def _read(data: bytes, name: str, way_out: str) -> Picture:
    fingerprint = _fingerprint(data)
    try:
        return Picture(_loaded(data, fingerprint), fingerprint, name)
    except ImageError as error:
        raise ImageError(f"{error} {way_out}") from None


# Read once and not at every click; nobody writes into a picture, so it need not be copied.
@st.cache_resource(max_entries=2, scope="session", show_spinner="Reading the image…")
def _loaded(_data: bytes, fingerprint: str) -> "Image":
    return images.load_image(_data)


def _fingerprint(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
