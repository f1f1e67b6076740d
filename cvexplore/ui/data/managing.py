"""Renaming and deleting a data set of one's own."""

import time

import streamlit as st

from cvexplore.runs import RunStore
from cvexplore.training import own
from cvexplore.ui import cached
from cvexplore.ui.messages import told
from cvexplore.ui.words import plain


def manage(data_id: str) -> None:
    """Draw what can be done with a person's own data set."""
    found = own.find(data_id)
    made = time.strftime("%-d %B %Y", time.localtime(found.created))
    st.caption(f"{found.bytes / 1e6:,.1f} MB on this machine, since {made}.{left_out(found)}")
    with st.popover("Rename or delete", icon=":material/edit:", width="stretch"):
        name = st.text_input("Name", found.name, max_chars=60, key=f"data.name.{data_id}")
        if st.button("Rename", key=f"data.rename.{data_id}", disabled=name == found.name):
            with told():
                own.rename(data_id, name)
            st.rerun()
        st.divider()
        st.markdown(f"Delete the {found.pictures:,} pictures of **{plain(found.name)}** for good?")
        st.caption(_learned_from(data_id))
        st.button(
            "Delete for good",
            icon=":material/delete_forever:",
            key=f"data.delete.{data_id}",
            on_click=_delete,
            args=(data_id, found.name),
        )


def left_out(found: own.OwnData) -> str:
    """Return what was skipped when a data set was made, in a sentence, or nothing."""
    if not found.skipped:
        return ""
    counts = ", ".join(f"{count:,} {reason}" for reason, count in found.skipped.items())
    return f" Files left out: {counts}."


def _learned_from(data_id: str) -> str:
    runs = [
        run
        for run in RunStore().runs()
        if run.config.dataset.name == "own" and run.config.dataset.options.get("id") == data_id
    ]
    if not runs:
        return "No run learned from them. This cannot be undone."
    said = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    return (
        f"{said} learned from them: what was learned stays, but cannot be repeated or continued. "
        "This cannot be undone."
    )


def _delete(data_id: str, name: str) -> None:
    own.delete(data_id)
    cached.dataset.clear()  # nothing of the pictures stays in memory either
    st.session_state["data.said"] = f"{name} is deleted."
    st.session_state.pop("data.twins", None)
    st.query_params.pop("data", None)
