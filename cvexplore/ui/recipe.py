"""The parts of the training form: a run's recipe as widgets, and what it will do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.training.config import settings as plain_settings
from cvexplore.training.schedules import SCHEDULES
from cvexplore.ui.form import option_form
from cvexplore.ui.pickers import pick_architecture

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset

_DRAWN_RATES = 400
_FITTED = ("classes", "channels", "image_size")  # the data set decides these


@dataclass(frozen=True)
class Plan:
    """What a recipe will do.

    Args:
        training: images it learns from.
        validation: images it is measured on.
        steps_per_epoch: optimiser steps a pass.
        steps: optimiser steps in all.
        rates: the learning rate at evenly spaced steps.
        parameters: of the network, None where it cannot be built.
        obstacle: why it cannot be launched.
    """

    training: int
    validation: int
    steps_per_epoch: int
    steps: int
    rates: tuple[float, ...]
    parameters: int | None
    obstacle: str | None


def network() -> tuple[str, dict[str, Any]]:
    """Draw the choice of a network and its own options."""
    name = pick_architecture("cvexplore/simple_cnn", key="train", tasks=("classification",))
    own = [option for option in catalog.options(name) if option.name not in _FITTED]
    if not own:
        return name, {}
    with st.expander("Its options", expanded=name == "cvexplore/simple_cnn"):
        return name, option_form(own, key=f"train.{name}")


def task() -> tuple[Choice, Choice]:
    """Draw the choice of an approach and a data set, with their options."""
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.datasets import DATASETS

    approach = "supervised"
    if len(APPROACHES) > 1:
        ways = list(APPROACHES)
        approach = st.selectbox(
            "Approach", ways, ways.index(approach), key="approach", bind="query-params"
        )
    names = list(DATASETS)
    name = st.selectbox("Data set", names, names.index("mnist_5k"), key="data", bind="query-params")
    with st.expander("Its options"):
        options = option_form(DATASETS.options(name), key=f"data.{name}")
    return Choice(approach), Choice(name, options)


def settings() -> tuple[Choice, dict[str, Any]]:
    """Draw the optimiser, the schedule and the numbers."""
    names = list(SCHEDULES)
    schedule = st.selectbox(
        "Schedule", names, names.index("cosine"), key="schedule", bind="query-params"
    )
    st.caption(SCHEDULES.summary(schedule))
    options = option_form(SCHEDULES.options(schedule), key=f"schedule.{schedule}")
    main = ("optimizer", "learning_rate", "batch_size", "epochs")
    known = {option.name: option for option in plain_settings()}
    chosen = option_form([known.pop(name) for name in main], key="recipe")
    with st.expander("More"):
        chosen |= option_form(known.values(), key="recipe")
    return Choice(schedule, options), chosen


def config(
    architecture: str,
    options: Mapping[str, Any],
    approach: Choice,
    dataset: Choice,
    schedule: Choice,
    chosen: Mapping[str, Any],
) -> RunConfig:
    """Return the recipe, checked.

    Raises:
        CvexploreError: a name or value that is not allowed.
    """
    return RunConfig(
        architecture=architecture,
        options=dict(options),
        approach=approach,
        dataset=dataset,
        schedule=schedule,
        **chosen,
    ).checked()


def plan(config: RunConfig, dataset: "Dataset") -> Plan:
    """Return what a recipe will do, found without training."""
    from cvexplore.training.splits import steps_per_epoch, stratified

    training, validation = stratified(dataset.labels, config.validation, config.seed)
    an_epoch = steps_per_epoch(len(training), config.batch_size)
    steps = config.steps or config.epochs * an_epoch
    schedule = SCHEDULES.bind(config.schedule)
    count = min(steps, _DRAWN_RATES)
    places = [round(index * (steps - 1) / max(1, count - 1)) for index in range(count)]
    parameters, obstacle = _fit(config.to_json())
    return Plan(
        training=len(training),
        validation=len(validation),
        steps_per_epoch=an_epoch,
        steps=steps,
        rates=tuple(config.learning_rate * schedule(step, steps, ()) for step in places),
        parameters=parameters,
        obstacle=obstacle,
    )


@st.cache_data(max_entries=64, show_spinner="Fitting the network to the data…")
def _fit(recipe: str) -> tuple[int | None, str | None]:
    """Return the network's parameters on this data, and why it cannot learn from it."""
    from cvexplore.training.approaches import APPROACHES, network_options
    from cvexplore.training.datasets import DATASETS

    config = RunConfig.from_json(recipe)
    dataset = DATASETS.bind(config.dataset)()
    make = APPROACHES[config.approach.name]
    if obstacle := make.not_applicable(config, dataset):
        return None, obstacle
    return catalog.traced(config.architecture, **network_options(config, dataset)).parameters, None


def samples(dataset: "Dataset", rows: int = 3) -> bytes:
    """Return a picture of a few samples: a column a class."""
    from cvexplore.figures.sheet import mosaic

    chosen = dataset.one_of_each(rows)
    return mosaic(dataset.images[chosen].numpy(), columns=len(chosen) // rows)
