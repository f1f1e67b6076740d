"""What differs in the settings of runs, as a table."""

from collections.abc import Sequence

import streamlit as st

from cvexplore.runs import Run
from cvexplore.runs.comparing import differences, settings
from cvexplore.training import fields
from cvexplore.ui.sweeps import naming


def show(runs: Sequence[Run]) -> None:
    """Draw the fields in which the recipes of runs differ: a row a field, a column a run."""
    recipes = [run.recipe for run in runs]
    everything = st.toggle(
        "Show all settings", key="settings.all", help="Also those that are the same in every run."
    )
    found = settings(recipes) if everything else differences(recipes)
    if not found:
        said = "One run differs from nothing; choose another." if len(runs) == 1 else ""
        st.caption(said or "All settings are the same, seeds and folds included.")
        return
    called = naming.names(runs)
    columns = {
        called[run.id]: [_word(values[place]) for values in found.values()]
        for place, run in enumerate(runs)
    }
    st.dataframe(
        {"Setting": [fields.title(path) for path in found], **columns},
        column_config={"Setting": st.column_config.TextColumn(pinned=True)},
        hide_index=True,
        height=min(520, 38 + 35 * len(found)),
        key="settings",
        alt="Settings of the runs",
    )
    if any(value is None for values in found.values() for value in values):
        st.caption("– stands for what a recipe leaves as it is, or does not have.")


def _word(value: object) -> str:
    return "–" if value is None else fields.word(value)
