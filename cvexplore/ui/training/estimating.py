"""Before the start: a few measured steps say how long the run will take, and in how much memory."""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.runs import Run, RunStore, runner
from cvexplore.training.config import RunConfig
from cvexplore.ui.messages import told
from cvexplore.ui.runs.owner import owner
from cvexplore.ui.training.plan import Plan
from cvexplore.ui.training.speed import Speed
from cvexplore.ui.words import about, compact, plain

if TYPE_CHECKING:
    from cvexplore.training.estimate import Estimate, Setting

KIND = "estimate"
_LOOK_SECONDS = 0.5
_REMEMBERED = 200  # measurements that are looked through for this recipe's


def job(store: RunStore, config: RunConfig) -> Run | None:
    """Return the last measurement of a recipe like this one, done or under way."""
    wanted = measured_as(config)
    runs = store.runs(limit=_REMEMBERED, kind=KIND)
    return next((each for each in runs if each.config == wanted and _is_of_use(each)), None)


def estimate(
    store: RunStore, config: RunConfig, found: Run | None, images: int
) -> "Estimate | None":
    """Return what was measured, if it is done.

    Args:
        store: where it is.
        config: the recipe it is for.
        found: the measurement.
        images: pictures that are learned from.
    """
    if found is None or found.state != "finished":
        return None
    from cvexplore.training.estimate import Estimate

    return Estimate.of(store.metrics(found.id)[0], config, images)


def measured_as(config: RunConfig) -> RunConfig:
    """Return the recipe without what changes neither a step's time nor its memory."""
    usual = RunConfig()
    return replace(
        config,
        schedule=usual.schedule,
        changes=(),
        **{
            name: getattr(usual, name)
            for name in (
                *("learning_rate", "weight_decay", "decay_all", "epochs", "steps", "strength"),
                *("patience", "improvement", "seed", "fold", "snapshots", "precision", "threads"),
            )
        },
    )


def _is_of_use(run: Run) -> bool:
    return run.active or run.state in ("finished", "failed")


# ------------------------------------------------------------------ shown


def show(
    store: RunStore,
    config: RunConfig,
    plan: Plan,
    speed: Speed,
    found: "Estimate | None",
    run: Run | None,
) -> None:
    """Draw what was measured, what is being measured, or the button that measures.

    Args:
        store: where measurements are kept.
        config: the recipe.
        plan: what it will do.
        speed: what of precision and threads was chosen by hand.
        found: what was measured, if anything was.
        run: the measurement, if there is one.
    """
    st.subheader("Before the start")
    if run is not None and run.active:
        st.fragment(_under_way, run_every=_LOOK_SECONDS)(store, run.id)
        return
    if found and (best := speed.quickest(found)):
        _times(found, best)
    elif run is not None and run.state == "failed":
        st.warning(plain(run.message), icon=":material/error:")
    label = "Measure again" if run else "Measure a few steps"
    if st.button(label, icon=":material/timer:", disabled=bool(plan.fit.obstacle), key="estimate"):
        with told():
            store.submit(measured_as(config), kind=KIND, owner=owner())
            runner.ensure()
        st.rerun()
    if not found:
        st.caption("A few steps on this machine say how long the run will take.")


def _under_way(store: RunStore, run_id: str) -> None:
    """Draw how far a measurement is; the browser's clock asks again."""
    run = store.run(run_id)
    if not run.active:
        st.rerun()
    left, right = st.columns([4, 1], vertical_alignment="center")
    waits = run.state in ("queued", "starting")
    left.caption("Waiting for a free slot …" if waits else "Measuring a few steps …")
    if right.button("Cancel", icon=":material/close:", key="estimate.cancel", width="stretch"):
        store.want(run_id, "stop")
        st.rerun()


def _time(seconds: float) -> str:
    return about(seconds).removeprefix("about ")


def _times(found: "Estimate", best: "Setting") -> None:
    """Draw what the run takes with the chosen setting, and what others would take."""
    with st.grid(2, min_column_width=110, border=True):
        st.metric(
            "It will take",
            _time(best.seconds),
            help=f"Alone on the machine, at {best.step * 1e3:,.3g} ms a step.",
        )
        st.metric(
            "Memory",
            compact(best.memory, "B") if best.memory else "–",
            help="What learning needs beside the program itself.",
        )
    rows = found.settings
    if len(rows) < 2:
        return
    slowest = max(each.step for each in rows)
    st.dataframe(
        {
            "Precision": [each.precision for each in rows],
            "Threads": [each.threads for each in rows],
            "A step": [f"{each.step * 1e3:,.3g} ms" for each in rows],
            "The run": [_time(each.seconds) for each in rows],
            "Speed": [slowest / each.step for each in rows],
            "": ["chosen" if each == best else "" for each in rows],
        },
        column_config={
            "Speed": st.column_config.NumberColumn(
                format="%.2f ×", help="Beside the slowest measured here."
            )
        },
        hide_index=True,
        key="estimates",
        alt="Time of a step by precision and threads",
    )
