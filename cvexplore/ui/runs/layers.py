"""What happened in each layer while a run learned: gradients, moves, dead units."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures import run_layers
from cvexplore.runs import Run, RunStore
from cvexplore.training.config import VectorPoint
from cvexplore.ui.runs import depth

if TYPE_CHECKING:
    import numpy as np
    from plotly.graph_objects import Figure

_Draw = Callable[[Sequence[int], "np.ndarray", Sequence[str]], "Figure"]

_BY_DEPTH = "Gradients by depth"
VIEWS: Mapping[str, tuple[str, _Draw, str]] = {
    "Moves": (
        "update_ratio",
        run_layers.update_ratios,
        "How far each layer moved in one step, as a share of its weights. About a thousandth "
        "(grey) is usual; red moves too fast to settle, blue hardly learns. As the learning rate "
        "falls, every layer turns blue.",
    ),
    "Gradients": (
        "gradient_norm",
        run_layers.gradient_norms,
        "The length of each layer's gradient. A colour that changes step by step from the last "
        "layers (below) to the first is a gradient that vanishes or explodes on its way back; a "
        "column that flares up is a step that may undo what was learned.",
    ),
    "Dead units": (
        "dead",
        run_layers.dead_units,
        "The share of a layer's units that were zero for every picture of a batch. In the last "
        "layers a third to a half is usual, for units there speak for one class; a unit that stays "
        "zero gets no gradient and never comes back.",
    ),
}


def show(run: Run, store: RunStore) -> None:
    """Draw one of the measurements, a row a layer; the image's side is above."""
    chosen = st.segmented_control(
        "Show", [*VIEWS, _BY_DEPTH], default="Moves", required=True, key="layers.view", wrap=True
    )
    name, draw, meaning = VIEWS["Gradients" if chosen == _BY_DEPTH else chosen]
    points = store.vectors(run.id, name)
    if not points:
        st.info(
            "Nothing is measured yet: a run is looked at from within about a hundred times."
            if run.active
            else "This run has not measured its layers.",
            icon=":material/layers:",
        )
        return
    if chosen == _BY_DEPTH:
        depth.of_moments(points, key="layers.depth")
        return
    values, names = _known(run, points)
    if not names:
        st.info("This network has no ReLU after a layer with weights, so no unit of it can die.")
        return
    st.plotly_chart(
        draw([point.step for point in points], values, names),
        key=f"layers.chart.{name}",
        config={"displaylogo": False},
        alt=f"{chosen} of {len(names)} layers over {points[-1].step:,} steps",
    )
    st.caption(meaning)


def _known(run: Run, points: Sequence[VectorPoint]) -> "tuple[np.ndarray, list[str]]":
    """Return the measurements of the layers that have any, and the layers' names."""
    import numpy as np

    values = np.array([point.values for point in points])
    names = run.labels.get("layers", ())
    if len(names) != values.shape[1]:
        names = tuple(f"layer {place + 1}" for place in range(values.shape[1]))
    known = np.flatnonzero((~np.isnan(values)).any(0))
    return values[:, known], [names[place] for place in known]
