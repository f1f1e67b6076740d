"""The idea of a family: its card, and our readable builder of it where there is one."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import export
from cvexplore.ui import cached
from cvexplore.ui.anatomy import Built
from cvexplore.ui.places import page

if TYPE_CHECKING:
    from cvexplore.architectures import Card

_SIGNS = (
    "In formulas K is a convolution, D a depth-wise and P a point-wise one, ∗ convolves, "
    "⊙ multiplies element by element, [a, b] concatenates, and δ is an activation."
)


def show(built: Built) -> None:
    """Draw the card of the family this architecture belongs to, and its builder's source."""
    card = cached.card(built.name)
    if card is None:
        st.info("No family in the catalog claims this architecture.", icon=":material/help:")
        return
    _card(card)
    own = next((each for each in card.models if each.startswith("cvexplore/")), None)
    if own is None:
        st.caption("There is no readable builder of this family; click a block in the drawing.")
    elif own == built.name:
        _builder(built)
    else:
        st.page_link(
            page("anatomy"),
            label=f"Read it as code: {own}, built to be understood",
            icon=":material/code:",
            query_params={"arch": own, "view": "Idea"},
        )


def _card(card: "Card") -> None:
    st.markdown(f"### {card.name}, {card.year}")
    st.markdown(card.idea)
    st.latex(card.formula, help=_SIGNS)
    good, bad = st.columns(2, gap="medium")
    good.markdown(f":green[:material/add_circle:] {card.strengths}")
    bad.markdown(f":orange[:material/do_not_disturb_on:] {card.weaknesses}")
    if card.builds_on:
        st.markdown(f"Builds on {', '.join(card.builds_on)}.")
    if card.paper.link:
        st.markdown(f"[{card.paper.title}]({card.paper.link}), {card.paper.authors}")
    st.page_link(
        page("evolution"),
        label="See what it came from, and what came of it",
        icon=":material/timeline:",
        query_params={"family": card.name},
    )


def _builder(built: Built) -> None:
    st.markdown("#### As code, to be read")
    text = export.code(built.name, dict(built.options))
    st.code(text, language="python", line_numbers=True, height=560)
