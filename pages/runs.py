"""Watch, stop and reuse training runs."""

import streamlit as st

from cvexplore.runs import RunStore
from cvexplore.ui import watching
from cvexplore.ui.messages import told
from cvexplore.ui.places import page

st.title("Runs")

with told():
    store = RunStore()
    some_active = any(run.active for run in store.runs())


@st.fragment(run_every=1.0 if some_active else None)  # the browser's clock: no tab, no work
def live() -> None:
    runs = store.runs(limit=200)
    if not runs:
        st.info("No runs yet. Launch one, and it appears here.", icon=":material/rocket_launch:")
        st.page_link(page("train"), label="Train a network", icon=":material/model_training:")
        return
    run = watching.pick_run(runs)
    watching.progress(run)
    left, right = st.columns([5, 1])
    with left:
        watching.figures(run)
    with right:
        watching.controls(run, store)
    watching.curves(store, run)
    watching.recipe(run)
    if some_active != any(each.active for each in runs):
        st.rerun()  # once, so that the clock starts or stops


with told():
    live()
