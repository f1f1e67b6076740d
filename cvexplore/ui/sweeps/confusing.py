"""Which answers changed from one run to another."""

from collections.abc import Sequence

import streamlit as st

from cvexplore.figures.confusion_change import confusion_change
from cvexplore.runs import Run, RunStore
from cvexplore.ui.sweeps import naming


def show(store: RunStore, runs: Sequence[Run]) -> None:
    """Draw the difference of two runs' confusion matrices, where both have the same classes."""
    able = [run for run in runs if run.labels.get("classes")]
    if len(able) < 2:
        return
    called = naming.names(able)
    st.subheader("Which answers changed")
    left, right = st.columns(2)
    ids = {run.id: run for run in able}
    with left:
        before = ids[_pick("From", list(ids), called, 0)]
    with right:
        after = ids[_pick("To", list(ids), called, 1)]
    if before.labels["classes"] != after.labels["classes"]:
        st.info("These two learned other classes; choose two that learned the same.")
        return
    matrices = [store.vectors(run.id, "confusion", "validation") for run in (before, after)]
    if not all(matrices):
        st.info("One of them was not measured on its validation pictures yet.")
        return
    counts = [each[-1].values for each in matrices]
    st.plotly_chart(
        confusion_change(counts[0], counts[1], before.labels["classes"]),
        key="confusion_change",
        alt="Change of the confusion matrix from one run to the other",
    )
    st.caption(
        "Share of each true class's validation pictures, in percentage points: blue answers are "
        "given oftener by the second run, red ones more rarely. On the diagonal blue is better."
    )


def _pick(label: str, ids: list[str], called: dict[str, str], start: int) -> str:
    return st.selectbox(label, ids, start, format_func=called.__getitem__, key=f"confusion.{label}")
