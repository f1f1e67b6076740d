"""Build one architecture live: see it whole and in every part, and what each part costs."""

import streamlit as st

from cvexplore import catalog
from cvexplore.errors import TraceError
from cvexplore.ui import cached
from cvexplore.ui.anatomy import (
    Built,
    costs,
    drawing,
    idea,
    memory,
    parameters,
    published,
    table,
    taking,
    weights,
)
from cvexplore.ui.form import option_form
from cvexplore.ui.messages import told
from cvexplore.ui.pickers import pick_architecture
from cvexplore.ui.places import page
from cvexplore.ui.words import compact

VIEWS = {
    "Drawing": drawing.show,
    "Table": table.show,
    "Costs": costs.show,
    "Parameters": parameters.show,
    "Memory": memory.show,
    "Weights": weights.show,
    "Idea": idea.show,
    "Export": taking.show,
}

st.title("Anatomy")
st.caption("Build any architecture live, turn its knobs, and see what each layer costs.")

# ------------------------------------------------------------------ pick

name = pick_architecture("cvexplore/resnet", key="arch")
left, right = st.columns([1, 3], gap="large")
with left, told():
    st.subheader("Options")
    options = cached.frozen(option_form(catalog.options(name), key=name))
    st.page_link(
        page("compare"),
        label="Compare it",
        icon=":material/table_chart:",
        query_params={"pick": name},
    )

# ------------------------------------------------------------------ compute

with right, told():
    try:
        built = Built(name, options, cached.traced(name, options))
    except TraceError as error:
        table.show_partial(error)  # the sentence, and what ran before the layer that failed
        st.stop()

# ------------------------------------------------------------------ show

with right:
    seen = built.trace
    with st.grid(5, min_column_width=120, border=True):
        st.metric("Parameters", compact(seen.parameters), help=f"{seen.parameters:,}")
        st.metric("Trainable", compact(seen.trainable), help=f"{seen.trainable:,}")
        st.metric(
            "MACs", compact(seen.macs), help="Multiply-adds of one forward pass with one input"
        )
        st.metric(
            "Activations",
            compact(seen.activation_bytes, "B"),
            help="What the layers write in that pass, in 32-bit floats",
        )
        st.metric(
            "Layers", f"{len(seen.layers):,}", help=f"{len(seen.joins())} of them join streams"
        )
    published.show(built)
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, told():
                show(built)
