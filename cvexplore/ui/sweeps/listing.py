"""The sweeps so far."""

import time

import streamlit as st

from cvexplore.runs import RunStore
from cvexplore.training import fields


def show(store: RunStore) -> None:
    """Draw the sweeps as a table, the newest first; choosing one opens it."""
    groups = [group for group in store.groups() if group.kind == "sweep"]
    st.subheader("Sweeps so far")
    if not groups:
        st.caption("None yet. What you launch stays here.")
        return
    members = [store.runs(group=group.id) for group in groups]
    seen = st.dataframe(
        {
            "Sweep": [group.title for group in groups],
            "Varied": [_varied(group.about) for group in groups],
            "Runs": [len(runs) for runs in members],
            "Done": [sum(not run.active for run in runs) / max(1, len(runs)) for runs in members],
            "Launched": [time.strftime("%d %b %H:%M", time.localtime(g.created)) for g in groups],
        },
        column_config={
            "Done": st.column_config.ProgressColumn(format="percent", max_value=1.0),
        },
        hide_index=True,
        height=min(320, 38 + 35 * len(groups)),
        key=f"sweeps.{groups[0].id}",
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        alt="The sweeps so far, the newest first",
    )
    rows = seen["selection"]["rows"]
    st.caption("Choose one to see how far it is and what it led to.")
    if rows:
        st.query_params["group"] = groups[rows[0]].id
        st.rerun()


def _varied(about: object) -> str:
    axes = about.get("axes", ()) if isinstance(about, dict) else ()
    return ", ".join(fields.title(str(axis["path"])) for axis in axes)
