"""The best run of a sweep, and its one measurement on pictures that played no part in it."""

from collections.abc import Sequence

import streamlit as st

from cvexplore.runs import Run, RunStore, runner
from cvexplore.runs.comparing import repeats
from cvexplore.runs.records import Group
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.runs.states import name_of
from cvexplore.ui.sweeps.measured import latest
from cvexplore.ui.training.clone import link_to_form
from cvexplore.ui.words import plain


def best_run(
    store: RunStore, group: Group, runs: Sequence[Run], best: Run | None, metric: str
) -> None:
    """Draw which run is best so far, and offer to test it once all have ended."""
    if best is None:
        return
    group = store.group(group.id)
    working = any(run.active for run in runs)
    with st.container(border=True):
        st.markdown(
            f"**{'Best so far' if working else 'Best run'}: {plain(name_of(best))}** · "
            f"validation {metric.rpartition('/')[2]} {latest(best, metric)}"
        )
        if any(len(each.runs) > 1 for each in repeats(runs)):
            st.caption(
                "The recipe is chosen by the mean over its folds or seeds; of those, the best."
            )
        if group.tested:
            _tested(store, group, store.run(group.tested), best)
        else:
            _offer(store, best, working)
        with st.container(horizontal=True):
            st.page_link(
                page("runs"),
                label="Look at it",
                icon=":material/monitoring:",
                query_params={"run": best.id},
            )
            link_to_form(best)


def _offer(store: RunStore, best: Run, working: bool) -> None:
    if not best.config.test:
        st.caption(
            "No pictures were set aside for a test: the validation value of the best of many runs "
            "is a little too good. Launch a sweep with a test share to know."
        )
        return
    pressed = st.button(
        "Measure the best on the test split",
        icon=":material/verified:",
        key="sweep.test_best",
        disabled=working,
        help="Once for the whole sweep. Choosing by the test split would make it a second "
        "validation split, and its value too good.",
    )
    if working:
        st.caption("The test waits until all runs have ended: it can be done once.")
    if pressed:
        with told():
            store.test_best(best.id)
            runner.ensure()
        st.rerun()  # the page's clock starts again until the value is there


def _tested(store: RunStore, group: Group, run: Run, best: Run) -> None:
    """Draw what the test told of the run that was the best then."""
    if "test/accuracy" not in run.latest and "test/loss" not in run.latest:
        jobs = store.runs(kind="test", group=group.id)
        waiting = not jobs or jobs[0].active
        st.caption("Measuring on the test split…" if waiting else "The test did not end well.")
        return
    with st.grid(3, min_column_width=150, border=True):
        st.metric("Test accuracy", latest(run, "test/accuracy"), help="Measured once")
        st.metric("Test F1", latest(run, "test/f1"), help="Mean over the classes")
        st.metric("Test loss", latest(run, "test/loss"))
    which = "" if run.id == best.id else f" It is of {plain(name_of(run))}, the best at that time."
    st.caption(
        "On pictures that no run learned from and none was chosen by. It is measured once for "
        f"each sweep.{which}"
    )
