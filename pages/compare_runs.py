"""Any number of runs over each other: their curves, their settings, what they reached."""

import streamlit as st

from cvexplore.runs import RunStore
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.sweeps import confusing, differing, measured, picking
from cvexplore.ui.sweeps.overlay import overlay

st.title("Compare runs")
st.caption(
    "Lay runs over each other: their curves, what differs in their settings, what it led to."
)

with told():
    store = RunStore()
    known = store.runs()
if not known:
    st.info("No runs yet. Launch two, and compare them here.", icon=":material/rocket_launch:")
    st.page_link(page("train"), label="Train a network", icon=":material/model_training:")
    st.page_link(page("sweep"), label="Try many recipes at once", icon=":material/grid_on:")
    st.stop()

# ------------------------------------------------------------------ pick

with told():
    chosen = picking.pick_runs(store, known)
if not chosen:
    st.info("Choose at least one run above.", icon=":material/checklist:")
    st.stop()
some_active = any(run.active for run in chosen)

# ------------------------------------------------------------------ show


@st.fragment(run_every=1.0 if some_active else None)  # the browser's clock: no tab, no work
def curves() -> None:
    runs = tuple(store.run(run.id) for run in chosen) if some_active else chosen
    overlay(store, runs, key="overlay")
    st.subheader("What they reached")
    measured.table(store, runs)
    if some_active and not any(run.active for run in runs):
        st.rerun()  # once, so that the clock stops


with told():
    curves()
    measured.download(store, chosen)
    measured.spreads(chosen)
    st.subheader("What differs in their settings")
    differing.show(chosen)
    confusing.show(store, chosen)
