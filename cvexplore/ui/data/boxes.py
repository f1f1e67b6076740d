"""Boxes with names that pictures are dropped into, a box a class."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images

if TYPE_CHECKING:
    from cvexplore.training.own.finding import Found

_COUNT = "data.boxes"
_LEAST, _MOST = 2, 20


def offered() -> "tuple[str, Found] | None":
    """Draw the boxes, and return their pictures once two of them hold some."""
    from cvexplore.training.own.finding import in_boxes

    count = st.session_state.setdefault(_COUNT, _LEAST)
    contents: dict[str, list[bytes]] = {}
    with st.grid(2, min_column_width=280, border=True):
        for index in range(count):
            with st.container():
                name = st.text_input(
                    f"Class {index + 1}",
                    max_chars=60,
                    placeholder="Its name, such as cat",
                    key=f"data.box.{index}.name",
                )
                files = st.file_uploader(
                    "Its pictures",
                    type=list(images.SUFFIXES),
                    accept_multiple_files=True,
                    key=f"data.box.{index}.files",
                )
            if files:
                held = contents.setdefault(name.strip() or f"class {index + 1}", [])
                held += [file.getvalue() for file in files]
    st.button(
        "Another class",
        icon=":material/add:",
        key="data.box.more",
        disabled=count >= _MOST,
        on_click=lambda: st.session_state.update({_COUNT: count + 1}),
    )
    if len(contents) < 2:
        st.caption("Give two classes a name and a few pictures each; twenty or more are better.")
        return None
    return "photos", in_boxes(contents)


def forget() -> None:
    """Begin with empty boxes; their widgets forget when they are not drawn."""
    st.session_state.pop(_COUNT, None)
