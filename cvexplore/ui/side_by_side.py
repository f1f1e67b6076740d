"""The picked architectures beside each other: facts, what differs, and their stages."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.catalog import Architecture
from cvexplore.choosing import difference
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from cvexplore.trace import Trace


def facts(
    chosen: Sequence[Architecture],
    traces: Mapping[str, "Trace"],
    measured: Mapping[str, list[str]],
) -> None:
    """Draw the architectures' figures, each built and traced just now, a column each.

    Args:
        chosen: the picked ones.
        traces: theirs, by name.
        measured: further rows: label -> a cell each.
    """
    rows: dict[str, list[str]] = {
        "Family": [f"{each.family} ({each.year})" for each in chosen],
        "Kind": [each.kind for each in chosen],
        "Task": [each.task for each in chosen],
        "Input": [f"{each.image_size} pixels" for each in chosen],
        "Parameters": [f"{traces[each.name].parameters:,}" for each in chosen],
        "Multiply-adds": [compact(traces[each.name].macs) for each in chosen],
        "Activation memory": [compact(traces[each.name].activation_bytes, "B") for each in chosen],
        "Layers": [f"{len(traces[each.name].layers):,}" for each in chosen],
        "Depth": [f"{each.depth} weighted layers" for each in chosen],
        "Attention layers": [f"{each.attention_layers}" for each in chosen],
        "Receptive field": [_field(each) for each in chosen],
        "Joins": [f"{len(traces[each.name].joins()):,}" for each in chosen],
        "Published top-1": [_percent(each.top1) for each in chosen],
        "Published top-5": [_percent(each.top5) for each in chosen],
        "Trained weights": [each.weights or "none" for each in chosen],
        **measured,
    }
    columns = {each.name: [cells[i] for cells in rows.values()] for i, each in enumerate(chosen)}
    st.dataframe(
        {"": list(rows), **columns},
        hide_index=True,
        height="content",
        alt="The picked architectures side by side",
    )


def differences(chosen: Sequence[Architecture]) -> None:
    """Say how each of the others differs from the first."""
    for each in chosen[1:]:
        st.markdown(f":material/difference: {difference(each, chosen[0])}")


def stages(traces: Mapping[str, "Trace"]) -> None:
    """Draw each network's stages: what becomes of the image on the way."""
    from cvexplore.trace import structure

    for column, (name, seen) in zip(st.columns(len(traces)), traces.items(), strict=True):
        rows = structure.stages(seen)
        with column:
            st.caption(name)
            st.dataframe(
                {
                    "Map": [" × ".join(map(str, row.resolution)) or "vector" for row in rows],
                    "Channels": [row.channels for row in rows],
                    "Layers": [row.layers for row in rows],
                    "Parameters": [row.parameters for row in rows],
                    "MACs": [row.macs / max(1, seen.macs) for row in rows],
                },
                column_config={
                    "Map": st.column_config.TextColumn(
                        help="Height × width, or how many tokens", pinned=True
                    ),
                    "Parameters": st.column_config.NumberColumn(format="compact"),
                    "MACs": st.column_config.ProgressColumn(
                        format="percent", max_value=1.0, help="Share of the multiply-adds"
                    ),
                },
                hide_index=True,
                alt=f"Stages of {name}",
            )


def _field(each: Architecture) -> str:
    return f"{each.receptive_field} pixels" if each.receptive_field else "not defined"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"
