"""What the network says of the image, small: the maps below are what the page is about."""

import streamlit as st

from cvexplore.figures.pictures import enlarged
from cvexplore.ui.attribution import Explaining, validity
from cvexplore.ui.words import plain

_MOST = 3
_SIDE = 150  # pixels: on a phone too, the classes stand beside the image


def show(explaining: Explaining) -> None:
    """Draw the square that the network sees, and its likeliest classes."""
    with st.container(horizontal=True, vertical_alignment="center"):
        name = explaining.picture.name
        alt = f"{name}, cropped as the network sees it"
        st.image(enlarged(explaining.square), width=_SIDE, alt=alt)
        with st.container(width="stretch"):
            for each in explaining.predictions[:_MOST]:
                st.progress(each.probability, f"{plain(each.label)} · {each.probability:.1%}")
    if explaining.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: classes mean nothing, and maps show how the "
            "network is wired, nothing learned."
        )
    validity.say_about(explaining)
