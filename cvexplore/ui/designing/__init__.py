"""The design page's one value, a frozen design, and what changes it.

The design stands in the link, so that the address bar shares it and a reload loses nothing; it
stands in the session as well, with those before it, so that every edit can be undone.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from cvexplore.designs import SETTINGS, Design, links
from cvexplore.designs.edits import Place, at
from cvexplore.errors import DesignError

LINK = "design"
_NOW, _BEFORE, _AT, _SHOWN, _ROUND = (
    f"designing.{each}" for each in ("now", "before", "at", "shown", "round")
)
_MOST_BEFORE = 100


def current() -> Design:
    """Return the design on the page; a link opens another.

    Raises:
        DesignError: the link holds no design; the page starts with the one that it had.
    """
    word = st.query_params.get(LINK, "")
    if word and word not in st.session_state.get(_SHOWN, ()):
        _remember(word)
        opened(links.from_word(word))
    if _NOW not in st.session_state:
        from cvexplore.designs.starts import start

        st.session_state[_NOW] = start("simple_cnn")
    return st.session_state[_NOW]


def show_link(design: Design) -> None:
    """Put the design into the address bar; one too large for that leaves it empty."""
    try:
        word = links.to_word(design)
    except DesignError:
        st.query_params.pop(LINK, None)
        return
    _remember(word)
    if st.query_params.get(LINK) != word:
        st.query_params[LINK] = word


def _remember(word: str) -> None:
    """Note that a link is ours: a click may come back with the one before, and opens nothing."""
    shown = [each for each in st.session_state.get(_SHOWN, ()) if each != word]
    st.session_state[_SHOWN] = [*shown, word][-_MOST_BEFORE:]


def changed(design: Design) -> None:
    """Let another design take the place of the one on the page, which can be had back."""
    now = st.session_state.get(_NOW)
    if now is not None and now != design:
        st.session_state[_BEFORE] = [*st.session_state.get(_BEFORE, []), now][-_MOST_BEFORE:]
    st.session_state[_NOW] = design


def opened(design: Design) -> None:
    """Begin with another design, nothing selected.

    Raises:
        DesignError: it has layers or options that do not exist.
    """
    from cvexplore.designs.blocks import checked

    changed(checked(design))
    select(None)


def undo() -> None:
    """Go back to the design before."""
    if st.session_state.get(_BEFORE):
        *before, last = st.session_state[_BEFORE]
        st.session_state[_BEFORE], st.session_state[_NOW] = before, last
        select(None)


def can_undo() -> bool:
    """Say whether there is a design to go back to."""
    return bool(st.session_state.get(_BEFORE))


def selected(design: Design) -> Place | None:
    """Return the place of the layer that is being edited, if any is."""
    place = st.session_state.get(_AT)
    try:
        return place if place and at(design, place) else None
    except DesignError:
        return None


def select(place: Place | None) -> None:
    """Open the form of the layer at a place, or none; forms start anew from the design."""
    st.session_state[_AT] = place
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def edit(change: Callable[..., Design], *args: Any, then: Place | None) -> None:
    """Edit the design and select a place; what cannot be is told on the next view."""
    try:
        changed(change(st.session_state[_NOW], *args))
        select(then)
    except DesignError as error:
        st.toast(str(error), icon=":material/block:")


def form_key() -> str:
    """Return a key for the widgets of the form that is open."""
    return f"designing.{st.session_state.get(_ROUND, 0)}"


def settings(design: Design) -> Design:
    """Return the design as its title and settings are typed."""
    key = form_key()
    typed = {
        name: st.session_state[f"{key}.{name}"]
        for name in ("title", *(each.name for each in SETTINGS))
        if f"{key}.{name}" in st.session_state
    }
    typed = {name: value for name, value in typed.items() if value not in (None, "")}
    return replace(design, **typed)
