"""The gradients of several runs, or of several moments of one, from the first layer to the last."""

from collections.abc import Mapping, Sequence

import streamlit as st

from cvexplore.figures.gradients import gradients_by_depth
from cvexplore.runs import Run, RunStore
from cvexplore.training.config import VectorPoint

MEANING = (
    "A level line: every layer is told to change as strongly. A line that falls towards the first "
    "layer vanishes on its way back, one that rises explodes."
)


def of_runs(store: RunStore, runs: Mapping[str, Run], *, key: str) -> None:
    """Draw where several runs began: the first gradient of each, by the names they are given."""
    first = {name: store.vectors(run.id, "gradient_norm")[:1] for name, run in runs.items()}
    _draw({name: points[0].values for name, points in first.items() if points}, key)


def of_moments(points: Sequence[VectorPoint], *, key: str) -> None:
    """Draw the first, the middle and the last gradient of one run."""
    places = sorted({0, len(points) // 2, len(points) - 1})
    _draw({f"step {points[place].step:,}": points[place].values for place in places}, key)


def _draw(lines: Mapping[str, Sequence[float]], key: str) -> None:
    if not lines:
        st.caption("No gradient is measured yet.")
        return
    st.plotly_chart(
        gradients_by_depth(lines, "Gradient norm"),
        key=key,
        config={"displaylogo": False},
        alt=f"Gradient norm by depth: {', '.join(lines)}",
    )
    st.caption(MEANING)
