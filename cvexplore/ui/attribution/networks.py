"""Further networks beside the page's: the same image, and where they know them the same classes."""

from dataclasses import dataclass, replace

import streamlit as st

from cvexplore.ui.attribution import Explaining, explaining
from cvexplore.ui.pickers import pick_architecture, pick_weights
from cvexplore.ui.words import plain

_NEXT = "torchvision/resnet18"


@dataclass(frozen=True)
class Row:
    """A network, and the class it is asked about."""

    explaining: Explaining
    target: int

    @property
    def label(self) -> str:
        """The class's name, and how likely the network thinks it."""
        said = {each.index: f" · {each.probability:.1%}" for each in self.explaining.predictions}
        return self.explaining.label(self.target) + said.get(self.target, "")

    @property
    def network(self) -> str:
        """The network's name, without its library's, and whether it has learned anything."""
        subject = self.explaining.subject
        learned = "random weights" if subject.weights == "random" else subject.weights
        return f"{subject.name.rpartition('/')[2]} · {learned}"


def pick_further(first: Explaining) -> list[Explaining]:
    """Let a person add networks, each with its weights, and return them.

    Raises:
        WeightsError: what was chosen cannot be read.
    """
    with st.popover("Networks", icon=":material/add:", key="further"):
        count = st.segmented_control(
            "How many more", (0, 1, 2), default=0, required=True, key="further.count"
        )
        return [_pick(first, place) for place in range(1, count + 1)]


def _pick(first: Explaining, place: int) -> Explaining:
    """Let a person choose a network; to begin with, the page's own before it learned anything."""
    key, own = f"further.{place}", first.subject.name
    name = pick_architecture(
        own if place == 1 else _NEXT,
        key=key,
        tasks=("classification",),
        label=f"Network {place + 1}",
    )
    if name == own and first.subject.weights != "random":
        st.session_state.setdefault(f"{key}.weights.{name}", "random")
    subject = pick_weights(name, key=f"{key}.weights")
    if name == own and subject.weights == "random":
        subject = replace(subject, options=first.subject.options)
    return explaining(subject, first.picture)


def rows(first: Explaining, targets: list[int], further: list[Explaining]) -> list[Row]:
    """Return what is asked of which network.

    A further network is asked about the same classes if it knows them by the same names, or else
    about the one that it finds likeliest.
    """
    found = [Row(first, target) for target in targets]
    for other in further:
        if alike(first, other):
            found += [Row(other, target) for target in targets]
        elif other.predictions:
            found.append(Row(other, other.predictions[0].index))
    return found


def say_who_differs(first: Explaining, further: list[Explaining]) -> None:
    """Say of which network the chosen classes are not asked, for it tells others apart."""
    for other in further:
        if not alike(first, other) and other.predictions:
            st.caption(
                f"{plain(other.subject.name)} tells other classes apart, so it is asked about the "
                f"one that it finds likeliest: {plain(other.predictions[0].label)}."
            )


def alike(first: Explaining, other: Explaining) -> bool:
    """Return whether a number stands for the same class in both; random weights mean none."""
    if first.labels and other.labels:
        return first.labels == other.labels
    return first.classes == other.classes
