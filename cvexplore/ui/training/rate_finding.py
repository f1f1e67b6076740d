"""The search for a learning rate: raise it step by step, watch the loss fall and burst."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.errors import OptionError
from cvexplore.runs import Run, RunStore, runner
from cvexplore.training.config import RunConfig
from cvexplore.ui.messages import told
from cvexplore.ui.runs.owner import owner
from cvexplore.ui.training.beginning import Beginning
from cvexplore.ui.training.estimating import measured_as
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.training.lr_range import Suggestion

KIND = "lr_find"
_LOOK_SECONDS = 0.5
_KEPT = "train.finder"  # the search this form shows: its run


def show(store: RunStore, start: Beginning, config: RunConfig, possible: bool) -> None:
    """Draw the search's button, its curve, and what it suggests.

    Args:
        store: where searches are kept.
        start: of the form whose learning rate is filled in.
        config: the recipe to search for.
        possible: whether its network can learn from its data.
    """
    st.caption(
        "Trains this recipe for a few steps whose learning rate rises from far too low to far too "
        "high. Where the loss falls fastest, and before it bursts, is the range to try."
    )
    run = _run(store)
    if run is not None and run.active:
        st.fragment(_live, run_every=_LOOK_SECONDS)(store, start, run.id)
        return
    if st.button("Search", icon=":material/search:", key="finder", disabled=not possible):
        with told():
            st.session_state[_KEPT] = store.submit(config, kind=KIND, owner=owner())
            runner.ensure()
        st.rerun()
    if run is not None:
        if measured_as(run.config) != measured_as(config):
            st.caption("The recipe has changed since this search: search again.")
        _found(store, start, run, config.learning_rate)


def _run(store: RunStore) -> Run | None:
    kept = st.session_state.get(_KEPT)
    return store.run(kept) if kept else None


def _live(store: RunStore, start: Beginning, run_id: str) -> None:
    """Draw the curve so far; the browser's clock asks again."""
    run = store.run(run_id)
    if not run.active:
        st.rerun()
    from cvexplore.training.lr_range import STEPS

    left, right = st.columns([4, 1], vertical_alignment="center")
    waits = run.state in ("queued", "starting")
    said = "Waiting for a free slot" if waits else f"Step {run.step:,}, at most {STEPS:,}"
    left.progress(min(1.0, run.step / STEPS), said)
    if right.button("Stop", icon=":material/stop:", key="finder.stop", width="stretch"):
        store.want(run_id, "stop")
    _draw(*_measured(store, run))


def _found(store: RunStore, start: Beginning, run: Run, chosen: float) -> None:
    """Draw the whole curve beside the form's learning rate, and offer what it suggests."""
    from cvexplore.training.lr_range import suggest

    if run.state in ("failed", "lost"):
        st.warning(plain(run.message), icon=":material/error:")
        return
    rates, losses = _measured(store, run)
    try:
        found = suggest(rates, losses)
    except OptionError as error:
        _draw(rates, losses)
        st.warning(plain(str(error)), icon=":material/query_stats:")
        return
    _draw(rates, losses, found, chosen)
    st.markdown(
        f"Learning rates from **{found.low:.1g} to {found.high:.1g}** are worth a try: the loss "
        f"falls fastest at {found.steepest:.1g} and is lowest at {found.bottom:.1g}."
    )
    st.button(
        f"Use {found.middle:.1g}",
        icon=":material/check:",
        key="finder.use",
        on_click=_use,
        args=(start.key("learning_rate"), found.middle),
        help="The middle of that range fills the learning rate in.",
    )


def _use(key: str, rate: float) -> None:
    """Fill the learning rate in, in a button's callback."""
    st.session_state[key] = float(f"{rate:.1g}")


def _measured(store: RunStore, run: Run) -> tuple[list[float], list[float]]:
    """Return the rates that were tried so far, and each one's loss."""
    curves = store.curves(run.id)
    if (KIND, "learning_rate") not in curves:
        return [], []
    rates, losses = curves[KIND, "learning_rate"].values, curves[KIND, "loss"].values
    count = min(len(rates), len(losses))
    return rates[:count], losses[:count]


def _draw(
    rates: list[float],
    losses: list[float],
    found: "Suggestion | None" = None,
    chosen: float | None = None,
) -> None:
    """Draw the loss against the learning rate."""
    from cvexplore.figures.lr_range import lr_range
    from cvexplore.training.lr_range import smoothed

    if rates:
        means = smoothed(losses) if found else ()
        st.plotly_chart(
            lr_range(rates, losses, means, found, chosen, height=240),
            key="finder.curve",
            alt=f"Loss at {len(rates)} learning rates from {rates[0]:.1g} to {rates[-1]:.1g}",
        )
