"""Sets of pictures for the concept check: ready-made ones, and a person's own."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.errors import ImageError
from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.training.datasets import Dataset

FEWEST, MOST = 10, 100
SHOWN, HELD_AGAINST, OF_CLASS = 20, 40, 20  # pictures of ready-made sets
_SIDE = 256  # pixels of a picture that is drawn
_PHOTOS = ("coffee", "chelsea", "astronaut", "rocket", "motorcycle_left")  # those in colour


@dataclass(frozen=True)
class PictureSet:
    """Pictures, and what they are.

    Args:
        name: as it stands in a sentence, "bricks".
        about: where they come from.
        key: stands for them in caches.
        pictures: RGB, of any size.
    """

    name: str
    about: str
    key: str
    pictures: "tuple[Image, ...]"


@dataclass(frozen=True)
class Pair:
    """A ready-made concept, and counter-examples that suit it.

    Args:
        name: as it stands in a sentence.
        shows: makes the pictures that show it.
        lacks: makes the counter-examples.
        about: what both are.
    """

    name: str
    shows: "Callable[[], tuple[Image, ...]]"
    lacks: "Callable[[], tuple[Image, ...]]"
    about: tuple[str, str]


def pairs(subject: Subject) -> dict[str, Pair]:
    """Return the concepts at hand for a network by their names, what it learned from first."""
    photos = f"Squares cut out of the {len(_PHOTOS)} sample photos in colour."
    found = [*_of_dataset(subject)]
    found.append(Pair("stripes", _stripes, _crops, ("Drawn: any turn, width and colours.", photos)))
    found.append(
        Pair("bricks", _bricks, _crops, ("Squares cut out of the photo of a brick wall.", photos))
    )
    if cached.preparation(subject).channels == 3:
        about = ("Squares cut out of sample photos, made grey.", photos)
        found.append(Pair("no colours", _greyed, _crops, about))
    return {each.name: each for each in found}


def class_images(explaining: Explaining, target: int) -> dict[str, "Callable[[], PictureSet]"]:
    """Return where images of a class may come from, by names, the best source first."""
    found: dict[str, Callable[[], PictureSet]] = {}
    dataset = cached.trained_on(explaining.subject)
    if dataset is not None:
        found["From its data set"] = lambda: _of_one_class(explaining.subject, dataset, target)
    found["Your image and crops of it"] = lambda: _around(explaining)
    return found


# ------------------------------------------------------------------ a person's own


def own(name: str, *, key: str) -> PictureSet | None:
    """Let a person give pictures; None until there are enough of them.

    Raises:
        ImageError: one of them cannot be read; the message says which.
    """
    files = st.file_uploader(
        f"{FEWEST} to {MOST} pictures",
        type=list(images.SUFFIXES),
        accept_multiple_files=True,
        key=key,
        help="They stay in this session, on this machine.",
    )
    if len(files) < FEWEST:
        missing = FEWEST - len(files)
        st.info(
            f"{len(files)} of at least {FEWEST} pictures are here; "
            f"{missing} more {'is' if missing == 1 else 'are'} needed."
        )
        return None
    if len(files) > MOST:
        raise ImageError(f"{len(files)} pictures are too many; take away all but {MOST}.")
    pictures = tuple(_read(file.getvalue(), file.name) for file in files)
    prints = "".join(_fingerprint(file.getvalue()) for file in files)
    return PictureSet(name, "Yours.", _fingerprint(prints.encode()), pictures)


def _read(data: bytes, name: str) -> "Image":
    try:
        return _loaded(data, _fingerprint(data))
    except ImageError as error:
        raise ImageError(f"{name}: {error} Take it away, or choose another.") from None


# Small copies: a hundred large photos would fill the memory. No network here sees finer ones.
@st.cache_resource(max_entries=3 * MOST, scope="session", show_spinner="Reading the pictures…")
def _loaded(_data: bytes, fingerprint: str) -> "Image":
    picture = images.load_image(_data)
    shrink = min(1.0, 2 * _SIDE / min(picture.size))
    size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
    return picture.resize(size) if shrink < 1 else picture


def _fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------ photos and drawings


def _square(photo: "Image", chance: random.Random, least: float, most: float) -> "Image":
    """Return a square cut out at random, so large a share of the short side."""
    side = round(min(photo.size) * chance.uniform(least, most))
    left, top = (chance.randint(0, length - side) for length in photo.size)
    return photo.crop((left, top, left + side, top + side))


@st.cache_resource(show_spinner=False)
def _bricks() -> "tuple[Image, ...]":
    chance, photo = random.Random(1), images.sample_image("brick")
    return tuple(_square(photo, chance, 0.25, 0.6) for _ in range(SHOWN))


@st.cache_resource(show_spinner=False)
def _crops(count: int = HELD_AGAINST, seed: int = 2) -> "tuple[Image, ...]":
    chance = random.Random(seed)
    photos = [images.sample_image(name) for name in _PHOTOS]
    return tuple(_square(photos[i % len(photos)], chance, 0.25, 0.75) for i in range(count))


@st.cache_resource(show_spinner=False)
def _greyed() -> "tuple[Image, ...]":
    return tuple(each.convert("L").convert("RGB") for each in _crops(SHOWN, seed=3))


@st.cache_resource(show_spinner=False)
def _stripes() -> "tuple[Image, ...]":
    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(4)
    rows, columns = np.mgrid[:_SIDE, :_SIDE]
    pictures = []
    for _ in range(SHOWN):
        turn, width = chance.uniform(0, np.pi), chance.uniform(12, 48)
        along = (rows * np.sin(turn) + columns * np.cos(turn)) * np.pi / width
        first, second = chance.uniform(0, 110, 3), chance.uniform(145, 255, 3)
        mixed = np.where((np.sin(along) > 0)[..., None], first, second)
        pictures.append(Image.fromarray(mixed.astype(np.uint8)))
    return tuple(pictures)


def _around(explaining: Explaining) -> PictureSet:
    picture = explaining.picture
    return PictureSet(
        "your image and crops of it",
        f"Your image and {OF_CLASS - 1} squares cut out of it: what is found is of this image, "
        "not of the whole class.",
        f"around {picture.fingerprint}",
        _cut(picture.image, picture.fingerprint),
    )


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _cut(_image: "Image", fingerprint: str) -> "tuple[Image, ...]":
    chance = random.Random(5)
    return (_image, *(_square(_image, chance, 0.7, 1.0) for _ in range(OF_CLASS - 1)))


# ------------------------------------------------------------------ data sets


def _of_dataset(subject: Subject) -> list[Pair]:
    """Return concepts made of what our own weights learned from: a class against the others."""
    dataset = cached.trained_on(subject)
    if dataset is None:
        return []
    groups = {name: [index] for index, name in enumerate(dataset.classes)}
    if dataset.classes == tuple("0123456789"):
        groups = {"a closed loop": [0, 6, 8, 9], **{f"the digit {k}": v for k, v in groups.items()}}
    return [_pair(name, inside, dataset) for name, inside in groups.items()]


def _pair(name: str, inside: list[int], dataset: "Dataset") -> Pair:
    others = [index for index in range(len(dataset.classes)) if index not in inside]
    if name == "a closed loop":
        others.remove(4)  # which some people close, and others do not

    def words(classes: list[int]) -> str:
        return f"Pictures of its data set: {', '.join(dataset.classes[each] for each in classes)}."

    return Pair(
        name,
        lambda: _drawn(dataset, inside, SHOWN, 6),
        lambda: _drawn(dataset, others, HELD_AGAINST, 7),
        (words(inside), words(others)),
    )


def _of_one_class(subject: Subject, dataset: "Dataset", target: int) -> PictureSet:
    label = dict(enumerate(dataset.classes)).get(target, f"class {target}")
    return PictureSet(
        label,
        f"Pictures of {label} from the data set that the network learned from.",
        f"{subject.name} {subject.weights} class {target}",
        _drawn(dataset, [target], OF_CLASS, 8),
    )


def _drawn(
    dataset: "Dataset", classes: Sequence[int], count: int, seed: int
) -> "tuple[Image, ...]":
    """Return pictures of these classes, the same at each call."""
    labels = dataset.labels.tolist()
    members = [index for index, label in enumerate(labels) if label in classes]
    chosen = random.Random(seed).sample(members, min(count, len(members)))
    return tuple(images.from_array(dataset.images[index].numpy()) for index in chosen)
