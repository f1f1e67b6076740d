"""Explanations that a session has asked for, each computed once and kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.cached import Options, Subject, frozen

if TYPE_CHECKING:
    from cvexplore.attribution import Explanation
    from cvexplore.attribution.asked import Passes


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


def request(target: int, choice: Choice, layer: str = "") -> Request:
    """Return a request by a method as forms give it."""
    return Request(target, choice.name, frozen(dict(choice.options)), layer)


@st.cache_resource(max_entries=8, scope="session", show_spinner=False)
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

    Args:
        explaining: network and image.
        asked: which map.
        passes: is told before each forward pass; what it raises ends the method, and nothing is
            kept.
    """
    from cvexplore.attribution import attribute
    from cvexplore.errors import CvexploreError

    on_shelf = kept(explaining)
    if asked not in on_shelf:
        question = explaining.asked(asked.target, asked.layer)
        try:
            on_shelf[asked] = attribute(
                question.of(passes=passes) if passes else question, asked.choice
            )
        except CvexploreError as error:
            on_shelf[asked] = str(error)
    return on_shelf[asked]
