"""Widgets that several pages use to choose an architecture, weights or an image."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog, folders, images
from cvexplore.catalog import architectures, weights
from cvexplore.errors import ImageError
from cvexplore.runs import Run, RunStore
from cvexplore.ui.cached import Subject, frozen
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


@st.cache_data(max_entries=16)
def _names(task: str, designs: tuple[str, ...]) -> list[str]:
    own_first = {"cvexplore": 0, "design": 1, "torchvision": 2, "timm": 3}
    found = [each for each in architectures() if not task or each.task == task]
    return [each.name for each in sorted(found, key=lambda each: own_first[each.library])]


def pick_architecture(start: str, *, key: str, task: str = "", label: str = "Architecture") -> str:
    """Let a person choose one of the catalog; typing finds it, and the choice stands in the URL.

    Args:
        start: what is chosen to begin with.
        key: the widget's name, and the URL's.
        task: only architectures for this, such as "classification"; empty means all.
        label: above the widget.
    """
    names = _names(task, tuple(each.name for each in architectures(library="design")))
    return st.selectbox(
        label,
        names,
        names.index(start),
        key=key,
        bind="query-params",
        help=f"{len(names):,} architectures; type a part of a name.",
    )


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


def pick_weights(name: str, *, key: str) -> Subject:
    """Let a person choose an architecture's weights, fetching published ones if they say so.

    Raises:
        WeightsError: the weights cannot be had; the message says what to use instead.
    """
    runs = {f"run:{run.id}": run for run in RunStore().runs() if _left_weights(run, name)}
    words = {
        "bundled": "trained on ImageNet (bundled)",
        "random": "random",
        "pretrained": "published (download)",
        **{run: f"your run {run.removeprefix('run:')}" for run in runs},
    }
    choices = [*weights.choices(name), *runs]
    asked = st.query_params.get(key)
    chosen = st.selectbox(
        "Weights",
        choices,
        choices.index(asked) if asked in choices else 0,
        format_func=words.__getitem__,
        key=f"{key}.{name}",
    )
    if chosen == "pretrained":
        _fetch(name)
    return Subject(name, chosen, frozen(dict(catalog.origin_options(name, chosen))))


def _left_weights(run: Run, name: str) -> bool:
    return run.config.architecture == name and folders.run_weights(run.id).is_file()


def _fetch(name: str) -> None:
    """Offer to download published weights that are not here, and end the page until they are."""
    if catalog.published_is_here(name):
        return
    st.info("The published weights are not on this machine yet.", icon=":material/cloud_download:")
    if not st.button("Download them", icon=":material/download:", key=f"fetch.{name}"):
        st.stop()
    bar = st.progress(0.0, "Connecting…")

    def show(done: int, whole: int) -> None:
        said = f"{done / 1e6:,.0f} of {whole / 1e6:,.0f} MB" if whole else f"{done / 1e6:,.0f} MB"
        bar.progress(done / whole if whole else 0.0, said)

    catalog.fetch_published(name, show)
    st.rerun()
