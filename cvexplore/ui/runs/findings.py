"""What is wrong with a run, in a sentence each, with a click to try what would help."""

from dataclasses import replace

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.training.diagnosis import Finding, diagnose
from cvexplore.ui.places import page
from cvexplore.ui.training import link
from cvexplore.ui.training.beginning import RECIPE
from cvexplore.ui.training.clone import RUN
from cvexplore.ui.words import plain

_VECTORS = {"gradient_norm": "train", "update_ratio": "train", "dead": "train"} | {
    "confusion": "validation"
}


def show(run: Run, store: RunStore) -> None:
    """Draw each finding; of a run that goes well, a line that says so."""
    if run.step == 0:
        return
    found = diagnose(
        store.curves(run.id),
        {name: store.vectors(run.id, name, split=split) for name, split in _VECTORS.items()},
        run.recipe,
        layers=run.labels.get("layers", ()),
        classes=run.labels.get("classes", ()),
    )
    for finding in found:
        _draw(run, finding)
    if not found and not run.active and run.step >= 20:
        st.caption(
            ":material/check: Nothing looks wrong: no overfitting, divergence, plateau, dead "
            "units, vanishing or exploding gradients, and no class left out."
        )


def _draw(run: Run, finding: Finding) -> None:
    with st.container(border=True):
        left, right = st.columns([6, 1], vertical_alignment="center")
        left.markdown(
            f":material/troubleshoot: **{plain(finding.sentence)}**  \n{plain(finding.advice)}"
        )
        if finding.change:
            right.page_link(
                page("train"),
                label="Try it",
                icon=":material/science:",
                help=f"Fills the training form with this run's recipe, but {_said(finding)}.",
                query_params={
                    RUN: run.id,
                    RECIPE: link.written(replace(run.config, **finding.change)),
                },
            )


def _said(finding: Finding) -> str:
    """Return the change as people read it."""
    from cvexplore.training.fields import title, word

    return ", ".join(f"{title(name)}: {word(value)}" for name, value in finding.change.items())
