"""What can be done with a run now: stop, pause, go on, give it more epochs."""

import streamlit as st

from cvexplore.runs import Run, RunStore, runner
from cvexplore.ui.messages import told
from cvexplore.ui.runs import keeping, steering
from cvexplore.ui.training.clone import link_to_form

_GOES_ON = ("paused", "stopped", "failed", "lost")
_MOST_EPOCHS = 1000


def show(run: Run, store: RunStore) -> None:
    """Draw the run's buttons in a row; what is behind a popover waits until it is wanted."""
    if run.deleted:
        keeping.deleted(run, store)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _start_and_stop(run, store)
        with st.popover(
            "Steer",
            icon=":material/tune:",
            disabled=not run.active,
            help=None if run.active else "Only a run that trains can be steered.",
        ):
            steering.show(run, store)
        with st.popover("More epochs", icon=":material/more_time:"):
            _extend(run, store)
        with st.popover("Describe", icon=":material/edit:"):
            keeping.describe(run, store)
        with st.popover("Download", icon=":material/download:"):
            keeping.downloads(run, store)
        keeping.delete(run, store)
    with st.container(horizontal=True, vertical_alignment="center"):
        link_to_form(run)
        keeping.look_inside(run, store)


def outdated(drawn: Run, now: Run) -> bool:
    """Return whether the buttons drawn for a run are no longer those it should have."""
    return _shape(drawn) != _shape(now)


def _shape(run: Run) -> tuple[object, ...]:
    return run.state, run.want, run.changes, run.deleted, run.steps


def _start_and_stop(run: Run, store: RunStore) -> None:
    """Draw two buttons that keep their places: pause or go on, and stop."""
    asked = run.active and run.want != "run"
    wait = "It was asked already, and does so at the next step." if asked else None
    if run.state in _GOES_ON:
        if _button("Go on", "resume", help="From its last step, as if nothing had happened."):
            _do(lambda: store.resume(run.id))
    elif _button(
        "Pause",
        "pause",
        disabled=not run.active or asked,
        help=wait or "It keeps where it is, and gives its slot to others.",
    ):
        _do(lambda: store.want(run.id, "pause"))
    stoppable = (run.active and run.want != "stop") or run.state == "paused"
    if _button("Stop", "stop", disabled=not stoppable, help=wait or "It can go on later."):
        _do(lambda: store.want(run.id, "stop"))


def _button(label: str, icon: str, *, help: str, disabled: bool = False) -> bool:
    return st.button(
        label, icon=f":material/{icon}:", key=f"runs.{icon}", help=help, disabled=disabled
    )


def _extend(run: Run, store: RunStore) -> None:
    now = int(steering.values_now(run)["epochs"])
    if run.config.steps:
        st.info("This run goes by steps, not by epochs. Use its recipe with more steps.")
        return
    if now >= _MOST_EPOCHS:
        st.info(f"A run has at most {_MOST_EPOCHS:,} epochs.")
        return
    more = st.number_input(
        "Epochs in all",
        now + 1,
        _MOST_EPOCHS,
        min(_MOST_EPOCHS, 2 * now),
        key=f"extend.{run.id}.{now}",
        help="The learning rate follows its schedule for the new length from here on.",
    )
    st.caption(f"It has {now:,} now. A run that has ended goes on from its last step.")
    if st.button("Add epochs", type="primary", icon=":material/more_time:", key="runs.extend"):
        _do(lambda: store.extend(run.id, int(more)))


def _do(action) -> None:
    """Ask for something, and draw the page again with what it changed."""
    keeping.forget_undo()
    with told():
        action()
        runner.ensure()
    st.rerun()
