"""Watch, stop and reuse training runs."""

import streamlit as st

from cvexplore.runs import RunStore, runner
from cvexplore.ui import watching
from cvexplore.ui.messages import told
from cvexplore.ui.places import page

st.title("Runs")

with told():
    store = RunStore()
    runs = store.runs(limit=200)
if not runs:
    st.info("No runs yet. Launch one, and it appears here.", icon=":material/rocket_launch:")
    st.page_link(page("train"), label="Train a network", icon=":material/model_training:")
    st.stop()

run = watching.pick_run(runs)


@st.fragment(run_every=1.0 if run.active else None)  # the browser's clock: no tab, no work
def live() -> None:
    now = store.run(run.id)
    watching.progress(now)
    left, right = st.columns([5, 1])
    with left:
        watching.figures(now)
    with right:
        if now.active and st.button("Stop", icon=":material/stop:", key="stop", width="stretch"):
            store.want(run.id, "stop")
        if now.state in ("stopped", "lost") and st.button(
            "Go on", icon=":material/resume:", key="resume", width="stretch"
        ):
            store.resume(run.id)
            runner.ensure()
            st.rerun()
        watching.links(now, store)
    watching.curves(store, now)
    if run.active and not now.active:
        st.rerun()  # once, so that the clock stops


with told():
    live()
watching.recipe(run)
