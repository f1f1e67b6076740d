"""A detector's object queries: where each looks before it names an object, or none."""

import dataclasses
import math
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog
from cvexplore.ui.attention import Attending, look, objects_set, recorded
from cvexplore.ui.attention.objects_truth import Truth, truth
from cvexplore.ui.attention.patches import MOST_BYTES, picture
from cvexplore.ui.attention.step_table import within
from cvexplore.ui.cached import Subject
from cvexplore.ui.components.box_picker import Frame, box_picker

if TYPE_CHECKING:
    from cvexplore.attention import AttentionLayer
    from cvexplore.attention.detection import Answer, DecoderLayer

_SURE = 0.5
_FEW = 5  # boxes drawn at most to begin with where none is sure; classes that are listed
_DETECTOR = "cvexplore/detr"


def applies(subject: Subject) -> bool:
    """Say whether a network answers with a set of boxes, one an object query."""
    known = catalog.find(subject.name)
    if known.task != "detection" or known.attention_layers == 0:
        return False
    from cvexplore.attention.detection import decoder_layers

    return bool(decoder_layers(recorded.located(subject).values()))


def surest(attending: Attending) -> int:
    """Return which object query is surest of an object, counted from 0; 0 of other networks."""
    if not applies(attending.subject):
        return 0
    from cvexplore.attention.detection import answers, set_prediction

    logits, boxes = set_prediction(attending.all_attention().output)
    return max(answers(logits, boxes, ()), key=lambda each: each.score).query


def show(attending: Attending) -> None:
    """Draw the boxes and their queries' attention; below, the whole set in numbers."""
    if not applies(attending.subject):
        _offer_a_detector()
        return
    _queries(attending)
    _more(attending)


def _offer_a_detector() -> None:
    st.info(
        "This network has no object queries: only detectors that predict a set, such as DETR, ask "
        "the image with learned queries and answer with a box each.",
        icon=":material/select_all:",
    )
    st.button(
        _DETECTOR,
        icon=":material/arrow_forward:",
        key="objects.detector",
        on_click=lambda: st.session_state.update(arch=_DETECTOR),
    )


# ------------------------------------------------------------------ the queries


@st.fragment
def _queries(attending: Attending) -> None:
    from cvexplore.attention.detection import answers, set_prediction

    decoder = _pick_decoder_layer(attending)
    looking = attending.attention(decoder.looking)
    listening = attending.attention(decoder.listening)
    logits, boxes = set_prediction(attending.all_attention().output)
    subject = attending.subject
    said = answers(logits, boxes, catalog.labels(subject.name, subject.weights))
    found = truth(attending)
    _explain(attending, said, found)
    _draw(attending, looking, listening, said, found)
    _proof(looking, listening)


def _pick_decoder_layer(attending: Attending) -> "DecoderLayer":
    from cvexplore.attention.detection import decoder_layers

    layers = decoder_layers(recorded.located(attending.subject).values())
    number = _pick_layer(
        "Layer of the decoder",
        len(layers),
        f"objects.decoder.{attending.key}",
        "Each layer lets the queries listen to each other, then look at the image; boxes and "
        "classes are read off after the last.",
    )
    return layers[number]


def _pick_layer(words: str, count: int, key: str, more: str | None = None) -> int:
    """Let a person choose one of so many layers, the last to begin with; counted from 0."""
    return st.segmented_control(
        words,
        range(count),
        default=count - 1,
        required=True,
        format_func=lambda number: f"{number + 1}{' (last)' if number + 1 == count else ''}",
        key=key,
        help=more,
    )


def _explain(attending: Attending, said: "tuple[Answer, ...]", found: Truth | None) -> None:
    if attending.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: the queries answer by chance, nearly all alike, so "
            "their boxes lie on each other. Weights that learned from the data set scenes find "
            "shapes."
        )
        return
    objects = sum(each.is_object for each in said)
    known = _what_is_there(found) if found else _unknown(attending.subject)
    st.caption(f"{objects} of {len(said)} queries name an object. {known}")


