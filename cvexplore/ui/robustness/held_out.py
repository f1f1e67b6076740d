"""Labelled pictures that a network never learned from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.cached import Subject, frozen

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.datasets import Dataset


@dataclass(frozen=True)
class HeldOut:
    """The pictures of a data set that a run measured on and never learned from.

    Args:
        name: of the data set.
        dataset: all of it.
        order: the indices of the pictures held out, in a random order that is always the same.
    """

    name: str
    dataset: "Dataset"
    order: tuple[int, ...]

    def pixels(self, start: int, stop: int, channels: int) -> "Tensor":
        """Return some of the pictures; grey ones are repeated for a network that takes colour.

        Shape: (B, channels, H, W), 0..1
        """
        chosen = self.dataset.images[list(self.order[start:stop])].float() / 255
        return chosen.expand(-1, channels, -1, -1) if chosen.shape[1] == 1 else chosen

    def labels(self, start: int, stop: int) -> "Tensor":
        """Return their classes. Shape: (B,)"""
        return self.dataset.labels[list(self.order[start:stop])]


@st.cache_resource(max_entries=8, show_spinner="Loading the data set…")
def held_out(subject: Subject) -> HeldOut | None:
    """Return what a network did not learn from; None if it did not learn from a data set of ours.

    It is the validation split of its own run: the same pictures, drawn again by the same seed.
    """
    import torch

    from cvexplore.training.approaches import APPROACHES

    config = cached.recipe(subject)
    if config is None:
        return None
    dataset = cached.dataset(config.dataset.name, frozen(dict(config.dataset.options)))
    held = APPROACHES[config.approach.name].divide(config, dataset).validation
    order = torch.randperm(len(held), generator=torch.Generator().manual_seed(0))
    return HeldOut(config.dataset.name, dataset, tuple(held[order].tolist()))
