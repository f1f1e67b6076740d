"""Where a design comes from and where it goes: starts, files, links, the catalog."""

import streamlit as st

from cvexplore import designs
from cvexplore.architectures import BUILDERS
from cvexplore.catalog import designed_models
from cvexplore.designs import Design
from cvexplore.errors import CvexploreError
from cvexplore.ui import designing
from cvexplore.ui.form import option_form
from cvexplore.ui.places import page

_EMPTY = "an empty list of layers"
_SAVED = "designing.saved"


def start() -> None:
    """Draw the choice of a design to begin with."""
    from cvexplore.designs.starts import starts

    kept = [f"design/{name}" for name in designed_models.names()]
    builders = [f"cvexplore/{name}" for name in starts()]
    with st.popover("Start from", icon=":material/note_add:"):
        origin = st.selectbox("Start from", [_EMPTY, *builders, *kept], 1, key="origin")
        options = {}
        if origin in builders:
            name = origin.removeprefix("cvexplore/")
            options = option_form(BUILDERS.options(name), key=f"start.{origin}")
        st.button("Start", type="primary", on_click=_begin, args=(origin, options))


def _begin(origin: str, options: dict) -> None:
    from cvexplore.designs.starts import start as started

    try:
        if origin == _EMPTY:
            designing.opened(Design(channels=3, image_size=32))
        elif origin.startswith("design/"):
            designing.opened(designed_models.design(origin))
        else:
            designing.opened(started(origin.removeprefix("cvexplore/"), **options))
    except CvexploreError as error:
        st.toast(str(error), icon=":material/block:")


def open_file() -> None:
    """Draw the upload of a design's JSON."""
    with st.popover("Open a file", icon=":material/upload_file:"):
        st.file_uploader(
            "A design's JSON",
            type="json",
            key="designing.file",
            on_change=_read,
            help="It stays on this machine; nothing in it is ever run as code.",
        )
        if told := st.session_state.pop("designing.refused", ""):
            st.error(told, icon=":material/block:")


def _read() -> None:
    file = st.session_state["designing.file"]
    if file is None:
        return
    try:
        designing.opened(designs.from_json(file.getvalue()))
    except CvexploreError as error:
        st.session_state["designing.refused"] = f"{error} Choose another file."


def take_along(design: Design, *, whole: bool) -> None:
    """Draw the downloads, and how to share the link."""
    from cvexplore.designs.code import source

    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in design.title.lower())
    with st.popover("Share", icon=":material/share:"):
        if st.query_params.get(designing.LINK):
            st.caption("The link in the address bar holds the whole design: copy it to share it.")
        else:
            st.caption("This design is too large for a link: share it as a file.")
        st.download_button(
            "JSON",
            designs.to_json(design),
            f"{name}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "PyTorch code",
            lambda: source(design),
            f"{name.replace('-', '_')}.py",
            "text/x-python",
            icon=":material/code:",
            on_click="ignore",
            disabled=not whole,
        )


def save(design: Design, *, whole: bool) -> None:
    """Draw the button that keeps the design, and where to go with it."""
    if st.button(
        "Save",
        type="primary",
        icon=":material/save:",
        disabled=not whole,
        help="Keeps it on this machine, under Your designs; every page can open it.",
    ):
        name = designed_models.keep(design)
        st.session_state[_SAVED] = (design, name)
    saved, name = st.session_state.get(_SAVED, (None, ""))
    if saved != design:
        return
    st.caption(f"Saved as `{name}`")
    for where, label, icon, key in (
        ("anatomy", "Open in Anatomy", "account_tree", "arch"),
        ("train", "Train it", "model_training", "train"),
        ("compare", "Compare it", "table_chart", "pick"),
    ):
        st.page_link(page(where), label=label, icon=f":material/{icon}:", query_params={key: name})
