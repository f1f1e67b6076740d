"""Which of a network's attentions to look at; and where to go if it has none."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.catalog import architectures, find
from cvexplore.errors import LayerError
from cvexplore.ui.attention import recorded
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from cvexplore.attention import Located


def ask_for_attention(name: str) -> None:
    """End the page if the network has no attention, and offer the nearest that have it."""
    from cvexplore.choosing.nearest import with_attention

    known = find(name)
    if known.attention_layers != 0:
        return
    st.info(
        f"{name} computes no attention: its layers weigh their inputs by fixed numbers. "
        "These are the nearest that do:",
        icon=":material/visibility_off:",
    )
    with st.container(horizontal=True):
        for each in with_attention(known, architectures()):
            st.button(each, icon=":material/arrow_forward:", on_click=_go_to, args=(each,))
    st.stop()


def _go_to(name: str) -> None:
    st.session_state["arch"] = name


def chosen_key(subject: Subject) -> str:
    """Return the key of the widget that chooses among a network's attentions."""
    return f"attention.{subject.key}"


def pick(subject: Subject, *, needed: bool) -> str:
    """Let a person choose one of a network's attentions, and return its name.

    Args:
        subject: the network.
        needed: whether the open view is of one layer; if not, the choice stands but rests.

    Raises:
        LayerError: no attention is known of the network.
    """
    found = {each.name: each for each in recorded.located(subject).values()}
    if not found:
        raise LayerError(
            f"No attention was found in a pass of {subject.name}. Choose another architecture, "
            "such as cvexplore/vit."
        )
    names = list(found)
    return st.selectbox(
        "Layer",
        names,
        names.index(_start(found)),
        format_func=lambda name: f"{name} · {_words(found[name])}",
        key=chosen_key(subject),
        help="Every attention of a forward pass, in the order in which they run."
        if needed
        else "This view shows all layers; the others show the one chosen here.",
        disabled=not needed,
    )


def _start(found: "dict[str, Located]") -> str:
    """Return the layer to begin with: a detector's last look at the image, or a middle layer."""
    from cvexplore.attention.detection import decoder_layers

    if decoder := decoder_layers(found.values()):
        return decoder[-1].looking
    spatial = [name for name, each in found.items() if each.kind == "spatial"]
    return spatial[len(spatial) // 2] if spatial else next(iter(found))


def _words(located: "Located") -> str:
    from cvexplore.attention import KINDS

    windows, heads = located.members.shape
    said = f"{heads} {'head' if heads == 1 else 'heads'}"
    places = located.places
    if places is None or located.kind != "spatial":
        return f"{said}, {KINDS[located.kind].partition(':')[0].partition(',')[0]}"
    rows, columns = places.key_grid
    within = f" in {windows} windows" if windows > 1 else ""
    return f"{said} over {rows} × {columns} places{within}"
