"""Concept check: does what somebody calls "striped" make a class likelier? (TCAV)"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.figures.concepts import concept_scores, shuffled_labels
from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining, concept_sets
from cvexplore.ui.attribution.concept_sets import PictureSet
from cvexplore.ui.attribution.concept_testing import Question, ask
from cvexplore.ui.layers import pick_layer
from cvexplore.ui.messages import told
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attribution.concepts import ConceptTest, Places

_OWN = "My own pictures"
_READY = "Those that suit it"
_TILE = 64  # pixels of a small picture
_FEW, _EXTREMES = 10, 5  # pictures drawn of a set; at either end of the CAV
_PLACES: "dict[Places, str]" = {"each": "Each place", "mean": "Their mean"}
_CHART = {"displaylogo": False, "displayModeBar": False}


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(explaining: Explaining) -> None:
    """Draw what a class makes of a concept that somebody shows by a few pictures."""
    st.markdown(
        "Show the network what you mean by a word: at least ten pictures that have it, and ten "
        "that lack it. The direction from one to the other in a layer is the concept's; does the "
        "class's score rise along it?"
    )
    if explaining.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: the network has learned no concepts, and no classes."
        )
    with told():
        question = _pick(explaining)
        if question is not None and ask(question):
            _draw(question, question.tested)


# ------------------------------------------------------------------ pick


def _pick(explaining: Explaining) -> Question | None:
    """Let a person choose everything; None as long as pictures are missing."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = _pick_class(explaining)
        with st.container(width=330):
            subject = explaining.subject
            seen = cached.traced(subject.name, subject.options)
            layer = pick_layer(seen, key=f"concept.layer.{explaining.key}")
        with st.popover("Options", icon=":material/tune:"):
            places, repetitions = _pick_options()
    concept, counter, of_class = st.columns(3, border=True)
    with concept:
        first, against = _pick_concept(explaining)
    with counter:
        second = _pick_set("Counter-examples", {_READY: lambda: against}, "the counter-examples")
    with of_class:
        sources = concept_sets.class_images(explaining, target)
        third = _pick_set(f"Images of {explaining.label(target)}", sources, "the class")
    if first is None or second is None or third is None:
        return None
    return Question(explaining, layer, target, places, repetitions, first, second, third)


def _pick_class(explaining: Explaining) -> int:
    offered = explaining.offered
    return st.selectbox(
        "Class",
        list(offered),
        format_func=offered.__getitem__,
        key=f"concept.class.{explaining.key}.{explaining.picture.fingerprint}",
        help="The likeliest come first; type to find another.",
        width=210,
    )


def _pick_options() -> "tuple[Places, int]":
    places: Places = st.segmented_control(  # pyright: ignore[reportAssignmentType]
        "A layer's maps become numbers by",
        list(_PLACES),
        default="each",
        format_func=_PLACES.__getitem__,
        required=True,
        key="concept.places",
        help="Each place: the maps as they are, as in the paper. Their mean: one number a channel, "
        "wherever it fires; needed where maps are very large.",
    )
    repetitions = st.slider(
        "Repetitions",
        10,
        100,
        20,
        5,
        key="concept.repetitions",
        help="CAVs learned from other halves of the pictures, and as many from random ones.",
    )
    return places, repetitions


def _pick_concept(explaining: Explaining) -> tuple[PictureSet | None, PictureSet]:
    """Return the concept's pictures, and the counter-examples that suit them."""
    ready = concept_sets.pairs(explaining.subject)
    name = st.selectbox("Concept", [*ready, _OWN], key=f"concept.name.{explaining.key}")
    pair = ready.get(name) or next(iter(ready.values()))
    lacks = pair.lacks()
    against = PictureSet("counter-examples", pair.about[1], f"against {pair.name}", lacks)
    if name == _OWN:
        called = st.text_input("What they show", "my concept", max_chars=30, key="concept.called")
        given = concept_sets.own(called.strip() or "my concept", key="concept.files")
        return given and _drawn(given), against
    return _drawn(PictureSet(name, pair.about[0], f"shows {name}", pair.shows())), against


def _pick_set(
    title: str, sources: "dict[str, Callable[[], PictureSet]]", name: str
) -> PictureSet | None:
    key = f"concept.{name}"
    source = st.selectbox(title, [*sources, _OWN], key=f"{key}.{'.'.join(sources)}")
    if source != _OWN:
        return _drawn(sources[source]())
    given = concept_sets.own(name, key=f"{key}.files")
    return given and _drawn(given)


def _drawn(pictures: PictureSet) -> PictureSet:
    """Draw a few pictures of a set, and return it."""
    _tiles(pictures.pictures[:_FEW], f"Some pictures of {pictures.name}")
    st.caption(f"{len(pictures.pictures)} pictures. {pictures.about}")
    return pictures


