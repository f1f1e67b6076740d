"""What the parameters are for."""

import streamlit as st

from cvexplore.ui.anatomy import Built


def show(built: Built) -> None:
    """Draw parameters and multiply-adds by kind of layer."""
    seen = built.trace
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
