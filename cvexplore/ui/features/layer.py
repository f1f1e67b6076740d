"""One layer: all its channels on a sheet to click, and the clicked one large."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.sheet import COLOURS, Colours, Scale, Sheet, sheet
from cvexplore.ui import cached
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.features import Looking, channel, tokens

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.interpret.channels import ChannelFacts, Order

_MOST = 512  # tiles a sheet; more are too small to tell apart
_ORDERS: "dict[str, Order]" = {
    "Number": "index",
    "Activity": "activity",
    "Variance": "variance",
    "Likeness": "similarity",
}
_WORDS = {"index": "first", "activity": "most active", "variance": "most varied"}


@st.fragment
def show(looking: Looking) -> None:
    """Draw the layer's channels."""
    from cvexplore.interpret.channels import facts

    subject, picture = looking.subject, looking.picture
    found = cached.look(subject, picture.image, picture.fingerprint, looking.layer)
    call, order, scale, colours = _asked(looking, found.calls)
    if call:
        found = cached.look(subject, picture.image, picture.fingerprint, looking.layer, call)
    known = facts(found.maps)
    wide, narrow = st.columns([3, 2])
    with wide:
        picked = _sheet(looking, call, found.maps, known, order, scale, colours)
        _words(found, known)
        if found.extra.size:
            tokens.show(found.extra, found.maps)
    with narrow:
        channel.show(looking, found.maps, known, picked, colours)


def _asked(looking: Looking, calls: int) -> "tuple[int, Order, Scale, Colours]":
    """Ask how the sheet shall look: which call, in which order, on which scale."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        call = 0
        if calls > 1:
            call = st.selectbox(
                "Call",
                range(calls),
                format_func=lambda each: f"{each + 1} of {calls}",
                key=f"call.{looking.key}.{looking.layer}",
                width=110,
                help="The network calls this module several times",
            )
        by = st.selectbox(
            "Order by",
            _ORDERS,
            key="order",
            width=130,
            help="Activity: mean of absolute values. Variance: over the map. "
            "Likeness: correlated maps stand side by side.",
        )
        colours = st.selectbox("Colours", COLOURS, key="colours", width=130)
        together = st.toggle(
            "One scale for all channels",
            key="scale",
            help="So that they compare; otherwise each is stretched by itself, and faint ones show",
        )
    return call, _ORDERS[by], "layer" if together else "channel", colours


def _sheet(
    looking: Looking,
    call: int,
    maps: "np.ndarray",
    known: "ChannelFacts",
    order: "Order",
    scale: Scale,
    colours: Colours,
) -> int:
    """Draw all channels and return the number of the picked one."""
    name, layer = looking.subject.name, looking.layer
    which = (looking.subject, looking.picture.fingerprint, layer, call)
    shown, tiles = _drawn(which, maps, order, scale, colours)
    tile = atlas(
        tiles.png,
        tiles=tiles.tiles,
        columns=tiles.columns,
        captions=[
            f"channel {each} · mean {known.mean[each]:.3g} · highest {known.high[each]:.3g}"
            for each in shown.tolist()
        ],
        key=f"atlas.{name}.{layer}" + (f".{order}" if order != "index" else ""),
        alt=f"All channels of {layer}",
    )
    picked = int(shown[tile])
    st.session_state[f"channel.{name}.{layer}"] = picked  # other views begin with it
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Save the sheet",
            tiles.png,
            f"{name}-{layer}.png".replace("/", "-"),
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        if len(maps) > _MOST:
            which = _WORDS.get(order, "first in this order")
            st.caption(f"The {which} {_MOST} of {len(maps):,} channels.")
    return picked


@st.cache_data(max_entries=8, scope="session", show_spinner=False)
def _drawn(
    which: tuple, _maps: "np.ndarray", order: "Order", scale: Scale, colours: Colours
) -> "tuple[np.ndarray, Sheet]":
    """Return the channels on the sheet, and the sheet; ``which`` stands for the maps."""
    from cvexplore.interpret.channels import ordered

    shown = ordered(_maps, order)[:_MOST]
    return shown, sheet(_maps[shown], scale=scale, colours=colours)


def _words(found: cached.Seen, known: "ChannelFacts") -> None:
    silent = int(known.silent.sum())
    said = [found.note] if found.note else []
    if silent:
        said.append(
            f"{silent} of {len(known.silent)} channels are zero everywhere on this image: "
            "nothing here excites them, or they are dead."
        )
    if said:
        st.caption(" ".join(said))
