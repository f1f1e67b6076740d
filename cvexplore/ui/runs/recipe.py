"""What a run was made of: every setting that differs from the usual, and the whole as JSON."""

import json

import streamlit as st

from cvexplore.runs import Run
from cvexplore.training import fields
from cvexplore.training.config import RunConfig


def show(run: Run) -> None:
    """Draw the recipe; what differs from the defaults stands first."""
    usual = fields.flat(RunConfig())
    found = fields.flat(run.recipe)
    differs = {path: usual.get(path) != value for path, value in found.items()}
    here = dict(sorted(found.items(), key=lambda each: not differs[each[0]]))
    st.dataframe(
        {
            "Setting": [fields.title(path) for path in here],
            "Here": [fields.word(value) for value in here.values()],
            "Usual": [fields.word(usual[path]) if path in usual else "" for path in here],
            "Differs": [differs[path] for path in here],
        },
        column_config={"Differs": st.column_config.CheckboxColumn(width=70)},
        hide_index=True,
        alt="Every setting of the run, and what it usually is",
    )
    with st.expander("As JSON"):
        st.json(json.loads(run.recipe.to_json()), expanded=2)
