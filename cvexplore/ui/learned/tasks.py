"""What each of several tasks counts and reaches, beside runs that learned it alone."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.learned import Moment

if TYPE_CHECKING:
    from cvexplore.runs.store import Curve
    from cvexplore.training.approaches.multi_task import MultiTask

TITLE = "The tasks, together and alone"

_SIGMA = "sigma_"
_RUNS = 200  # of the newest, that are looked through for single tasks


def show(moment: Moment) -> None:
    """Draw each task's σ and score over the run, and its score against runs with it alone."""
    from cvexplore.figures.tasks import beside_alone, over_steps
    from cvexplore.training.approaches.multi_task import MultiTask

    approach = moment.approach()
    assert isinstance(approach, MultiTask)
    curves = moment.store.curves(moment.run.id)
    sigmas = {
        name.removeprefix(_SIGMA): (curve.steps, curve.values)
        for (split, name), curve in curves.items()
        if split == "train" and name.startswith(_SIGMA)
    }
    scores = _scores(approach, curves)
    left, right = st.columns(2)
    with left:
        if sigmas:
            st.markdown("**Learned σ**")
            st.plotly_chart(
                over_steps(sigmas, "σ", moment.step, log=True),
                key=moment.key("sigmas"),
                alt="The learned sigma of each task over the run",
            )
            st.caption("A task counts 1 / (2 σ²): the smaller its σ, the more. All begin at 1.")
        else:
            st.info("The tasks' weights are fixed in this run: choose uncertainty to learn them.")
    with right:
        st.markdown("**Scores on validation**")
        st.plotly_chart(
            over_steps(scores, "Score", moment.step),
            key=moment.key("scores"),
            alt="The score of each task over the run",
        )
        st.caption("Share of right names; for the box, its overlap with the true one (IoU).")
    if len(approach.tasks) < 2:
        return
    alone = _alone(moment, approach)
    last = {name: values[-1] for name, (_, values) in scores.items() if values}
    st.markdown("**With the others, and alone**")
    st.plotly_chart(
        beside_alone(last, alone),
        key=moment.key("alone"),
        alt="The last score of each task, beside those of runs that learned it alone",
    )
    missing = [name for name in last if name not in alone]
    if missing:
        st.caption(
            f"No run learned {' or '.join(missing)} alone on these pictures: start one with the "
            "option “only”, and it will stand here as a diamond."
        )


def _scores(
    approach: "MultiTask", curves: "Mapping[tuple[str, str], Curve]"
) -> dict[str, tuple[list[int], list[float]]]:
    """Return each task's score over the run: steps and values."""
    found = {}
    for task in approach.tasks:
        curve = curves.get(("validation", task.score_name))
        if curve:
            found[task.name] = (list(curve.steps), list(curve.values))
    return found


def _alone(moment: Moment, approach: "MultiTask") -> dict[str, list[float]]:
    """Return the last scores of finished runs that learned one of these tasks, by its name."""
    config = moment.run.config
    names = {task.name: task.score_name for task in approach.tasks}
    found: dict[str, list[float]] = {}
    for run in moment.store.runs(limit=_RUNS):
        other = run.config
        only = other.approach.options.get("only", "")
        same = (other.architecture, other.dataset) == (config.architecture, config.dataset)
        if other.approach.name != "multi_task" or only not in names or not same:
            continue
        curve = moment.store.curves(run.id).get(("validation", names[only]))
        if run.state == "finished" and curve and curve.values:
            found.setdefault(only, []).append(curve.values[-1])
    return found
