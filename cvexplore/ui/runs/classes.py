"""Which classes a run takes for which: the confusion matrix, and each class's scores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.figures.confusion import confusion_matrix
from cvexplore.runs import Run, RunStore
from cvexplore.training.config import VectorPoint
from cvexplore.training.metrics import Scores, scores, square
from cvexplore.ui.runs import mistakes
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np

_CHART = "classes.matrix"


def show(run: Run, store: RunStore) -> None:
    """Draw the matrix after an epoch, the pictures of a square that is clicked, and the scores."""
    measured = store.vectors(run.id, "confusion", split="validation")
    if not measured:
        st.info(
            "There is no confusion matrix: it is measured of classifiers, at the end of each epoch."
            if not run.active
            else "The first confusion matrix comes at the end of the first epoch.",
            icon=":material/grid_on:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        written = st.segmented_control(
            "Squares say",
            ["Pictures", "Share of the class"],
            default="Pictures",
            required=True,
            key="classes.written",
        )
        point = _pick_epoch(run, measured)
    counts = square(point.values)
    names = _names(run, len(counts))
    picked = _picked(run, len(counts))
    found = scores(counts)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _matrix(run, counts, names, found, shares=written != "Pictures", picked=picked)
    with right:
        _table(found, names)
    if picked:
        _pictures(run, store, picked, names)


def _pick_epoch(run: Run, measured: Sequence[VectorPoint]) -> VectorPoint:
    """Let a person go back to an earlier epoch; it stays at the newest until then."""
    if len(measured) == 1:
        return measured[0]
    newest = len(measured)
    key = f"classes.epoch.{run.id}"
    if st.session_state.get(f"{key}.of", newest) != newest and (
        st.session_state.get(key) == st.session_state[f"{key}.of"]
    ):
        st.session_state[key] = newest  # it looked at the newest, and there is a newer one
    st.session_state[f"{key}.of"] = newest
    if key not in st.session_state:
        st.session_state[key] = newest
    epoch = st.select_slider(
        "After epoch",
        list(range(1, newest + 1)),
        key=key,
        help="The matrix is measured at the end of each epoch; go back to see it learn.",
    )
    return measured[epoch - 1]


def _names(run: Run, count: int) -> Sequence[str]:
    names = run.labels.get("classes", ())
    return names if len(names) == count else tuple(str(place) for place in range(count))


def _picked(run: Run, count: int) -> tuple[int, int] | None:
    found = st.session_state.get(f"classes.picked.{run.id}")
    return found if found and max(found) < count else None


def _matrix(
    run: Run,
    counts: "np.ndarray",
    names: Sequence[str],
    found: Scores,
    *,
    shares: bool,
    picked: tuple[int, int] | None,
) -> None:
    st.plotly_chart(
        confusion_matrix(counts, names, shares=shares, picked=picked),
        key=_CHART,
        on_select=lambda: _click(run),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"Confusion matrix of {len(names)} classes: {found.accuracy:.1%} of "
        f"{sum(found.support):,} validation pictures are right",
    )
    st.caption(
        "Rows are true classes, columns the answers. Blue is right, orange is wrong, each on a "
        "scale of its own, so that few mistakes are seen. Click a square to see its pictures."
    )


def _click(run: Run) -> None:
    for point in st.session_state[_CHART]["selection"]["points"]:
        true, answer = point["customdata"]
        st.session_state[f"classes.picked.{run.id}"] = (int(true), int(answer))


def _table(found: Scores, names: Sequence[str]) -> None:
    st.dataframe(
        {
            "Class": list(names),
            "Recall": list(found.class_recall),
            "Precision": list(found.class_precision),
            "F1": list(found.class_f1),
            "Pictures": list(found.support),
        },
        column_config={
            "Recall": _share("of the pictures of this class, those that were given it"),
            "Precision": _share("of the pictures given this class, those it belongs to"),
            "F1": _share("harmonic mean of recall and precision"),
        },
        hide_index=True,
        height=min(420, 38 + 35 * len(names)),
        alt="Scores of each class",
    )
    st.caption(
        f"Accuracy **{found.accuracy:.1%}**. Means over the classes: recall "
        f"**{found.recall:.1%}**, precision **{found.precision:.1%}**, F1 **{found.f1:.1%}**."
    )


def _share(help_: str) -> Any:
    return st.column_config.NumberColumn(format="percent", help=help_)


def _pictures(run: Run, store: RunStore, picked: tuple[int, int], names: Sequence[str]) -> None:
    true, answer = picked
    said = "recognised" if true == answer else f"taken for {plain(names[answer])}"
    st.subheader(f"{plain(names[true])}, {said}")
    mistakes.pictures(run, store, true, answer, key="classes")
