"""Looking at a data set: samples, classes and split, sizes, and pictures that are alike."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.training import own
from cvexplore.training.config import RunConfig
from cvexplore.ui import cached
from cvexplore.ui.data import annotations, likeness, managing, samples, splitting
from cvexplore.ui.data.picking import address, pick_dataset
from cvexplore.ui.messages import told
from cvexplore.ui.places import page

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset

_SAMPLES, _PARTS, _ALIKE, _SIZES = "Samples", "Classes and split", "Twins", "Sizes"
_FORMATS = "Annotations"


def show() -> None:
    """Draw the choice of a data set, and what is in it."""
    left, right = st.columns([1, 3], gap="large")
    with left, told():
        choice = pick_dataset()
        dataset = cached.dataset(choice.name, cached.frozen(dict(choice.options)))
        st.caption(dataset.source)
        if choice.name == "own":
            managing.manage(choice.options["id"])
        st.page_link(
            page("train"),
            label="Train on it",
            icon=":material/model_training:",
            query_params={"data": address(choice)},
        )
        view = st.session_state.get("look") or st.query_params.get("look")
        with st.expander("How it is split", expanded=view == _PARTS):
            config = splitting.pick_split()
    with right, told():
        _overview(dataset)
        _views(dataset, choice, config)


def _overview(dataset: "Dataset") -> None:
    colours = {1: "grey", 3: "colour"}[dataset.channels]
    with st.grid(3, min_column_width=150, border=True):
        st.metric("Pictures", f"{len(dataset.labels):,}")
        st.metric("Classes", len(dataset.classes))
        st.metric("Pixels a side", dataset.image_size, help=f"As a network gets them, in {colours}")


def _views(dataset: "Dataset", choice: Choice, config: RunConfig) -> None:
    from cvexplore.training.splits import split

    key = address(choice)
    names = [_SAMPLES, _PARTS, _ALIKE]
    names += [_SIZES] * (choice.name == "own") + [_FORMATS] * annotations.known(dataset)
    tabs = dict(zip(names, st.tabs(names, key="look", bind="query-params"), strict=True))
    if tabs[_SAMPLES].open:
        with tabs[_SAMPLES]:
            samples.show(dataset, key)
    if tabs[_PARTS].open:
        with tabs[_PARTS], told():
            splitting.show(dataset, split(dataset.labels, config), config)
    if tabs[_ALIKE].open:
        with tabs[_ALIKE], told():
            likeness.show(dataset, split(dataset.labels, config), choice, config)
    if _FORMATS in tabs and tabs[_FORMATS].open:
        with tabs[_FORMATS]:
            annotations.show(dataset, key)
    if choice.name == "own" and tabs[_SIZES].open:
        with tabs[_SIZES]:
            _sizes(choice.options["id"])


def _sizes(data_id: str) -> None:
    from cvexplore.figures.data import picture_sizes

    kept = own.pictures(data_id)
    st.plotly_chart(
        picture_sizes([each.width for each in kept], [each.height for each in kept]),
        key="data.sizes",
        alt="Width and height of the pictures as they came",
    )
    st.caption(
        "As the pictures came, 4,096 pixels at most. A network gets the middle square of each, "
        "in the size that the data set's options say."
    )
