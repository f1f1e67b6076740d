"""Build one architecture live: its layers, shapes, parameters and what they cost."""

import streamlit as st

from cvexplore import catalog
from cvexplore.ui import cached
from cvexplore.ui.form import option_form
from cvexplore.ui.layers import layer_table
from cvexplore.ui.messages import told
from cvexplore.ui.pickers import pick_architecture
from cvexplore.ui.places import page
from cvexplore.ui.words import compact

st.title("Anatomy")
st.caption("Build any architecture live, turn its knobs, and see what each layer costs.")

# ------------------------------------------------------------------ pick

name = pick_architecture("cvexplore/resnet", key="arch")
left, right = st.columns([1, 3], gap="large")
with left, told():
    st.subheader("Options")
    options = option_form(catalog.options(name), key=name)

# ------------------------------------------------------------------ compute

with right, told():
    seen = cached.traced(name, cached.frozen(options))

# ------------------------------------------------------------------ show

with right:
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

    deepest = max(layer.depth for layer in seen.layers)
    whole = next((d for d in range(deepest, 1, -1) if len(seen.folded(d).layers) <= 40), 1)
    depth = st.slider(
        "Fold to depth",
        1,
        max(2, deepest),
        whole,
        key=f"depth.{name}",
        help="Whatever lies deeper is folded into its block",
    )
    layer_table(seen.folded(depth), seen)

with left:
    if card := cached.card(name):
        st.subheader("The idea")
        st.markdown(f"**{card.name}**, {card.year}. {card.idea}")
        if card.builds_on:
            st.caption(f"Builds on {', '.join(card.builds_on)}.")
        if card.paper.link:
            st.markdown(f"[{card.paper.title}]({card.paper.link})  \n{card.paper.authors}")
    st.page_link(
        page("compare"),
        label="Compare it",
        icon=":material/table_chart:",
        query_params={"pick": name},
    )

st.subheader("By kind of layer")
kinds = seen.by_kind()
st.dataframe(
    {
        "Kind": [total.kind for total in kinds],
        "Layers": [total.layers for total in kinds],
        "Parameters": [total.parameters for total in kinds],
        "Share of parameters": [total.parameters / max(1, seen.parameters) for total in kinds],
        "MACs": [total.macs for total in kinds],
        "Share of MACs": [total.macs / max(1, seen.macs) for total in kinds],
    },
    column_config={
        "Parameters": st.column_config.NumberColumn(format="localized"),
        "MACs": st.column_config.NumberColumn(format="localized"),
        "Share of parameters": st.column_config.ProgressColumn(format="percent", max_value=1.0),
        "Share of MACs": st.column_config.ProgressColumn(format="percent", max_value=1.0),
    },
    hide_index=True,
    alt="Parameters and multiply-adds by kind of layer",
)
