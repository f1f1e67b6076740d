"""What the network says: in a sentence, as bars, and a word of caution where it means nothing."""

from collections.abc import Sequence

import streamlit as st

from cvexplore.errors import LayerError
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.words import plain

_MOST = 4  # classes drawn as bars


def of_several_classes(explaining: Explaining) -> Explaining:
    """Return what was given, if the network has an answer that can change.

    Raises:
        LayerError: it does not answer with classes, knows only one, or has the same scores for
            every image.
    """
    if not isinstance(explaining.predictions, tuple):
        raise LayerError("This network does not return one score a class; choose a classifier.")
    if len(explaining.predictions) < 2:
        raise LayerError(
            "This network knows a single class, so nothing can change its answer; choose one with "
            "several."
        )
    if known.structure(explaining).silent_head:
        raise LayerError(
            "The weights of this network's last layer are all zero, as they are before training: "
            "every class has the same score whatever the image, so nothing can change its answer. "
            "Choose trained weights, or another network."
        )
    return explaining


def warn(explaining: Explaining) -> None:
    """Say so where the answer is that of a network that has learned nothing."""
    if explaining.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: its answers mean nothing, so how easily they change "
            "says nothing about what this architecture can learn."
        )


def bars(explaining: Explaining, probabilities: Sequence[float], first: Sequence[int] = ()) -> None:
    """Draw the likeliest classes as bars.

    Args:
        explaining: whose classes they are.
        probabilities: one for each.
        first: classes that stand above the others, however unlikely.
    """
    likeliest = sorted(range(len(probabilities)), key=lambda each: -probabilities[each])
    for index in list(dict.fromkeys([*first, *likeliest[:_MOST]]))[:_MOST]:
        share = probabilities[index]
        st.progress(min(share, 1.0), f"{plain(explaining.label(index))} · {share:.1%}")
