"""Change what can be changed while a run trains, and tell what was changed when."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cvexplore.plugins import Option
from cvexplore.runs import Run, RunStore
from cvexplore.training import fields
from cvexplore.training.config import STEERABLE, Change, settings
from cvexplore.ui.form import option_widget
from cvexplore.ui.messages import told

_TRAINS = ("starting", "running")


def show(run: Run, store: RunStore) -> None:
    """Draw a field for each setting that can be steered, and a button that asks for it."""
    st.caption(
        "What you apply holds from the next step on. It is marked on the curves and kept with the "
        "recipe, so the run can be repeated."
    )
    trains = run.state in _TRAINS and run.want == "run"
    if not trains:
        st.info(f"This run is {run.state}: only a run that trains can be steered.")
    now = values_now(run)
    form = f"steer.{run.id}.{len(run.changes)}"  # a change done makes the fields anew
    asked = {
        option.name: _field(option, run, now[option.name], form)
        for option in settings()
        if option.name in STEERABLE
    }
    news = {name: value for name, value in asked.items() if value != now[name]}
    if st.button(
        "Apply",
        type="primary",
        icon=":material/tune:",
        key="steer.apply",
        disabled=not trains or not news,
        help="Change a field first." if trains else "Only a run that trains can be steered.",
    ):
        _apply(run, store, news)


def _apply(run: Run, store: RunStore, news: Mapping[str, float]) -> None:
    with told():
        for name, value in news.items():
            store.steer(run.id, name, value)
    asked = ", ".join(f"{fields.title(name).lower()} {value:g}" for name, value in news.items())
    st.toast(f"Asked: {asked}; at the next step.", icon=":material/tune:")


def _field(option: Option, run: Run, value: float, form: str) -> Any:
    reason = obstacle(run, option.name)
    if reason:
        st.text_input(
            fields.title(option.name),
            f"{value:g}",
            disabled=True,
            help=reason,
            key=f"{form}.{option.name}",
        )
        st.caption(reason)
        return value
    return option_widget(option, option.type(value), key=f"{form}.{option.name}")


def obstacle(run: Run, name: str) -> str:
    """Return why a setting of a run cannot be steered; nothing if it can."""
    if name == "strength" and not run.config.augmentations:
        return "This run has no augmentation; start one that has."
    if name == "epochs" and run.config.steps:
        return "This run goes by steps, not by epochs."
    if name == "weight_decay" and "weight_decay" in run.config.optimizer.options:
        return "This optimiser has a weight decay of its own."
    return ""


def values_now(run: Run) -> dict[str, float]:
    """Return the settings that can be steered, with all that was changed so far."""
    now = {name: getattr(run.config, name) for name in STEERABLE}
    return now | {each.name: each.value for each in run.recipe.changes if each.step <= run.step}


def said(run: Run, store: RunStore) -> list[str]:
    """Return sentences of what is asked for, and of what was changed while it trained."""
    wishes = store.wishes(run.id) if run.state in _TRAINS else ()
    asked = [f"{fields.title(wish.name).lower()} {wish.value:g}" for wish in wishes]
    changed = [_change(change) for change in run.recipe.changes]
    return [
        *([f":material/tune: Asked: {', '.join(asked)}; at the next step."] if asked else ()),
        *([f":material/tune: Changed while it trained: {'; '.join(changed)}."] if changed else ()),
    ]


def _change(change: Change) -> str:
    return f"{fields.title(change.name).lower()} {change.value:g} from step {change.step:,} on"
