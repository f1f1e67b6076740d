"""Photos that the camera takes for one class after the other."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.training.own.finding import Found

_SHOTS = "data.shots"  # in the session: the photos of each class
_NAMES = "data.shots.names"
_TAKEN = "data.shots.taken"  # how many were taken: each has a camera of its own, ready at once
_CLASSES, _MOST = 20, 500
_SEEN = 8  # of the latest, on the page


def offered() -> "tuple[str, Found] | None":
    """Draw the camera, and return its photos once there are some of two classes."""
    from cvexplore.training.own.finding import in_boxes

    shots: dict[str, list[bytes]] = st.session_state.setdefault(_SHOTS, {})
    names = _pick_names()
    if len(names) < 2:
        st.caption("Name two classes or more, then take photos of each.")
        return None
    left, right = st.columns([2, 3], gap="large")
    with left:
        name = st.segmented_control(
            "Photos are of",
            names,
            default=names[0],
            required=True,
            key="data.shots.of",
            format_func=plain,
            wrap=True,
        )
        _camera(shots, name)
    with right:
        _show(shots, names)
    held = {each: shots[each] for each in names if shots.get(each)}
    if len(held) < 2:
        st.caption("Take photos of at least two classes, from several sides; twenty each are good.")
        return None
    return "camera", in_boxes(held)


def _pick_names() -> list[str]:
    """Let a person name the classes; the names are kept as long as the photos."""
    text = st.text_input(
        "Classes, with commas between them",
        str(st.session_state.get(_NAMES, "")),
        placeholder="thumb up, thumb down",
        max_chars=600,
        key="data.shots.classes",
        help="What is to be told apart.",
    )
    st.session_state[_NAMES] = text
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))[:_CLASSES]


def _camera(shots: dict[str, list[bytes]], name: str) -> None:
    if sum(map(len, shots.values())) >= _MOST:
        st.info(f"{_MOST} photos are the most: make a data set of them.")
        return
    key = f"data.camera.{st.session_state.get(_TAKEN, 0)}"

    def keep() -> None:
        if photo := st.session_state.get(key):
            shots.setdefault(name, []).append(photo.getvalue())
            st.session_state[_TAKEN] = st.session_state.get(_TAKEN, 0) + 1

    st.camera_input(
        "A photo", key=key, on_change=keep, resolution="480p", label_visibility="collapsed"
    )


def _show(shots: dict[str, list[bytes]], names: list[str]) -> None:
    """Draw the latest photos of each class."""
    for index, name in enumerate(names):
        taken = shots.get(name, [])
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(name)}** · {len(taken)}")
            st.button(
                "Drop the last",
                icon=":material/undo:",
                key=f"data.shots.undo.{index}",
                disabled=not taken,
                on_click=_drop_last,
                args=(taken,),
                type="tertiary",
            )
        if taken:
            st.image(taken[: -_SEEN - 1 : -1], width=72)


def _drop_last(taken: list[bytes]) -> None:
    taken.pop()


def forget() -> None:
    """Drop all photos."""
    for name in (_SHOTS, _NAMES, _TAKEN):
        st.session_state.pop(name, None)
