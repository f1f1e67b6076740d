"""The layers as a table, folded to any depth, of the network or of one of its blocks."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.trace.summary import (
    FORMATS,
    Summary,
    blocks,
    learning,
    name_of,
    partial_summary,
    summary,
)
from cvexplore.ui.anatomy import Built
from cvexplore.ui.words import compact, shape

if TYPE_CHECKING:
    from cvexplore.catalog.torchinfo_view import TorchinfoView
    from cvexplore.errors import TraceError
    from cvexplore.trace import LayerRecord, Trace

_ROWS = 40  # that a page shows without being scrolled for long
_LABELS = {"csv": "CSV", "json": "JSON", "markdown": "Markdown", "text": "Text"}


def show(built: Built) -> None:
    """Draw the summary table under a choice of block and depth, and offer it as a file."""
    seen = built.trace
    inside, depth = _pick(built)
    table = summary(seen, depth, inside)
    layer_table(table)
    st.caption(_sums(table, inside))
    _take_along(built, table, inside)


def show_partial(error: "TraceError") -> None:
    """Say what is wrong, and draw what ran of the network before the layer that failed."""
    st.error(str(error), icon=":material/error:")
    if error.partial is None or not any(row.output_shape for row in error.partial.layers):
        return
    table = partial_summary(error.partial, error.layer, _fitting(error.partial, ""))
    layer_table(table)
    st.caption(f"What ran, up to the layer that failed: {len(table.layers)} rows.")


# ------------------------------------------------------------------ choosing rows


def _pick(built: Built) -> tuple[str, int]:
    """Ask which block to show, and how deep to look into it."""
    seen = built.trace
    whole, into = st.columns([2, 3], vertical_alignment="bottom")
    inside = whole.selectbox(
        "Inside",
        ["", *blocks(seen)],
        key=f"inside.{built.name}",
        format_func=lambda path: path or "the whole network",
        help="Show one block only; its shares stay those of the whole network",
    )
    deepest = max(row.depth for row in summary(seen, inside=inside).layers) - _levels(inside)
    depth = into.slider(
        "Fold to depth",
        1,
        max(2, deepest),
        _fitting(seen, inside),
        key=f"depth.{built.name}.{inside}",
        help="Whatever lies deeper is folded into its block",
    )
    return inside, depth


def _fitting(seen: "Trace", inside: str) -> int:
    """Return the greatest depth at which the table still fits a page."""
    deepest = max(row.depth for row in seen.layers) - _levels(inside)
    depth = 1
    while depth < deepest and len(summary(seen, depth + 1, inside).layers) <= _ROWS:
        depth += 1
    return depth


def _levels(inside: str) -> int:
    return inside.count(".") + 1 if inside else 0


# ------------------------------------------------------------------ drawing them


def layer_table(table: Summary) -> None:
    """Draw the layers of a summary, their shares measured against the whole network."""
    layers = table.layers
    share = st.column_config.ProgressColumn(
        format="percent", max_value=1.0, width=100, help="Of the whole network's"
    )
    st.dataframe(
        {
            "Layer": [name_of(row) for row in layers],
            "Kind": [row.kind for row in layers],
            "Input": [" + ".join(shape(each) for each in row.input_shapes) for row in layers],
            "Output": [_output(table, row) for row in layers],
            "Parameters": [row.parameters for row in layers],
            "Share": [table.parameter_share(row) for row in layers],
            "MACs (M)": [row.macs / 1e6 for row in layers],
            "Share of MACs": [table.mac_share(row) for row in layers],
            "Memory (kB)": [row.activation_bytes / 1e3 for row in layers],
            "Field": [row.receptive_field for row in layers],
            "Trainable": [learning(row) for row in layers],
        },
        column_config={
            "Layer": st.column_config.TextColumn(pinned=True),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Share": share,
            "MACs (M)": st.column_config.NumberColumn(
                format="%.1f", help="Millions of multiply-adds for one input"
            ),
            "Share of MACs": share,
            "Memory (kB)": st.column_config.NumberColumn(
                format="%.0f", help="What the layer writes, in 32-bit floats"
            ),
            "Field": st.column_config.NumberColumn(
                format="%d",
                help="Receptive field: pixels a side of the image that one place of its output "
                "sees, in theory; empty where that is the whole image, or cannot be told",
            ),
            "Trainable": st.column_config.TextColumn(
                help="Which of its parameters an optimiser would change"
            ),
        },
        height=min(640, 38 + 35 * len(layers)),
        hide_index=True,
        placeholder="",
        alt="Layers with their shapes, parameters and multiply-adds",
    )


def _output(table: Summary, row: "LayerRecord") -> str:
    return "failed here" if row.index == table.failed else shape(row.output_shape)


def _sums(table: Summary, inside: str) -> str:
    held, whole = table.total, table.whole
    if not inside:
        return (
            f"{len(table.layers)} rows stand for {len(whole.layers)} layers; the columns add up to "
            f"{held.parameters:,} parameters and {held.macs:,} multiply-adds."
        )
    return (
        f"The columns add up to {held.parameters:,} of the network's {whole.parameters:,} "
        f"parameters and {held.macs:,} of its {whole.macs:,} multiply-adds."
    )


# ------------------------------------------------------------------ as a file, and elsewhere


def _take_along(built: Built, table: Summary, inside: str) -> None:
    file = "-".join(filter(None, [built.name.replace("/", "-"), inside]))
    with st.container(horizontal=True):
        for name, label in _LABELS.items():
            ending, write = FORMATS[name]
            st.download_button(
                label,
                lambda write=write: write(table),
                f"{file}.{ending}",
                icon=":material/download:",
                key=f"save.{name}.{built.name}",
                help="Just these rows",
                on_click="ignore",
            )
        if st.button(
            "As torchinfo prints it", icon=":material/terminal:", key=f"torchinfo.{built.name}"
        ):
            _as_torchinfo(built)


@st.dialog("As torchinfo prints it", width="large")
def _as_torchinfo(built: Built) -> None:
    from cvexplore.errors import CvexploreError

    try:
        view = _torchinfo(built)
    except CvexploreError as error:
        st.info(str(error), icon=":material/terminal:")
        return
    st.caption(
        f"torchinfo counts {compact(view.macs)} multiply-adds, we count "
        f"{compact(built.trace.macs)}. It sees modules only: the products of attention, and what a "
        "network does between its modules, are missing; normalisation adds a little."
    )
    st.code(view.text, language=None, height=560)


def _torchinfo(built: Built) -> "TorchinfoView":
    from cvexplore.catalog.torchinfo_view import torchinfo_view

    with st.spinner("Asking torchinfo…"):
        return torchinfo_view(built.name, dict(built.options))
