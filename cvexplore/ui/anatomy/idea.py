"""The idea of a family: its card."""

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.anatomy import Built


def show(built: Built) -> None:
    """Draw the card of the family this architecture belongs to."""
    card = cached.card(built.name)
    if card is None:
        st.info("No family in the catalog claims this architecture.")
        return
    st.markdown(f"### {card.name}, {card.year}")
    st.markdown(card.idea)
    if card.formula:
        st.latex(card.formula)
    if card.builds_on:
        st.caption(f"Builds on {', '.join(card.builds_on)}.")
    if card.paper.link:
        st.markdown(f"[{card.paper.title}]({card.paper.link})  \n{card.paper.authors}")
