"""What a run learned, at the moments it kept: a view a file, found by the names its approach shows.

TITLE = "Embedding"

def show(moment: Moment) -> None: …
"""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.runs.learned import approach_at, moments
from cvexplore.ui import cached
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.approaches import Approach
    from cvexplore.training.datasets import Dataset

_KEPT = 12  # approaches with their weights, of all sessions


@dataclass(frozen=True)
class Moment:
    """A run at a step whose weights are kept.

    Args:
        run: the run.
        store: where it is.
        step: after how many steps of learning.
    """

    run: Run
    store: RunStore
    step: int

    @property
    def dataset(self) -> "Dataset":
        """What the run learns from."""
        data = self.run.config.dataset
        return cached.dataset(data.name, cached.frozen(dict(data.options)))

    def approach(self) -> "Approach":
        """Return the approach as it was then; it is shared, so nothing of it may be changed."""
        return _approach(self.run.id, self.step, self)

    def order(self, part: str = "validation") -> "Tensor":
        """Return the indices of the pictures of a part: "train", "validation", "labelled"…"""
        return getattr(self.approach().parts, part)

    def key(self, name: str) -> str:
        """Return the key of a widget that stays the same at all moments of this run."""
        return f"learned.{self.run.id}.{name}"


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading what it had learned…")
def _approach(run_id: str, step: int, _moment: Moment) -> "Approach":
    return approach_at(_moment.store, _moment.run, step, _moment.dataset)


def show(run: Run, store: RunStore) -> None:
    """Draw what a run learned, as its approach shows it, at a moment that a person chooses."""
    from cvexplore.training.approaches import APPROACHES

    names = APPROACHES[run.config.approach.name].shows
    if not names:
        st.info(
            f"{plain(APPROACHES[run.config.approach.name].card.title)} leaves a classifier behind: "
            "look at its classes and mistakes, or open it in Feature maps.",
            icon=":material/category:",
        )
        return
    kept = moments(store, run)
    if not kept:
        st.info(
            "Nothing is kept yet: a run keeps its weights at moments on the way. Wait for the "
            "first, or let the recipe keep more than 0.",
            icon=":material/hourglass_top:",
        )
        return
    step = kept[-1]
    if len(kept) > 1:
        step = st.select_slider(
            "After so many steps",
            kept,
            kept[-1],
            format_func=lambda each: f"{each:,}",
            key=f"learned.{run.id}.step",
        )
    for name in names:
        view = importlib.import_module(f"cvexplore.ui.learned.{name}")
        st.subheader(view.TITLE)
        view.show(Moment(run, store, step))
