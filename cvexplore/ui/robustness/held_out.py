"""Labelled pictures that a network never learned from."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.checkpoints import checkpoint
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig
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


def recipe(subject: Subject) -> RunConfig | None:
    """Return how these weights were trained, if it was by this project."""
    if subject.weights.startswith("run:"):
        return RunStore().run(subject.weights.removeprefix("run:").partition("@")[0]).config
    ours = checkpoint(subject.name) if subject.weights == "bundled" else None
    return RunConfig.from_json(json.dumps(ours.recipe)) if ours else None


@st.cache_resource(max_entries=8, show_spinner="Loading the data set…")
def held_out(subject: Subject) -> HeldOut | None:
    """Return what a network did not learn from; None if it did not learn from a data set of ours.

    It is the validation split of its own run: the same pictures, drawn again by the same seed.
    """
    import torch

    from cvexplore.training.splits import stratified

    config = recipe(subject)
    if config is None:
        return None
    dataset = cached.dataset(config.dataset.name, frozen(dict(config.dataset.options)))
    _, held = stratified(dataset.labels, config.validation, config.seed)
    order = torch.randperm(len(held), generator=torch.Generator().manual_seed(0))
    return HeldOut(config.dataset.name, dataset, tuple(held[order].tolist()))
