"""What a recipe will do, found without training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig
from cvexplore.training.schedules import SCHEDULES
from cvexplore.ui.training.ancestors import seen_before

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset

_DRAWN_RATES = 400


@dataclass(frozen=True)
class Fit:
    """A network on a data set.

    Args:
        parameters: of the network, None where it cannot be built.
        trained: those that learning changes at first.
        opening: from which shares of the run on how many learn.
        obstacle: why it cannot be launched.
    """

    parameters: int | None = None
    trained: int | None = None
    opening: tuple[tuple[float, int], ...] = ()
    obstacle: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a recipe will do.

    Args:
        parts: pictures of each class in each part of the split, by the part's name.
        steps_per_epoch: optimiser steps a pass.
        steps: optimiser steps in all.
        rates: the learning rate at evenly spaced steps.
        fit: the network on this data.
        warning: why its scores will be too good, or nothing.
    """

    parts: Mapping[str, tuple[int, ...]]
    steps_per_epoch: int
    steps: int
    rates: tuple[float, ...]
    fit: Fit
    warning: str = ""

    def pictures(self, part: str) -> int:
        """Return how many pictures a part of the split has."""
        return sum(self.parts.get(part, ()))


def plan(config: RunConfig, dataset: "Dataset") -> Plan:
    """Return what a recipe will do.

    Raises:
        CvexploreError: the data cannot be split like that.
    """
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.splits import steps_per_epoch

    parts = APPROACHES[config.approach.name].divide(config, dataset)
    count = len(dataset.classes)
    an_epoch = ceil(steps_per_epoch(len(parts.train), config.batch_size) / config.accumulate)
    steps = config.steps or config.epochs * an_epoch
    schedule = SCHEDULES.bind(config.schedule)
    drawn = min(steps, _DRAWN_RATES)
    places = [round(index * (steps - 1) / max(1, drawn - 1)) for index in range(drawn)]
    return Plan(
        parts={
            name: tuple(dataset.labels[chosen].bincount(minlength=count).tolist())
            for name, chosen in (
                ("training", parts.train),
                ("validation", parts.validation),
                ("test", parts.test),
            )
            if len(chosen)
        },
        steps_per_epoch=an_epoch,
        steps=steps,
        rates=tuple(config.learning_rate * schedule(step, steps, ()) for step in places),
        fit=_missing(config) or _fitting(config),
        warning=seen_before(config, dataset, parts),
    )


def _missing(config: RunConfig) -> Fit | None:
    """Return what a run needs and this machine does not have, or None if all is here."""
    from cvexplore.training import precision

    name = config.architecture
    if config.weights == "pretrained" and not catalog.published_is_here(name):
        return Fit(obstacle=f"The published weights of {name} are not here: download them first.")
    try:
        precision.check(config.precision, device())
    except CvexploreError as error:
        return Fit(obstacle=str(error))
    return None


def device() -> str:
    """Return what a run computes on."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _what_fits(config: RunConfig) -> str:
    """Return the part of a recipe that decides whether its network can learn from its data."""
    return replace(
        RunConfig(),
        architecture=config.architecture,
        options=config.options,
        weights=config.weights,
        frozen=config.frozen,
        strength=config.strength,
        labels=config.labels,
        approach=config.approach,
        dataset=config.dataset,
        augmentations=config.augmentations,
        precision=config.precision,
        batch_size=min(2, config.batch_size),  # a single picture has no spread to be divided by
        validation=config.validation,
        test=config.test,
        split=config.split,
        seed=config.seed,
    ).to_json()


def _fitting(config: RunConfig) -> Fit:
    """Return the network on this data; what is wrong today may be right when it is asked again."""
    try:
        return _fit(_what_fits(config), _states(config))
    except CvexploreError as error:
        return Fit(obstacle=str(error))


def _states(config: RunConfig) -> tuple[str, ...]:
    """Return how far the runs are that a recipe goes on from or is taught by."""
    words = (config.weights, str(config.approach.options.get("teacher", "")))
    return tuple(_state(word) for word in words if word.startswith("run:"))


def _state(word: str) -> str:
    try:
        return RunStore().run(word.removeprefix("run:").partition("@")[0]).state
    except CvexploreError:
        return "gone"


@st.cache_data(max_entries=64, show_spinner="Fitting the network to the data…")
def _fit(recipe: str, states: tuple[str, ...]) -> Fit:
    """Return the network on this data, or why it cannot learn from it.

    Raises:
        CvexploreError: something that is named is not here, and may be later: it is not remembered.
    """
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.datasets import DATASETS
    from cvexplore.training.starting import network_options

    config = RunConfig.from_json(recipe)
    dataset = DATASETS.bind(config.dataset)()
    make = APPROACHES[config.approach.name]
    if obstacle := make.not_applicable(config, dataset):
        return Fit(obstacle=obstacle)
    options = network_options(config, dataset)
    seen = catalog.traced(config.architecture, **options)
    opening = _opening(config, dataset, options)
    return Fit(seen.parameters, opening[0][1], opening)


def _opening(
    config: RunConfig, dataset: "Dataset", options: Mapping[str, Any]
) -> tuple[tuple[float, int], ...]:
    """Return from which shares of the run on how many parameters learning changes."""
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.approaches.transfer import Transfer
    from cvexplore.training.freezing import trained_parameters

    make = APPROACHES[config.approach.name]
    if issubclass(make, Transfer):
        return tuple(make.opening(config, dataset))
    network = catalog.build(config.architecture, device="meta", **options)
    (example,) = catalog.example(config.architecture, **options)
    return ((0.0, trained_parameters(network, example, config.frozen)),)
