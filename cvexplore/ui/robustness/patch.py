"""Smallest patch: the smallest square that, laid on the image, changes the answer."""

import time
from typing import TYPE_CHECKING, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.figures.pictures import enlarged
from cvexplore.figures.robustness import SIDE, as_picture, framed, occlusions
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject
from cvexplore.ui.robustness.waiting import stoppable
from cvexplore.ui.words import about, plain

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.robustness import Squares
    from cvexplore.robustness.patches import Cover

_PATIENCE = 45.0  # seconds the whole search may take, for its first size to be offered
_DRAWN_EVERY = 2.0  # seconds


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(explaining: Explaining) -> None:
    """Draw the search for the smallest square, and what each place of it does."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cover = _pick_cover()
        begin = _pick_begin(explaining)
        shelf = _shelf(explaining.subject, explaining.picture.fingerprint, cover, begin)
        left = _left(explaining, begin, shelf)
        seconds = sum(left.values()) * known.speed(explaining).forward
        go = st.button(
            f"Search (at most {about(seconds)})" if left else "The search is done",
            icon=":material/search:",
            disabled=not left,
            key="patch.go",
        )
    bar, room = st.container(), st.empty()
    if go:
        with bar:
            _search(explaining, cover, left, shelf, room)
        st.rerun()
    if shelf:
        side = _pick_side(explaining, list(shelf)) if len(shelf) > 1 else max(shelf)
        _draw(explaining, shelf[side], cover, room, key="patch.chart")
        _say(explaining, begin, shelf, bool(left))
    else:
        _draw_nothing(explaining, room)


# ------------------------------------------------------------------ pick


def _pick_cover() -> "Cover":
    from cvexplore.robustness.patches import Cover

    return st.segmented_control(
        "Colour of the square",
        get_args(Cover),
        default="grey",
        required=True,
        key="patch.cover",
        help="Mean is the image's mean colour. A square of any colour is something new on the "
        "image, not only something missing.",
    )


def _pick_begin(explaining: Explaining) -> int:
    """Let a person choose the smallest square tried; to begin with, one that is soon searched."""
    tried = _sides(explaining)
    each = known.speed(explaining).forward
    soon = (
        side
        for side in tried
        if each * sum(_places(explaining, later) for later in tried if later >= side) < _PATIENCE
    )
    return st.select_slider(
        "Smallest square tried",
        tried,
        next(soon, tried[-1]),
        format_func=lambda side: f"{side} pixels",
        key=f"patch.begin.{explaining.key}",
        width=230,
        help="Small squares have many places, so they take long. From here on each size is about a "
        "fifth larger than the one before, up to half of the image.",
    )


def _pick_side(explaining: Explaining, sides: list[int]) -> int:
    first = explaining.picture.fingerprint
    return st.select_slider(
        "Size looked at",
        sides,
        sides[-1],
        format_func=lambda side: f"{side} pixels",
        key=f"patch.side.{explaining.key}.{first}.{len(sides)}",
        width=320,
    )


def _sides(explaining: Explaining) -> tuple[int, ...]:
    from cvexplore.robustness import sides

    return sides(explaining.prepared.shape[-1])


def _places(explaining: Explaining, side: int) -> int:
    from cvexplore.robustness.patches import places

    height, width = explaining.prepared.shape[-2:]
    return places((height, width), side)


def _left(explaining: Explaining, begin: int, shelf: "dict[int, Squares]") -> dict[int, int]:
    """Return the sizes still to try, and how many places each has; none once one has succeeded."""
    if any(each.done and each.flip for each in shelf.values()):
        return {}
    return {
        side: _places(explaining, side)
        for side in _sides(explaining)
        if side >= begin and not (side in shelf and shelf[side].done)
    }


# ------------------------------------------------------------------ search


def _search(
    explaining: Explaining,
    cover: "Cover",
    left: dict[int, int],
    shelf: "dict[int, Squares]",
    room: DeltaGenerator,
) -> None:
    """Try what is left; a click on Stop ends the script here, and what is found stays."""
    from cvexplore.robustness import smallest_patch

    whole, drawn, frames = sum(left.values()), 0.0, 0
    with stoppable("patch") as move, in_turns(lambda _: None) as passes:
        asked = explaining.asked(explaining.predictions[0].index).of(passes=passes)
        for squares in smallest_patch(asked, tried=list(left), cover=cover):
            shelf[squares.side] = squares
            done = sum(count for side, count in left.items() if side < squares.side)
            said = f"{squares.side} pixels: {squares.asked} of {squares.count} places"
            move((done + squares.asked) / whole, said)
            if time.monotonic() - drawn > _DRAWN_EVERY:
                drawn, frames = time.monotonic(), frames + 1
                _draw(explaining, squares, cover, room, key=f"patch.chart.{frames}")


@st.cache_resource(max_entries=8, scope="session", show_spinner=False)
def _shelf(subject: Subject, fingerprint: str, cover: "Cover", begin: int) -> "dict[int, Squares]":
    """Return where this session's searches on one image are kept, by the square's side."""
    return {}


# ------------------------------------------------------------------ draw


def _draw(
    explaining: Explaining, squares: "Squares", cover: "Cover", room: DeltaGenerator, *, key: str
) -> None:
    """Draw the image with the square that matters most, and what a square does at each place."""
    patch = squares.flip or squares.lowest
    label = plain(explaining.label(patch.label))
    own = plain(explaining.predictions[0].label)
    pixels = _covered(explaining, squares, cover)
    with room.container():
        left, right = st.columns(2)
        with left:
            what = "changes the answer" if squares.flip else "does most"
            st.markdown(f"**The square that {what}**")
            corner = (patch.top, patch.left)
            st.image(
                framed(as_picture(pixels), corner, squares.side),
                f"Taken for **{label}** ({patch.probability:.1%})"
                + (f"; {own} is left {patch.kept:.1%}" if squares.flip else ""),
                width="stretch",
                alt=f"{explaining.picture.name} with a square of {squares.side} pixels on it",
            )
        with right:
            st.markdown(f"**Probability of {own}, with the square there**")
            st.plotly_chart(
                occlusions(squares, side=explaining.prepared.shape[-1]),
                config={"displaylogo": False},
                key=key,
                alt=f"Probability of {own} with a square of {squares.side} pixels at each place",
            )


def _covered(explaining: Explaining, squares: "Squares", cover: "Cover") -> "np.ndarray":
    """Return the image with the square on it, as the network saw it. Shape: (C, H, W), 0..1"""
    from cvexplore.robustness.attacks import original_pixels
    from cvexplore.robustness.patches import covered

    patch = squares.flip or squares.lowest
    pixels = original_pixels(explaining.asked(squares.target))
    return covered(pixels, [(patch.top, patch.left)], patch.side, cover)[0].numpy()


def _draw_nothing(explaining: Explaining, room: DeltaGenerator) -> None:
    with room.container():
        left, right = st.columns(2)
        first = explaining.predictions[0]
        left.image(
            enlarged(explaining.square, SIDE),
            f"Taken for **{plain(first.label)}** ({first.probability:.1%})",
            width="stretch",
            alt=f"{explaining.picture.name}, as the network sees it",
        )
        right.caption(
            "A square is laid at every place of the image, half its side apart. If no place "
            "changes the answer, a larger one follows, until one does or it covers a quarter of "
            "the image."
        )


def _say(explaining: Explaining, begin: int, shelf: "dict[int, Squares]", unfinished: bool) -> None:
    """Say what the search came to, and how far that goes."""
    found = next((each for each in shelf.values() if each.flip), None)
    last = max(shelf)
    if found is None:
        sizes = f"{begin} pixels" if last == begin else f"{begin} to {last} pixels"
        so_far = ", as far as the search went before it was stopped" if unfinished else ""
        st.caption(f"No square of {sizes} changed the answer{so_far}.")
        return
    patch = found.flip
    assert patch is not None
    height, width = explaining.prepared.shape[-2:]
    smaller = (
        f" None of {begin} pixels or more but smaller does."
        if found.side > begin
        else f" It is the first size tried: smaller ones than {begin} pixels may do as well."
    )
    st.markdown(
        f"A square of **{patch.side} × {patch.side} pixels**, "
        f"{patch.side**2 / (height * width):.1%} of the image, is enough for "
        f"**{plain(explaining.label(patch.label))}**."
    )
    st.caption(
        f"{int(found.flips.sum())} of {found.asked} places of this size change the answer; crosses "
        f"mark them.{smaller} Places are half a side apart, so one in between may do with less."
    )