def _what_is_there(found: Truth) -> str:
    return (
        f"Dashed is what is there: {', '.join(found.names)}. The picture is of the network's own "
        "data set, so it may have learned from it."
    )


def _unknown(subject: Subject) -> str:
    labels = catalog.labels(subject.name, subject.weights)
    few = 0 < len(labels) <= _FEW
    return "What is really there is unknown but for pictures of the network's own data set. " + (
        f"It knows only {', '.join(labels)}, and sees them in anything." if few else ""
    )


def _draw(
    attending: Attending,
    looking: "AttentionLayer",
    listening: "AttentionLayer",
    said: "tuple[Answer, ...]",
    found: Truth | None,
) -> None:
    weights = looking.weights
    if weights.numel() > MOST_BYTES:
        st.caption("Many queries and heads: only the mean of heads is sent to the browser.")
        weights = weights.mean(1, keepdim=True)
    scores = sorted((each.score for each in said), reverse=True)
    box_picker(
        picture(attending.square),
        of=attending.picture.fingerprint,
        weights=weights.numpy(),
        listening=listening.weights[0].mean(0).numpy(),
        keys=looking.on_image.keys.numpy(),
        grid=looking.on_image.key_grid,
        names=[_named(each) for each in said],
        frames=[_frame(each) for each in said],
        truth=_true_frames(found),
        least=_SURE if scores[0] >= _SURE else math.ceil(100 * scores[:_FEW][-1]) / 100,
        start=max(said, key=lambda each: each.score).query,
        key=f"objects.{attending.key}",
        alt=f"{attending.picture.name}, with the boxes of its objects and the attention of one "
        "object query over it",
    )


def _named(answer: "Answer") -> str:
    return f"query {answer.query + 1}: {answer.says}, {_percent(answer.certainty)}"


def _frame(answer: "Answer") -> Frame:
    from cvexplore.figures.overlay import class_colour

    red, green, blue = class_colour(answer.index)
    return Frame(
        f"{answer.label}, {_percent(answer.score)}",
        answer.box,
        answer.score,
        f"rgb({red} {green} {blue})",
    )


def _percent(probability: float) -> str:
    """Return whole percents; what is nearly sure, or nearly nothing, is not called so."""
    if probability >= 0.995:
        return "> 99 %"
    return "< 1 %" if probability < 0.005 else f"{100 * probability:.0f} %"


def _true_frames(found: Truth | None) -> list[Frame]:
    if found is None:
        return []
    boxes = found.boxes.tolist()
    return [Frame(name, tuple(box)) for name, box in zip(found.names, boxes, strict=True)]


def _proof(*layers: "AttentionLayer") -> None:
    worst = max(each.reconstruction_error or 0.0 for each in layers)
    sums = max(each.row_sum_error or 0.0 for each in layers)
    st.caption(
        "Queries listen to each other (self-attention, here the mean of heads), so that no two "
        "need name the same object; then they look at the image (cross-attention).  \n"
        ":green[:material/verified:] These are the weights that the network used: rows sum to 1 "
        f"{within(sums)}; weights × values give both layers' real output {within(worst)}."
    )


# ------------------------------------------------------------------ below


@st.fragment
def _more(attending: Attending) -> None:
    below = {
        "All queries": objects_set.every_query,
        "Paired with what is there": objects_set.pairing,
        "Encoder, from a place": _encoder,
    }
    st.space("small")
    chosen = st.segmented_control(
        "And beyond one query",
        list(below),
        default="All queries",
        required=True,
        key=f"objects.below.{attending.key}",
        wrap=True,
    )
    below[chosen](attending)


def _encoder(attending: Attending) -> None:
    """Show what places of the image look at before any query asks."""
    from cvexplore.attention.detection import encoder_layers

    names = encoder_layers(recorded.located(attending.subject).values())
    if not names:
        st.info("This network has no encoder: its queries ask the backbone's maps directly.")
        return
    st.caption(
        "Before any query asks, the encoder's places look at each other, and set one object apart "
        "from the next. Point at an object."
    )
    number = _pick_layer("Layer of the encoder", len(names), f"objects.encoder.{attending.key}")
    look.explore(dataclasses.replace(attending, layer=names[number]))
