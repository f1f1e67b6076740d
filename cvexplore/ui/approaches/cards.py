"""One way to learn, as a card: the idea, the loss, what it needs, when it helps and when not."""

import re

import streamlit as st

from cvexplore.training.cards import FAMILIES, SECONDS, Card
from cvexplore.ui.addressed import addressed
from cvexplore.ui.places import page
from cvexplore.ui.words import plain

_ASKS = {
    "none": "No labels: pictures alone",
    "class": "A class for every picture it learns from",
    "box": "A class and a box for every object",
    "mask": "A class for every pixel",
}


def cards() -> dict[str, Card]:
    """Return all cards by the approach's name, family after family."""
    from cvexplore.training.approaches import APPROACHES

    found = {name: APPROACHES[name].card for name in APPROACHES}
    order = sorted(found, key=lambda n: (FAMILIES.index(found[n].family), found[n].year, n))
    return {name: found[name] for name in order}


def pick(known: dict[str, Card]) -> str:
    """Draw the choice of a way to learn and return its name."""
    return addressed(
        "Way to learn",
        list(known),
        lambda name: f"{known[name].title}  ·  {known[name].family}",
        key="approach",
    )


def show(name: str, card: Card) -> None:
    """Draw a card, with the way to a run by it."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(plain(card.idea))
        st.latex(_in_lines(card.formula))
        st.caption(plain(f"{card.source}."))
        st.page_link(
            page("train"),
            label=f"Train by {plain(card.title)}",
            icon=":material/model_training:",
            query_params={"approach": name},
        )
    with right:
        seconds = SECONDS[card.annotation]
        cost = f", about {seconds:g} s a picture" if seconds else ""
        st.markdown(
            f":material/photo_library: **Data.** {_sentence(card.data)}\n\n"
            f":material/label: **Labels.** {_ASKS[card.annotation]}{cost}.\n\n"
            f":material/thumb_up: **Helps** {plain(card.helps)}.\n\n"
            f":material/thumb_down: **Does not** {plain(card.fails)}.\n\n"
            f":material/work: **Used for** {plain(card.applications)}."
        )


def _in_lines(formula: str) -> str:
    """Return a formula with a new line where it has a wide space: it has to fit into a column."""
    lines = re.split(r",?\s*\\q?quad\s*", formula)
    if len(lines) == 1:
        return formula
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def _sentence(text: str) -> str:
    return f"{plain(text[:1].upper() + text[1:])}."
