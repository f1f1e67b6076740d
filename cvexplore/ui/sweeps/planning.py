"""The form of a sweep: from which recipe, what varies, and which runs that makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from cvexplore.runs import Run, RunStore, runner
from cvexplore.runs.comparing import expected_seconds
from cvexplore.training import fields
from cvexplore.training.config import RunConfig
from cvexplore.training.experiments import EXPERIMENTS
from cvexplore.training.sweep import MOST, Axis, Trial, plain, trials
from cvexplore.ui.runs.owner import owner
from cvexplore.ui.runs.states import name_of
from cvexplore.ui.sweeps import naming
from cvexplore.ui.sweeps.varying import pick_axes
from cvexplore.ui.words import about

_STANDARD = "standard"
_TEST = 0.2  # share of the pictures that the best run is measured on in the end
_MODES = {"grid": "Grid: all combinations", "random": "Random sample"}


def form(store: RunStore) -> None:
    """Draw the form, the runs it makes and the button that launches them.

    Raises:
        CvexploreError: a value that is not allowed, or too many runs.
    """
    st.subheader("New sweep")
    left, right = st.columns(2, gap="large")
    with left:
        start = _start(store.runs(limit=200))
    with right:
        base = _tested(start)
        mode, count, seed = _mode()
    axes = pick_axes(base, mode, start.axes, key=f"sweep.{start.key}")
    if not axes:
        st.info("Choose what to vary: each combination of values becomes a run.")
        return
    made = _checked(base, axes, mode, count, seed)
    _table(axes, made)
    drawn = {"mode": mode, "count": count, "seed": seed, "metric": start.metric}
    _launch(store, made, axes, start.title, drawn)


# ------------------------------------------------------------------ base


@dataclass(frozen=True)
class _Start:
    """What a sweep starts from.

    Args:
        key: tells it apart from others.
        title: what the sweep may be called.
        recipe: what is not varied.
        axes: to begin with.
        test: share of the pictures to begin with, that the best run is measured on.
        metric: what to compare the runs by.
    """

    key: str
    title: str
    recipe: RunConfig
    axes: tuple[Axis, ...] = ()
    test: float = _TEST
    metric: str = "validation/accuracy"


def _start(runs: Sequence[Run]) -> _Start:
    """Draw the choice of a recipe or of a ready-made experiment."""
    known = {run.id: run for run in runs}
    called = naming.names(runs)
    words = {
        _STANDARD: "the standard recipe",
        **{name: f"experiment: {each.title}" for name, each in EXPERIMENTS.items()},
        **{each: f"run: {called[each]}" for each in known},
    }
    asked = st.query_params.get("from")
    ids = list(words)
    chosen = st.selectbox(
        "Start from",
        ids,
        ids.index(asked) if asked in ids else 0,
        format_func=words.__getitem__,
        key="sweep.from",
        help="What is not varied stays as it is in this recipe.",
    )
    if chosen in EXPERIMENTS:
        found = EXPERIMENTS[chosen]
        st.caption(found.sentence)
        return _Start(chosen, found.title, found.base, found.axes, found.base.test, found.metric)
    base = replace(known[chosen].recipe, folds=0, fold=0) if chosen in known else RunConfig()
    st.caption(f"{naming.subject(base)}, {base.epochs} epochs, {base.optimizer.name}")
    title = f"Sweep of {name_of(known[chosen]) if chosen in known else naming.subject(base)}"
    return _Start(chosen, title, base, test=base.test or _TEST)


def _tested(start: _Start) -> RunConfig:
    """Draw the share for the test, and return the recipe with it."""
    share = st.slider(
        "Test share",
        0.0,
        0.5,
        start.test,
        0.05,
        key=f"sweep.test.{start.key}",
        help="Pictures that no run learns from and none is chosen by. The best of many runs is "
        "partly lucky on the validation pictures; only pictures that played no part in the choice "
        "tell how good it is. They are measured once, at the very end.",
    )
    return replace(start.recipe, test=share)


def _mode() -> tuple[str, int, int]:
    mode = st.segmented_control(
        "How",
        list(_MODES),
        default="grid",
        required=True,
        format_func=_MODES.__getitem__,
        key="sweep.mode",
        help="A random sample tries a new value of every setting in each run: better than a grid "
        "where only some settings matter (Bergstra, Bengio, 2012).",
    )
    if mode == "grid":
        return mode, 0, 0
    count, seed = st.columns(2)
    with count:
        runs = st.slider("Combinations", 1, 100, 12, key="sweep.count", help="That are drawn")
    with seed:
        number = st.number_input(
            "Seed of the draw", 0, 2**31 - 1, 0, key="sweep.seed", help="The same draws the same"
        )
    return mode, runs, number


# ------------------------------------------------------------------ the runs it makes


def _checked(
    base: RunConfig, axes: Sequence[Axis], mode: str, count: int, seed: int
) -> tuple[Trial, ...]:
    with st.spinner("Fitting the networks to the data…", show_time=True):
        if mode == "grid":
            return trials(base, axes)
        return trials(base, axes, mode="random", count=count, seed=seed)


def _table(axes: Sequence[Axis], made: Sequence[Trial]) -> None:
    able = [trial.recipe for trial in made if trial.recipe]
    st.subheader("The runs it makes")
    earlier = RunStore().runs(limit=200)
    times = [expected_seconds(recipe, earlier) for recipe in able]
    whole = sum(time for time in times if time is not None)
    with st.grid(3, min_column_width=150, border=True):
        st.metric("Runs", len(able), help=f"At most {MOST}")
        st.metric("Cannot be trained", len(made) - len(able), help="They are left out")
        st.metric(
            "One after the other",
            about(whole) if able and None not in times else "–",
            help="By what earlier runs of the same networks on the same data took; "
            "– where there were none.",
        )
    paths = [axis.path for axis in axes]
    if any("fold" in trial.values for trial in made):
        paths.append("fold")
    st.dataframe(
        {
            **{fields.title(p): [fields.word(trial.values[p]) for trial in made] for p in paths},
            "Obstacle": [trial.obstacle for trial in made],
        },
        hide_index=True,
        height=min(320, 38 + 35 * len(made)),
        key="sweep.trials",
        alt="The runs of this sweep",
    )


def _launch(
    store: RunStore,
    made: Sequence[Trial],
    axes: Sequence[Axis],
    title: str,
    drawn: Mapping[str, Any],
) -> None:
    able = [trial for trial in made if trial.recipe]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        given = st.text_input("Title", title, key=f"sweep.title.{title}", max_chars=80, width=420)
        pressed = st.button(
            f"Launch {len(able)} run{'' if len(able) == 1 else 's'}",
            type="primary",
            icon=":material/play_arrow:",
            key="sweep.launch",
            disabled=not able,
        )
    if not pressed:
        return
    who = owner()
    asked = {"axes": list(map(plain, axes)), "left_out": len(made) - len(able), **drawn}
    group = store.new_group(given.strip() or title, "sweep", asked, owner=who)
    for trial in able:
        assert trial.recipe
        store.submit(trial.recipe, owner=who, name=_name(trial)[:120], group=group)
    runner.ensure()
    st.query_params.clear()
    st.query_params["group"] = group
    st.rerun()


def _name(trial: Trial) -> str:
    """Return what tells a run apart in its sweep; the number of folds is that of all."""
    told = ((path, value) for path, value in trial.values.items() if path != "folds")
    return ", ".join(naming.setting(path, value) for path, value in told)
