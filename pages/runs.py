"""Watch, steer and keep training runs."""

import streamlit as st

from cvexplore.runs import RunStore, runner
from cvexplore.ui import learned
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.runs import (
    classes,
    controls,
    curves,
    diverged,
    findings,
    keeping,
    layers,
    listing,
    mistakes,
    progress,
    recipe,
)

st.title("Runs")

# ------------------------------------------------------------------ pick

with told():
    store = RunStore()
    listing.asked()
    listed = listing.found(store)
    if any(run.active for run in listed.every):
        runner.ensure()  # whatever happened to the machine, they go on
watched = listing.watched(listed.runs)
fresh = [listed]


@st.fragment(run_every=listed.clock)  # the browser's clock: no tab, no work
def live_list() -> None:
    now = fresh.pop() if fresh else listing.found(store)
    listing.show(store, now)
    if st.query_params.get("run") != watched or now.clock != listed.clock:
        st.rerun()


if listed.runs:
    with told():
        live_list()
elif listed.every:
    st.info("No run is like that. Clear what narrows the list down.", icon=":material/search_off:")
else:
    st.info("No runs yet. Launch one, and it appears here.", icon=":material/rocket_launch:")
    st.page_link(page("train"), label="Train a network", icon=":material/model_training:")
keeping.undo(store)

# ------------------------------------------------------------------ watch

if watched is None:
    st.stop()
with told():
    run = store.run(watched)
progress.head(run)
controls.show(run, store)
diverged.show(run, store)


now_place, findings_place = st.container(), st.container()
views = ["Curves", "Learned", "Classes", "Layers", "Mistakes", "Recipe"]
drawn = st.tabs(views, key="view", on_change="rerun", bind="query-params")
tabs = dict(zip(views, drawn, strict=True))


@st.fragment(run_every=1.0 if run.active else None)
def live() -> None:
    now = store.run(run.id)
    if controls.outdated(run, now):
        st.rerun()  # so that its buttons fit, and the clocks start or stop
    known = curves.series(store, now)
    progress.bar(now, known, store)
    progress.figures(now, known)
    if tabs["Curves"].open:
        with tabs["Curves"]:
            curves.show(known, now)


@st.fragment(run_every=5.0 if run.active else None)  # what takes longer, and changes more rarely
def thought_over() -> None:
    now = store.run(run.id)
    findings.show(now, store)
    for name, shown in (("Classes", classes.show), ("Layers", layers.show)):
        if tabs[name].open:
            with tabs[name]:
                shown(now, store)


with told():
    with now_place:
        live()
    with findings_place:
        thought_over()
    if tabs["Learned"].open:
        with tabs["Learned"], told():
            learned.show(run, store)
    if tabs["Mistakes"].open:
        with tabs["Mistakes"]:
            mistakes.show(run, store)
    if tabs["Recipe"].open:
        with tabs["Recipe"]:
            recipe.show(run)
