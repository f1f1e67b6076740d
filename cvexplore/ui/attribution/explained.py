"""Explanations that a session has asked for, each computed once and kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Options, Subject, frozen

if TYPE_CHECKING:
    from cvexplore.attribution import Asked, Explanation
    from cvexplore.attribution.asked import Passes

_MOST = 64  # of one image by one network; of 224 pixels each takes about a megabyte


@dataclass(frozen=True)
class Request:
    """One map: which class, by which method with which options, of which layer ("" its own)."""

    target: int
    method: str
    options: Options = ()
    layer: str = ""

    @property
    def choice(self) -> Choice:
        """The method as ``cvexplore.attribution`` takes it."""
        return Choice(self.method, dict(self.options))

    def asked(self, explaining: Explaining) -> "Asked":
        """Return the question that the method answers."""
        return explaining.asked(self.target, self.layer)


def request(target: int, choice: Choice, layer: str = "") -> Request:
    """Return a request by a method as forms give it."""
    return Request(target, choice.name, frozen(dict(choice.options)), layer)


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def shelf(subject: Subject, fingerprint: str) -> "dict[Request, Explanation | str]":
    """Return where this session's explanations of one image are kept; a sentence is why not."""
    return {}


def kept(explaining: Explaining) -> "dict[Request, Explanation | str]":
    """Return what has been explained of this image; a sentence says why something could not be."""
    return shelf(explaining.subject, explaining.picture.fingerprint)


def explain(
    explaining: Explaining, asked: Request, passes: "Passes | None" = None
) -> "Explanation | str":
    """Return an explanation, computed if it is not there, or the sentence that says why not.

    Each pass waits for one of the two places that all sessions share, and gives it back.

    Args:
        explaining: network and image.
        asked: which map.
        passes: is told before each forward pass; what it raises ends the method, and nothing is
            kept.
    """
    on_shelf = kept(explaining)
    if asked not in on_shelf:
        found = _found(asked.asked(explaining), asked.choice, passes)
        while len(on_shelf) >= _MOST:
            del on_shelf[next(iter(on_shelf))]  # the oldest
        on_shelf[asked] = found
    return on_shelf[asked]


def _silent(count: int) -> None:
    pass


def _found(question: "Asked", choice: Choice, passes: "Passes | None") -> "Explanation | str":
    from cvexplore.attribution import attribute
    from cvexplore.errors import CvexploreError

    with in_turns(passes.tell if passes else _silent) as turns:
        try:
            return attribute(question.of(passes=turns), choice)
        except CvexploreError as error:
            return str(error)
