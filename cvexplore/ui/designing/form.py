"""The form of one layer: its options, and what can be done with it."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.designs import Design, Layer, edits
from cvexplore.designs.edits import Place
from cvexplore.ui import designing
from cvexplore.ui.form import option_form

if TYPE_CHECKING:
    from cvexplore.designs.network import Step

_OWN_ROW = 3  # options that stand beside each other


def typed(design: Design) -> Design:
    """Return the design as the open form says it, before anything is drawn."""
    from cvexplore.designs.blocks import BLOCKS

    place = designing.selected(design)
    if place is None:
        return design
    layer, key = edits.at(design, place), _key(place)
    said = dict(layer.options)
    for option in BLOCKS.options(layer.kind):
        value = st.session_state.get(f"{key}.{option.name}")
        if value is not None:
            said[option.name] = value
            if value == option.default:
                del said[option.name]
    return edits.put(design, place, Layer(layer.kind, tuple(sorted(said.items())), layer.inside))


def show(design: Design, step: "Step") -> None:
    """Draw the form of the selected layer."""
    from cvexplore.designs.blocks import BLOCKS, holds_layers

    place, layer = step.place, step.layer
    row = len(edits.at(design, place[:-1]).inside if place[1:] else design.layers)
    with st.container(border=True):
        st.caption(BLOCKS.summary(layer.kind))
        options = BLOCKS.options(layer.kind)
        if options:
            with st.grid(_OWN_ROW, min_column_width=210):
                option_form(options, key=_key(place), start=dict(layer.options))
        with st.container(horizontal=True, gap="small"):
            _button("Up", "arrow_upward", edits.move, place, -1, then=_moved(place, -1), row=row)
            _button("Down", "arrow_downward", edits.move, place, 1, then=_moved(place, 1), row=row)
            _button("Duplicate", "content_copy", edits.duplicate, place, then=_moved(place, 1))
            _button("Remove", "delete", edits.remove, place, then=None)
            add("Add before", place, step.incoming)
            add("Add behind", _moved(place, 1), step.outgoing)
            if holds_layers(layer.kind):
                add("Add inside", (*place, len(layer.inside) + 1), step.incoming)


def add(label: str, place: Place, incoming: Any) -> None:
    """Draw a menu of all kinds of layers; the chosen one is put at this place."""
    from cvexplore.designs.blocks import BLOCKS, fresh, title

    key = f"add.{label}.{'.'.join(map(str, place))}"

    def put() -> None:
        kind = st.session_state[key]
        designing.edit(edits.insert, place, fresh(kind, incoming), then=place)

    st.menu_button(
        label, list(BLOCKS), key=key, on_click=put, format_func=title, icon=":material/add:"
    )


def _button(
    label: str, icon: str, change: Any, place: Place, *args: Any, then: Place | None, row: int = 0
) -> None:
    """Draw a button that edits the design; one that moves a layer stops at the ends of its row."""
    ends = bool(args) and not 1 <= place[-1] + args[0] <= row
    st.button(
        label,
        key=f"do.{label}",
        icon=f":material/{icon}:",
        on_click=designing.edit,
        args=(change, place, *args),
        kwargs={"then": then},
        disabled=ends,
    )


def _moved(place: Place, by: int) -> Place:
    return (*place[:-1], place[-1] + by)


def _key(place: Place) -> str:
    return f"{designing.form_key()}.{'.'.join(map(str, place))}"
