"""From a run back to the form: its recipe, to change and to launch again."""

import streamlit as st

from cvexplore.runs import Run
from cvexplore.ui.places import page

RUN = "from"  # the query parameter that names the run


def link_to_form(run: Run, label: str = "Use this recipe") -> None:
    """Draw a link that fills the training form with a run's recipe."""
    st.page_link(
        page("train"),
        label=label,
        icon=":material/content_copy:",
        help="Fills the training form with all that this run was made of.",
        query_params={RUN: run.id},
    )
