"""The data flow as a drawing, and whatever was clicked in it beside."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog
from cvexplore.figures.dataflow import drawing
from cvexplore.ui import cached
from cvexplore.ui.anatomy import Built
from cvexplore.ui.components.module_graph import module_graph
from cvexplore.ui.words import compact, shape

if TYPE_CHECKING:
    from cvexplore.trace import LayerRecord, Trace
    from cvexplore.trace.sources import Source


@st.fragment
def show(built: Built) -> None:
    """Draw the module graph, and the facts and the source of the part that was clicked."""
    flow, about = st.columns([3, 2], gap="medium")
    with flow:
        clicked = module_graph(
            drawing(built.trace, _image(built)),
            name=built.name,
            signature=built.key,
            key=f"drawing.{built.name}",
        )
    part = _part(built.trace, clicked)
    with about:
        if part is None:
            st.caption(
                "Click a block to open it, and any part to see what it is and which lines make it. "
                "The bar at the foot of a box is its share of the multiply-adds."
            )
            _legend()
        else:
            _facts(part, built.trace)
            own = _source(part, built)
    if part is not None and own is not None:
        with st.expander(f"The whole class {own.owner}", icon=":material/code:"):
            st.code(own.text, language="python", line_numbers=True)


def _image(built: Built) -> tuple[int, ...]:
    """Return the shape of the (first) image that went in."""
    given = catalog.example(built.name, **dict(built.options))[0]
    return tuple(given.shape) if hasattr(given, "shape") else (1, *given[0].shape)


def _part(trace: "Trace", clicked: str | None) -> "LayerRecord | None":
    """Return the layer, or the block as one, that a click names; None if it is not there."""
    if clicked is None:
        return None
    if clicked.startswith("#"):
        place = int(clicked[1:])
        return trace.layers[place] if 0 <= place < len(trace.layers) else None
    depth = clicked.count(".") + 1
    return next((each for each in trace.folded(depth).layers if each.path == clicked), None)


def _facts(part: "LayerRecord", trace: "Trace") -> None:
    st.markdown(f"**{part.kind}**  \n`{part.path}`")
    share = part.macs / max(1, trace.macs)
    st.table(
        {
            "Input": " and ".join(map(shape, part.input_shapes)) or "–",
            "Output": shape(part.output_shape),
            "Parameters": f"{part.parameters:,}",
            "Multiply-adds": f"{compact(part.macs)} ({share:.1%})",
            "Memory": compact(part.activation_bytes, "B"),
            "Receptive field": f"{part.receptive_field} pixels" if part.receptive_field else "–",
        },
        border="horizontal",
    )


def _source(part: "LayerRecord", built: Built) -> "Source | None":
    """Draw the lines that build and use a part; return the class that holds its forward pass."""
    from cvexplore.trace.sources import own_source, parents_source

    network = cached.skeleton(built.name, built.options)
    parent = parents_source(network, part.path)
    if parent is None:
        return own_source(network, part.path)
    for title, lines in (("Built by", parent.built), ("Used by", parent.used)):
        if lines:
            st.caption(f"{title} {parent.owner.rpartition('.')[2]}")
            st.code(lines, language="python", wrap_lines=True)
    return own_source(network, part.path) or parent


def _legend() -> None:
    st.markdown(
        ":blue-badge[convolution] :violet-badge[dense, attention] :green-badge[normalisation] "
        ":orange-badge[activation] :red-badge[join] :gray-badge[pooling]"
    )
