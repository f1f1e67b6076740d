"""What the recipe will do, drawn: pictures, steps, parameters, the schedule and the split."""

from collections.abc import Sequence

import streamlit as st

from cvexplore.training.config import RunConfig
from cvexplore.training.fields import flat, title, word
from cvexplore.ui.training.plan import Fit, Plan
from cvexplore.ui.words import compact, plain

_IN_SIGHT = ("architecture", "dataset", "learning_rate", "batch_size", "epochs")


def show(config: RunConfig, plan: Plan, classes: Sequence[str]) -> None:
    """Draw what a recipe will do.

    Args:
        config: the recipe.
        plan: what was found about it.
        classes: the data set's.
    """
    from cvexplore.figures.schedule import learning_rates
    from cvexplore.figures.split_bars import split_bars

    st.subheader("What it will do")
    _numbers(plan)
    _learning(plan.fit)
    if plan.warning:
        st.warning(plan.warning, icon=":material/warning:")
    if unusual := _unusual(config):
        st.caption(f"Other than usual: {plain(unusual)}")
    st.plotly_chart(
        learning_rates(plan.rates, plan.steps, 180, plan.steps_per_epoch),
        key="rates",
        alt=f"Learning rate over {plan.steps:,} steps: {config.schedule.name}",
    )
    if config.schedule.name == "plateau":
        st.caption(
            "A plateau schedule drops when the losses stall; before the run it has heard none."
        )
    st.plotly_chart(
        split_bars(plan.parts, classes, 140),
        key="split",
        alt="Pictures of each class: "
        + ", ".join(f"{plan.pictures(part):,} for {part}" for part in plan.parts),
    )


def _unusual(config: RunConfig) -> str:
    """Return what differs from the defaults, for much of the form is folded away."""
    usual = flat(RunConfig())
    return " · ".join(
        f"{title(path)} {word(value)}"
        for path, value in flat(config).items()
        if usual.get(path) != value and path not in _IN_SIGHT
    )


def _numbers(plan: Plan) -> None:
    fit = plan.fit
    frozen = (fit.parameters or 0) - (fit.trained or 0)
    with st.grid(2, min_column_width=110, border=True):
        st.metric(
            "Learns from",
            f"{plan.pictures('training'):,}",
            help=f"Pictures. {plan.pictures('validation'):,} more are measured on every epoch, "
            f"and {plan.pictures('test'):,} only once, at the very end.",
        )
        st.metric("Steps", f"{plan.steps:,}", help=f"{plan.steps_per_epoch:,} an epoch.")
        st.metric("Parameters", compact(fit.parameters))
        st.metric(
            "Trained",
            compact(fit.trained),
            help=f"{frozen:,} keep their values." if frozen else "All of them learn.",
        )


def _learning(fit: Fit) -> None:
    """Draw how many parameters learn, where not all of them do all the time."""
    from cvexplore.figures.parameters import learning_along, total_and_trained

    total, trained = fit.parameters or 0, fit.trained or 0
    if not trained or trained == total:
        return
    with st.expander(":material/lock: How many parameters learn", expanded=True):
        st.plotly_chart(
            total_and_trained(total, {"learn at first": trained}),
            key="trained",
            alt=f"{trained:,} of {total:,} parameters learn at first",
        )
        if len(fit.opening) > 1:
            st.plotly_chart(
                learning_along({"learn": fit.opening}, total),
                key="opening",
                alt="How many parameters learn over the run",
            )
