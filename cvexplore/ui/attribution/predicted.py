"""What the network says of the image, small: the maps below are what the page is about."""

import streamlit as st

from cvexplore.ui.attribution import Explaining
from cvexplore.ui.words import plain

_MOST = 3


def show(explaining: Explaining) -> None:
    """Draw the square that the network sees, and its likeliest classes."""
    left, right = st.columns([1, 3], vertical_alignment="center")
    with left:
        name = explaining.picture.name
        st.image(explaining.square, width="stretch", alt=f"{name}, cropped as the network sees it")
    with right:
        for each in explaining.predictions[:_MOST]:
            st.progress(each.probability, f"{plain(each.label)} · {each.probability:.1%}")
        if explaining.subject.weights == "random":
            st.caption(
                ":material/casino: Random weights: classes mean nothing, and maps show how the "
                "network is wired, nothing learned."
            )