# ------------------------------------------------------------------ show


def _draw(question: Question, tested: "ConceptTest") -> None:
    name, label = question.concept.name, question.explaining.label(question.target)
    _say(question, tested)
    spread = tested.concept.scores.std()
    with st.grid(4, min_column_width=150, border=True):
        st.metric(
            "TCAV score",
            f"{tested.score:.0%}",
            help="The share of the class's images whose score rises along the concept's direction, "
            f"mean of {question.repetitions} repetitions; they differ by ± {spread:.0%}.",
        )
        st.metric(
            "By chance",
            f"p = {tested.p_value:.3f}",
            help="How often the score moves at least as much, either way, when the labels concept "
            f"and counter-example are shuffled: an exact test of {len(tested.shuffled)} shuffles.",
        )
        st.metric(
            "Told apart",
            f"{tested.accuracy:.0%}",
            help="How often the layer tells concept and counter-examples apart, on pictures that "
            "the direction was not learned from. By chance it would be 50 %.",
        )
        st.metric(
            "Score moves by",
            f"{tested.rise:+.3g}",
            help="The class's score before softmax, to first order, for a move along the concept's "
            "direction as long as pictures lie from their mean in the layer.",
        )
    left, right = st.columns(2)
    with left:
        st.plotly_chart(
            concept_scores(tested.concept.scores, tested.random.scores, name),
            config=_CHART,
            key="concept.scores",
            alt=f"TCAV scores of {name} and of random pictures, a dot a repetition",
        )
        st.caption(
            "A dot a repetition. Random: counter-examples against other counter-examples. The "
            f"paper's t-test of the two rows gives p = {tested.paper_p_value:.2g}, which is too "
            "sure: all dots of a concept share its pictures."
        )
    with right:
        st.plotly_chart(
            shuffled_labels(tested.rise, tested.shuffled, name),
            config=_CHART,
            key="concept.shuffled",
            alt=f"How far the score of {label} moves along {name} and along shuffled labels",
        )
        st.caption(
            "The concept's direction beside those that come out when the labels are shuffled. "
            "What lies far outside the grey is not chance."
        )
    _draw_extremes(question, tested)


def _say(question: Question, tested: "ConceptTest") -> None:
    """Say in a sentence what a person may conclude."""
    name, label = plain(question.concept.name), plain(question.explaining.label(question.target))
    layer, verdict = plain(question.layer), tested.verdict
    if verdict == "not told apart":
        st.warning(
            f"{layer} does not tell {name} from the counter-examples ({tested.accuracy:.0%} of "
            "pictures it has not seen; chance is 50 %), so the score says nothing. Try another "
            "layer, or more pictures.",
            icon=":material/block:",
        )
    elif verdict == "no more than chance":
        st.info(
            f"Whether {name} matters for {label} cannot be told at {layer}: shuffled labels move "
            f"the score as much (p = {tested.p_value:.3f}).",
            icon=":material/help:",
        )
    else:
        likelier = "likelier" if verdict == "raises" else "less likely"
        icon = "trending_up" if verdict == "raises" else "trending_down"
        st.success(
            f"At {layer}, more of {name} makes {label} {likelier}: the score rises in "
            f"{tested.score:.0%} of its images, and shuffled labels do not bring that about "
            f"(p = {tested.p_value:.3f}).",
            icon=f":material/{icon}:",
        )


def _draw_extremes(question: Question, tested: "ConceptTest") -> None:
    shows, lacks = question.concept.pictures, question.counter.pictures
    order = tested.along[: len(shows)].argsort()[::-1].tolist()
    others = tested.along[len(shows) :].argsort()[::-1].tolist()
    name = question.concept.name
    rows = (
        (f"Most like {name}", [shows[each] for each in order[:_EXTREMES]]),
        ("Least, of its own pictures", [shows[each] for each in order[-_EXTREMES:]]),
        ("Counter-examples most like it", [lacks[each] for each in others[:_EXTREMES]]),
    )
    for column, (title, pictures) in zip(st.columns(3), rows, strict=True):
        with column:
            st.caption(plain(title))
            _tiles(pictures, title)
    st.caption(
        "Pictures sorted along the concept's direction. One that stands in the wrong place shows "
        "what the network takes the concept for."
    )


def _tiles(pictures: "Sequence[Image]", alt: str) -> None:
    import numpy as np

    from cvexplore.figures.sheet import mosaic

    whole = images.Preparation(image_size=_TILE, crop=1.0)
    squares = [np.asarray(images.crop(each, whole)) for each in pictures]
    tiles = np.stack(squares).transpose(0, 3, 1, 2)
    st.image(mosaic(tiles, columns=_EXTREMES, tile=_TILE), width="stretch", alt=alt)
