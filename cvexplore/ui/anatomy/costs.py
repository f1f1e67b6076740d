"""Where it costs: every module as large as what it spends."""

import streamlit as st

from cvexplore.figures.costs import FACTS, icicle
from cvexplore.ui.anatomy import Built
from cvexplore.ui.words import compact

_SAYS = {
    "Parameters": "numbers the network learns; one used twice counts where it is used first",
    "Multiply-adds": "of one forward pass with one input; attention's products count",
    "Activation memory": "what the layers write in one forward pass, in 32-bit floats",
}
_NO_AXES = ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]


def show(built: Built) -> None:
    """Draw the modules as an icicle, by one fact that a person picks."""
    title = st.segmented_control(
        "What it costs", list(FACTS), default="Parameters", required=True, key="costs.fact"
    )
    fact, unit = FACTS[title]
    total = getattr(built.trace, fact)
    if not total:
        st.info(f"This network spends no {unit}.", icon=":material/savings:")
        return
    st.plotly_chart(
        icicle(built.trace, title),
        key=f"costs.{title}.{built.key}",
        config={"displaylogo": False, "modeBarButtonsToRemove": _NO_AXES},
        alt=f"{title} by module: the network on the left, its parts to the right",
    )
    st.caption(
        f"{compact(total)} {unit}: {_SAYS[title]}. Click a module to look into it, and the "
        "left-most one to come back. Parts below a thousandth of the whole stand together as rest."
    )
