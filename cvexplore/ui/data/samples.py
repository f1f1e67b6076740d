"""Pictures of each class, and what is known of where things are in them."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from cvexplore.training.datasets import Dataset

_AT_ONCE = 12  # classes on the page
_OF_EACH, _COLUMNS = 9, 3
_TURN = "data.turn"  # how often somebody asked for others


def show(dataset: "Dataset", key: str) -> None:
    """Draw a few pictures of each class; a button draws others, the same for everybody.

    Args:
        dataset: what to look at.
        key: stands for the data set in the widgets' names.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values, names = _grouped(dataset, key)
        marks = _pick_marks(dataset, key)
        st.button(
            "Show others",
            icon=":material/shuffle:",
            on_click=_turn,
            key="data.others",
            help="Others of the same classes, in an order that is the same for everybody.",
        )
        first = _pick_page(len(names), key)
    with st.grid(6, min_column_width=150):
        for value in range(first, min(first + _AT_ONCE, len(names))):
            members = (values == value).nonzero()[:, 0]
            with st.container():
                st.markdown(f"**{plain(names[value])}** · {len(members):,}")
                if len(members):
                    st.image(
                        _mosaic(dataset, _some(members, value), marks),
                        width="stretch",
                        alt=f"Pictures of {names[value]}",
                    )


def _turn() -> None:
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _grouped(dataset: "Dataset", key: str) -> "tuple[Tensor, tuple[str, ...]]":
    """Return what the pictures are grouped by: the class, or something else that is known."""
    by = "class"
    if dataset.axes:
        by = st.segmented_control(
            "Group by",
            ["class", *dataset.axes],
            default="class",
            required=True,
            key=f"data.by.{key}",
            help="What is known of each picture beside its class can be learned instead of it.",
        )
    if by == "class":
        return dataset.labels, dataset.classes
    return dataset.axes[by].values, dataset.axes[by].names


def _pick_marks(dataset: "Dataset", key: str) -> str:
    known = ["boxes"] * (dataset.objects is not None) + ["masks"] * (dataset.masks is not None)
    if not known:
        return "nothing"
    return st.segmented_control(
        "Mark",
        ["nothing", *known],
        default="boxes" if "boxes" in known else "nothing",
        required=True,
        key=f"data.marks.{key}",
        help="What the data set knows of where things are, a colour a class.",
    )


def _pick_page(classes: int, key: str) -> int:
    """Return the first class to show."""
    pages = -(-classes // _AT_ONCE)
    if pages == 1:
        return 0
    page = st.number_input(f"Page, of {pages}", 1, pages, key=f"data.page.{key}", width=130)
    return (page - 1) * _AT_ONCE


def _some(members: "Tensor", value: int) -> "Tensor":
    """Return a few of these pictures: the first ones, and others at each turn."""
    import torch

    turn = st.session_state.get(_TURN, 0)
    if turn == 0:
        return members[:_OF_EACH]
    random = torch.Generator().manual_seed(1_000 * turn + value)
    return members[torch.randperm(len(members), generator=random)[:_OF_EACH]]


def _mosaic(dataset: "Dataset", chosen: "Tensor", marks: str) -> bytes:
    from cvexplore.figures.marking import enlarged, with_boxes, with_masks
    from cvexplore.figures.sheet import mosaic

    pictures: np.ndarray = enlarged(dataset.images[chosen].numpy())
    if marks == "boxes" and dataset.objects:
        known = dataset.objects.of(chosen)
        pictures = with_boxes(pictures, list(known.boxes.numpy()), list(known.labels.numpy()))
    if marks == "masks" and dataset.masks is not None:
        pictures = with_masks(pictures, dataset.masks[chosen].numpy())
    return mosaic(pictures, columns=_COLUMNS, tile=pictures.shape[-1])
