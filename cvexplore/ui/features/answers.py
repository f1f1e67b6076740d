"""What the network says, beside or over the picture: classes, boxes, or the class of each pixel."""

import html
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.overlay import boxes_over, class_colour, mask_over
from cvexplore.ui import cached
from cvexplore.ui.features import Looking
from cvexplore.ui.words import plain, shape

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.interpret.dense import Answer, Boxes, Segmentation
    from cvexplore.interpret.predictions import Prediction

_MOST_CLASSES = 8  # in the list beside a segmentation
_FEW = 5  # boxes drawn to begin with, where none is sure
_SURE = 0.5


def show(looking: Looking, answer: "Answer") -> None:
    """Draw the square that the network saw, and what it says of it."""
    from cvexplore.interpret.dense import Boxes, Segmentation

    square = looking.square
    if isinstance(answer, Boxes):
        _boxes(looking, square, answer)
    elif isinstance(answer, Segmentation):
        _segmentation(looking, square, answer)
    else:
        _classes(looking, square, answer)


def _picture(looking: Looking, square: "Image", drawn: "Image | bytes", over: str = "") -> None:
    picture = looking.picture
    alt = f"{picture.name}, cropped as the network sees it{over}"
    st.image(drawn, width="stretch", alt=alt)
    seen, whole = (shape((1, *each.size)) for each in (square, picture.image))
    st.caption(f"As it sees it: {seen} of {whole}")


def _random(looking: Looking, what: str) -> None:
    if looking.subject.weights == "random":
        st.caption(f":material/casino: Random weights: maps show structure, {what} mean nothing.")


# ------------------------------------------------------------------ classes


def _classes(looking: Looking, square: "Image", found: "tuple[Prediction, ...]") -> None:
    left, right = st.columns([1, 2])
    with left:
        _picture(looking, square, square)
    with right:
        _random(looking, "classes")
        for each in found:
            st.progress(each.probability, f"{plain(each.label)} · {each.probability:.1%}")


# ------------------------------------------------------------------ boxes


@st.fragment
def _boxes(looking: Looking, square: "Image", boxes: "Boxes") -> None:
    left, right = st.columns([1, 1])
    with right:
        _random(looking, "boxes")
        least = _least_score(looking, boxes) if boxes.found else 1.0
        drawn = boxes.above(least)
        if drawn:
            st.caption(f"{len(drawn)} of {len(boxes.found)} boxes reach it.")
            st.dataframe(
                {
                    "Class": [each.label for each in drawn],
                    "Score": [100 * each.score for each in drawn],
                    **{
                        edge: [round(each.corners[place]) for each in drawn]
                        for place, edge in enumerate(("Left", "Top", "Right", "Bottom"))
                    },
                },
                column_config={"Score": st.column_config.NumberColumn(format="%.1f %%")},
                hide_index=True,
                height=min(230, 38 + 35 * len(drawn)),
                key=f"boxes.{looking.key}",
            )
        else:
            _say_why_none(looking, boxes)
    with left:
        names = ", ".join(dict.fromkeys(each.label for each in drawn[:_FEW]))
        _picture(looking, square, boxes_over(square, drawn), f", with boxes: {names or 'none'}")


def _least_score(looking: Looking, boxes: "Boxes") -> float:
    top = boxes.found[0].score
    highest = 1.0 if top > 0.2 else 1.2 * top  # of random weights no box is sure: a finer scale
    few = boxes.found[:_FEW][-1].score
    return st.slider(
        "Least score of a box",
        0.0,
        highest,
        _SURE if top >= _SURE else few,
        step=highest / 200,
        format="percent",
        key=f"score.{looking.key}.{looking.picture.fingerprint}",
        help="How sure the network must be of a box, for it to be drawn",
    )


def _say_why_none(looking: Looking, boxes: "Boxes") -> None:
    from cvexplore.interpret.dense import least_score

    if boxes.found:
        text = f"No box is as sure as that; the surest has {boxes.found[0].score:.1%}."
    else:
        own = least_score(cached.network(looking.subject))
        text = f"No box: the network itself drops those below {own:.1%}, and none reaches it."
    st.info(text, icon=":material/crop_free:")


# ------------------------------------------------------------------ classes of pixels


def _segmentation(looking: Looking, square: "Image", found: "Segmentation") -> None:
    left, right = st.columns([1, 1])
    present = found.present()
    with left:
        names = ", ".join(found.names[index] for index in present[:_FEW])
        _picture(looking, square, mask_over(square, found), f", coloured by class: {names}")
    with right:
        _random(looking, "classes")
        st.html(_STYLE + "".join(_row(found, index) for index in present[:_MOST_CLASSES]))
        others = len(present) - _MOST_CLASSES
        if others > 0:
            st.caption(f"And {others} {'class' if others == 1 else 'classes'} covering less.")


_STYLE = """<style>
.pixel-class { display: flex; align-items: center; gap: 0.6rem; padding: 0.15rem 0; }
.pixel-class i { width: 1rem; height: 1rem; border-radius: 3px; border: 1px solid #8888; }
.pixel-class b { margin-left: auto; font-variant-numeric: tabular-nums; }
</style>"""


def _row(found: "Segmentation", index: int) -> str:
    """Return one line of the legend: the class's colour, its name, its share of the picture."""
    clear = index == found.background
    red, green, blue = class_colour(index)
    colour = "transparent" if clear else f"rgb({red} {green} {blue})"
    name = html.escape(found.names[index]) + (" (left clear)" if clear else "")
    return (
        f'<div class="pixel-class"><i style="background: {colour}"></i>{name}'
        f"<b>{found.shares[index]:.1%}</b></div>"
    )
