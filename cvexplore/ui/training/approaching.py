"""Which way to learn: each comes with a recipe that works, and the form is filled with it."""

import streamlit as st

from cvexplore.errors import CvexploreError
from cvexplore.ui.training.beginning import Beginning, begin


def choose(start: Beginning) -> str:
    """Draw the choice of a way to learn, and return its name."""
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.cards import FAMILIES

    cards = {name: APPROACHES[name].card for name in APPROACHES}
    names = sorted(cards, key=lambda name: (FAMILIES.index(cards[name].family), cards[name].year))
    key = start.key("approach")
    chosen = st.selectbox(
        "Learn by",
        names,
        names.index(start.config.approach.name),
        format_func=lambda name: _said(cards[name].family, cards[name].title),
        key=key,
        on_change=_fill,
        args=(key,),
        help="Choosing one fills the form with a recipe that works with it.",
    )
    st.caption(cards[chosen].idea)
    return chosen


def _said(family: str, title: str) -> str:
    return title if title == family else f"{family}: {title}"


def _fill(key: str) -> None:
    from cvexplore.training.approaches import standard

    try:
        begin(standard(st.session_state[key]))
    except CvexploreError:  # a name that a tampered page sent
        return
