"""Bringing pictures of one's own: a zip file, files dropped into boxes, or the camera."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.training import own
from cvexplore.ui.data import boxes, camera
from cvexplore.ui.data.managing import left_out
from cvexplore.ui.messages import told
from cvexplore.ui.robustness.waiting import stoppable
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.training.own.finding import Found

_ZIP_MEGABYTES = 200
_SAID = "data.said"  # what the page tells once it is drawn anew
_WORK = "data.making"
_READ = "data.zip.read"  # the upload that was looked through last, and what was found in it


def show() -> None:
    """Draw the ways to bring pictures, and keep them once somebody says so."""
    st.markdown(
        "The pictures become a data set like the others: train on it, and look at what a network "
        "makes of it."
    )
    name = st.text_input(
        "What to call it", max_chars=60, key="data.called", placeholder="My pictures"
    )
    tabs = st.tabs(list(_WAYS), key="bring", bind="query-params")
    for tab, way in zip(tabs, _WAYS.values(), strict=True):
        if tab.open:
            with tab, told():
                if offer := way():
                    _keep(name.strip() or "My pictures", *offer)
    st.caption(
        ":material/lock: They are kept on this machine's disk, as small copies without the place "
        "and time a camera writes into them, until you delete them. Whoever can open this "
        "app can see them."
    )


def _from_zip() -> "tuple[str, Found] | None":
    from cvexplore.training.own.finding import in_zip

    uploaded = st.file_uploader(
        "A zip file with a folder a class",
        type="zip",
        max_upload_size=_ZIP_MEGABYTES,
        key="data.zip",
        help=f"Such as cats/1.jpg, dogs/1.jpg. Folders train and val around them are joined. "
        f"Pictures are {', '.join(images.FORMATS)}. Larger ones: cvexplore data add FOLDER.",
    )
    if uploaded is None:
        st.session_state.pop(_READ, None)
        return None
    if st.session_state.get(_READ, ("",))[0] != uploaded.file_id:
        st.session_state[_READ] = uploaded.file_id, in_zip(uploaded.getvalue())
    return "zip", st.session_state[_READ][1]


_WAYS = {"A zip file": _from_zip, "Boxes": boxes.offered, "Camera": camera.offered}


def _keep(name: str, source: str, found: "Found") -> None:
    """Offer to make the data set, and show how far it is."""
    classes = sorted({file.category for file in found.files})
    said = f"{len(found.files):,} files in {len(classes)} classes"
    going = f"{_WORK}.going"
    if not st.session_state.get(going):
        st.button(
            f"Make a data set of {said}",
            type="primary",
            icon=":material/add_photo_alternate:",
            key=f"{_WORK}.go",
            on_click=lambda: st.session_state.update({going: True}),
        )
        return
    from cvexplore.training.own.making import make

    try:
        with stoppable(_WORK) as move:
            made = make(
                found,
                name=name,
                source=source,
                tell=lambda done, whole: move(done / whole, f"{done:,} of {whole:,} files"),
            )
    finally:
        st.session_state[going] = False
    _look_at(made)


def _look_at(made: own.OwnData) -> None:
    """Show the new data set on the page drawn next."""
    st.session_state["data.made"] = made.id
    st.session_state[_SAID] = (
        f"{made.name} is kept: {made.pictures:,} pictures of {len(made.classes)} classes."
        f"{left_out(made)}"
    )
    st.session_state.pop(_READ, None)
    boxes.forget()
    camera.forget()
    st.rerun()


def show_what_was_made() -> None:
    """Turn to a data set that was just made; call it before the page's widgets are drawn."""
    if made := st.session_state.pop("data.made", None):
        st.session_state["view"] = "Look"
        st.session_state["data"] = f"own:{made}"
    if said := st.session_state.pop(_SAID, None):
        st.toast(plain(said), icon=":material/check:")
