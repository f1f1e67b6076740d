"""The three ways to say what is in a picture: a class, boxes, a mask; and what each costs."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.training.cards import SECONDS, Annotation
from cvexplore.ui.words import duration

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.training.datasets import Dataset

_SHOWN = 4  # pictures
_MANY = 1_000  # pictures that a price is told of
_SIDE = 224  # pixels of a picture on the page
_PIXELS = 9  # a side, of the piece of a mask that is written out


def known(dataset: "Dataset") -> bool:
    """Say whether more than the class is known of the pictures."""
    return dataset.objects is not None or dataset.masks is not None


def show(dataset: "Dataset", key: str) -> None:
    """Draw the same pictures with a class, boxes and a mask, as far as they are known.

    Args:
        dataset: what to look at.
        key: stands for the data set in the widgets' names.
    """
    from cvexplore.figures.marking import enlarged, legend

    last = max(2, len(dataset.labels) // _SHOWN)
    page = st.slider("Pictures", 1, last, key=f"annotations.{key}", format="group %d")
    chosen = [(page - 1) * _SHOWN + index for index in range(_SHOWN)]
    chosen = [index for index in chosen if index < len(dataset.labels)] or [0]
    st.html(legend(dataset.classes))
    pictures = enlarged(dataset.images[chosen].numpy(), _SIDE)
    parts: list[tuple[Annotation, str, Callable[..., None]]] = [
        ("class", "One word for the whole picture.", _classes)
    ]
    if dataset.objects is not None:
        parts.append(("box", "A class and four numbers for each object.", _boxes))
    if dataset.masks is not None:
        parts.append(("mask", "A class for each pixel; 0 is the ground.", _masks))
    with st.grid(len(parts), min_column_width=200, border=True):
        for name, words, draw in parts:
            with st.container():
                st.markdown(f"**{name.capitalize()}** · {_price(name)}")
                st.caption(words)
                draw(dataset, chosen, pictures)
    st.caption(
        "Seconds a picture, of which these are multiples. A class: a click in a short list, our "
        "estimate. A box: 25.5 s to draw one, 42.4 s with its checks (Su, Deng, Fei-Fei, 2012). A "
        "mask: 22 hours for 1,000 objects of COCO (Lin et al., 2014, arXiv 1405.0312). Both are of "
        "one object; pictures with several cost more. Those here cost nothing: they were drawn, "
        "and whoever draws knows."
    )


def _price(name: Annotation) -> str:
    seconds = SECONDS[name]
    return f"{seconds:g} s each, {duration(seconds * _MANY)} for {_MANY:,}"


def _sheet(pictures: "np.ndarray", said: str) -> None:
    from cvexplore.figures.sheet import mosaic

    st.image(mosaic(pictures, columns=2, tile=pictures.shape[-1]), width="stretch", alt=said)


def _classes(dataset: "Dataset", chosen: list[int], pictures: "np.ndarray") -> None:
    names = [dataset.classes[int(dataset.labels[index])] for index in chosen]
    _sheet(pictures, f"Pictures of: {', '.join(names)}")
    _written([{"picture": index, "class": name} for index, name in zip(chosen, names, strict=True)])


def _boxes(dataset: "Dataset", chosen: list[int], pictures: "np.ndarray") -> None:
    from cvexplore.figures.marking import with_boxes

    assert dataset.objects is not None
    objects = dataset.objects.of(dataset.labels.new_tensor(chosen))
    _sheet(
        with_boxes(pictures, list(objects.boxes.numpy()), list(objects.labels.numpy())),
        "The same pictures with a box around each object",
    )
    side = dataset.image_size
    rows = []
    for index, labels, boxes in zip(chosen, objects.labels, objects.boxes, strict=True):
        for label, (x, y, w, h) in zip(labels.tolist(), boxes.tolist(), strict=True):
            if label >= 0:
                corner = (side * (x - w / 2), side * (y - h / 2), side * w, side * h)
                bbox = [round(each, 1) for each in corner]
                rows.append({"picture": index, "class": dataset.classes[label], "bbox": bbox})
    _written(rows, "As COCO writes it: left, top, width and height in pixels.")


def _masks(dataset: "Dataset", chosen: list[int], pictures: "np.ndarray") -> None:
    from cvexplore.figures.marking import in_grey, with_masks

    assert dataset.masks is not None
    masks = dataset.masks[chosen].numpy()
    drawn = with_masks(in_grey(pictures), masks)
    _sheet(drawn, "The same pictures with each class's pixels in its colour")
    there = (masks[0] > 0).nonzero()
    top, left = (int(each.min()) if len(each) else 0 for each in there)
    piece = masks[0, top : top + _PIXELS, left : left + _PIXELS]
    st.code("\n".join(" ".join(map(str, row)) for row in piece.tolist()), language=None)
    side = dataset.image_size
    st.caption(
        f"An array of {side} × {side} bytes; a piece of the first picture's, from row {top} and "
        f"column {left} on."
    )


def _written(rows: list[dict], words: str = "") -> None:
    st.code("\n".join(map(json.dumps, rows)), language="json", wrap_lines=True)
    if words:
        st.caption(words)
