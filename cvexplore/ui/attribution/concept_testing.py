"""A concept check as it runs: pictures through the network in small batches, each kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from cvexplore import images
from cvexplore.errors import LayerError
from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.concept_sets import PictureSet
from cvexplore.ui.cached import Subject
from cvexplore.ui.words import about

if TYPE_CHECKING:
    from cvexplore.attribution.concepts import ConceptTest, Places

_BATCH = 4  # images a pass; between passes it can be stopped
_MOST_NUMBERS = 100_000_000  # that a session keeps of a check: 400 MB

Role = Literal["concept", "counter", "class"]


@dataclass(frozen=True)
class Piece:
    """Some of a set's pictures, which go through the network together."""

    pictures: PictureSet
    start: int
    target: int | None = None  # the class whose gradients are asked for

    @property
    def name(self) -> tuple[str, int, int | None]:
        """What it is kept under."""
        return self.pictures.key, self.start, self.target


@dataclass(frozen=True)
class Question:
    """Does this concept move this class's score at this layer?"""

    explaining: Explaining
    layer: str
    target: int
    places: "Places"
    repetitions: int
    concept: PictureSet
    counter: PictureSet
    of_class: PictureSet

    @property
    def pieces(self) -> dict[Role, list[Piece]]:
        """All pictures in batches."""
        return {
            "concept": _pieces(self.concept),
            "counter": _pieces(self.counter),
            "class": _pieces(self.of_class, self.target),
        }

    @property
    def pictures(self) -> int:
        """How many pictures all three sets have."""
        sets = (self.concept, self.counter, self.of_class)
        return sum(len(each.pictures) for each in sets)

    @property
    def shelf(self) -> dict[tuple[str, int, int | None], Any]:
        """Where what the network made of the pictures is kept."""
        return _shelf(self.explaining.subject, self.layer, self.places)

    @property
    def missing(self) -> list[Piece]:
        """What has not been through the network yet."""
        return [
            piece
            for pieces in self.pieces.values()
            for piece in pieces
            if piece.name not in self.shelf
        ]

    @property
    def tested(self) -> "ConceptTest":
        """The answer, once nothing is missing."""
        names = (self.concept.key, self.counter.key, self.of_class.key)
        subject = self.explaining.subject
        return _tested(subject, self.layer, self.places, self.target, self.repetitions, names, self)


def _pieces(pictures: PictureSet, target: int | None = None) -> list[Piece]:
    return [Piece(pictures, start, target) for start in range(0, len(pictures.pictures), _BATCH)]


# Of two layers: each may hold hundreds of megabytes.
@st.cache_resource(max_entries=2, scope="session", show_spinner=False)
def _shelf(subject: Subject, layer: str, places: str) -> dict[tuple[str, int, int | None], Any]:
    return {}


@st.cache_resource(max_entries=12, scope="session", show_spinner="Learning the CAVs…")
def _tested(
    subject: Subject,
    layer: str,
    places: str,
    target: int,
    repetitions: int,
    sets: tuple[str, ...],
    _question: Question,
) -> "ConceptTest":
    import torch

    from cvexplore.attribution.concepts import Sensitivities, concept_test, evidence

    found = {
        role: [_question.shelf[piece.name] for piece in pieces]
        for role, pieces in _question.pieces.items()
    }
    given = evidence(
        torch.cat(found["concept"]),
        torch.cat(found["counter"]),
        Sensitivities.joined(found["class"]).gradients,
    )
    return concept_test(given, repetitions)


# ------------------------------------------------------------------ run


def ask(question: Question) -> bool:
    """Say whether everything is there; if not, offer to compute what is missing, and do so.

    A click on Stop ends the script between two passes, and what is done stays.

    Raises:
        LayerError: the layer cannot be asked, or makes too many numbers of a picture.
    """
    missing = question.missing
    if not missing:
        return True
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        done = sum(map(len, question.pieces.values())) - len(missing)
        go = st.button(
            "Go on" if done else "Test the concept",
            icon=":material/play_arrow:",
            type="primary",
            key="concept.go",
        )
        st.caption(_estimate(question, missing))
    if go:
        _fill(question, missing, place)
        st.rerun()
    return False


def _estimate(question: Question, missing: list[Piece]) -> str:
    from cvexplore.attribution import Cost

    pictures = sum(_size(piece) for piece in missing)
    slopes = sum(_size(piece) for piece in missing if piece.target is not None)
    seconds = known.speed(question.explaining).seconds(Cost(pictures, slopes))
    return f"{pictures} pictures through the network, {about(seconds)}."


def _size(piece: Piece) -> int:
    return min(_BATCH, len(piece.pictures.pictures) - piece.start)


def _fill(question: Question, missing: list[Piece], place: Any) -> None:
    place.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button("Stop", icon=":material/stop:", key="concept.stop")
    for number, piece in enumerate(missing):
        bar.progress(
            number / len(missing), f"{number * _BATCH} of {len(missing) * _BATCH} pictures"
        )
        question.shelf[piece.name] = _through(question, piece)
    place.empty()


def _through(question: Question, piece: Piece) -> Any:
    import torch

    from cvexplore.attribution.concepts import activations, sensitivities

    subject = question.explaining.subject
    preparation = cached.preparation(subject)
    some = piece.pictures.pictures[piece.start : piece.start + _BATCH]
    batch = torch.cat([images.prepare(each, preparation) for each in some])
    model, layer, places = cached.network(subject), question.layer, question.places
    with cached.two_at_once:
        if piece.target is not None:
            return sensitivities(model, batch, layer, piece.target, places)
        found = activations(model, batch, layer, places)
    if found.shape[1] * question.pictures > _MOST_NUMBERS:
        raise LayerError(
            f"{layer} makes {found.shape[1]:,} numbers of each picture, too many to keep for "
            f"{question.pictures} of them; choose a later layer, or the mean over places."
        )
    return found
