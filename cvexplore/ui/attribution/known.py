"""What is known of a network before anything is explained: its structure, its layers, its speed.

It is a matter of the network, whoever's image it was asked with, so all sessions share it.
"""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from cvexplore.attribution import Structure
    from cvexplore.attribution.layers import GridLayer
    from cvexplore.attribution.speed import Speed

_SO_MANY = 2  # images a pass when it is timed: the page waits for it


def layers(explaining: Explaining) -> "tuple[GridLayer, ...]":
    """Return the layers that can be asked where they look."""
    return _layers(explaining.subject, explaining)


def own_layer(explaining: Explaining, target: int) -> str:
    """Return the layer that methods ask about if nobody chooses one; "" where there is none."""
    from cvexplore.errors import LayerError

    try:
        return _own_layer(explaining.subject, target, explaining)
    except LayerError:
        return ""  # the method says why


def structure(explaining: Explaining) -> "Structure":
    """Return which functions the network's numbers pass through."""
    return _structure(explaining.subject, explaining)


def speed(explaining: Explaining) -> "Speed":
    """Return how long one image takes here, forward and backward."""
    return _speed(explaining.subject, explaining)


@st.cache_resource(max_entries=32, show_spinner=False)
def _layers(subject: Subject, _explaining: Explaining) -> "tuple[GridLayer, ...]":
    from cvexplore.attribution.layers import grid_layers

    with cached.two_at_once:
        return grid_layers(_explaining.asked(0))


@st.cache_resource(max_entries=64, show_spinner=False)
def _own_layer(subject: Subject, target: int, _explaining: Explaining) -> str:
    from cvexplore.attribution.layers import default_layer

    with cached.two_at_once:
        return default_layer(_explaining.asked(target))


@st.cache_resource(max_entries=32, show_spinner=False)
def _structure(subject: Subject, _explaining: Explaining) -> "Structure":
    from cvexplore.attribution.structure import structure

    with cached.two_at_once:
        return structure(_explaining.asked(0))


@st.cache_resource(max_entries=32, show_spinner="Timing a pass…")
def _speed(subject: Subject, _explaining: Explaining) -> "Speed":
    from cvexplore.attribution.speed import speed

    with cached.two_at_once:
        return speed(_explaining.asked(0).of(batch=_SO_MANY))
