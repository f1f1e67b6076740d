"""The whole form: a recipe as widgets, the usual ones in sight and the rest folded by idea."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.plugins import Choice
from cvexplore.training.config import Change, RunConfig
from cvexplore.training.optimizers import OPTIMIZERS
from cvexplore.training.schedules import SCHEDULES
from cvexplore.ui import cached
from cvexplore.ui.data.picking import pick_dataset
from cvexplore.ui.training import fields, network, splitting
from cvexplore.ui.training.approaching import choose
from cvexplore.ui.training.augmenting import pick_augmentations
from cvexplore.ui.training.beginning import Beginning
from cvexplore.ui.training.fields import plug_in, plug_in_options
from cvexplore.ui.training.speed import Speed, speed
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.training.estimate import Estimate

_A_ROW = 10  # samples


@dataclass(frozen=True)
class Form:
    """What the form says.

    Args:
        config: the recipe, before precision and threads are settled.
        speed: what of these was chosen by hand.
        folds: which folds get a run each; one run has fold 0.
        search: the place for the search for a learning rate.
    """

    config: RunConfig
    speed: Speed
    folds: tuple[int, ...]
    search: DeltaGenerator

    @property
    def by_hand(self) -> frozenset[str]:
        """The fields that a person chose and that are otherwise left open."""
        one_of_several = self.config.folds > 0 and len(self.folds) == 1
        return self.speed.by_hand | ({"fold"} if one_of_several else set())

    @property
    def recipes(self) -> tuple[RunConfig, ...]:
        """The recipes of the runs to launch."""
        return tuple(replace(self.config, fold=fold) for fold in self.folds)

    def settled(self, estimate: "Estimate | None") -> "Form":
        """Return the form with precision and threads as measured, where that is left to it."""
        return replace(self, config=replace(self.config, **self.speed.settled(estimate)))


def form(start: Beginning) -> Form:
    """Draw the form, whose widgets begin with these values.

    Raises:
        CvexploreError: a name or value that is not allowed.
    """
    st.subheader("Way to learn")
    approach = choose(start)
    options = _options(approach, start)
    st.subheader("Network")
    values: dict[str, Any] = network.network(start, approach)
    values["dataset"] = _dataset(start)
    with st.expander("Split", icon=":material/call_split:"):
        split, folds = splitting.splitting(start)
    values |= split
    with st.expander("Augmentation", icon=":material/auto_fix_high:"):
        values |= _augmentation(start, values["dataset"])

    st.subheader("Recipe")
    values |= fields.fields(fields.ESSENTIAL, start)
    search = st.expander("Find a learning rate", icon=":material/query_stats:")
    values["approach"] = Choice(approach, options)
    with st.expander("Optimiser", icon=":material/south_east:"):
        values["optimizer"] = plug_in("Optimiser", OPTIMIZERS, start, name="optimizer")
        values |= fields.fields(fields.OPTIMIZER, start)
    with st.expander("Schedule", icon=":material/show_chart:"):
        values["schedule"] = plug_in("Schedule", SCHEDULES, start, name="schedule")
        values |= fields.fields(fields.SCHEDULE, start)
    with st.expander("Regularisation", icon=":material/fitness_center:"):
        values |= fields.fields(fields.REGULARISATION, start)
    with st.expander("Speed", icon=":material/speed:"):
        chosen, kept = speed(start)
    values |= kept | {"changes": _changes(start)}
    return Form(RunConfig(**values).checked(), chosen, folds, search)


def _options(approach: str, start: Beginning) -> dict[str, Any]:
    from cvexplore.training.approaches import APPROACHES

    if not APPROACHES.options(approach):
        return {}
    with st.expander("How it learns", icon=":material/target:"):
        return plug_in_options(approach, APPROACHES, start, name="approach")


def _dataset(start: Beginning) -> Choice:
    from cvexplore.figures.sheet import mosaic

    st.subheader("Data")
    chosen = pick_dataset(key=start.key("data"), start=start.config.dataset)
    found = cached.dataset(chosen.name, cached.frozen(dict(chosen.options)))
    shown = found.one_of_each(2)
    columns = len(shown) // 2 if len(shown) > _A_ROW else len(shown)
    picture = mosaic(found.images[shown].numpy(), columns=columns)
    st.image(picture, width="stretch", alt=f"Samples of {plain(chosen.name)}, a column a class")
    st.caption(plain(found.source))
    return chosen


def _augmentation(start: Beginning, chosen: Choice) -> dict[str, Any]:
    strength = fields.fields(fields.AUGMENTATION, start)
    dataset = cached.dataset(chosen.name, cached.frozen(dict(chosen.options)))
    picked = pick_augmentations(
        dataset,
        key=start.key(f"augmentations.{chosen.name}"),
        start=start.config.augmentations,
        strength=strength["strength"],
    )
    return {"augmentations": picked, **strength}


def _changes(start: Beginning) -> tuple[Change, ...]:
    """Draw what was steered in the run whose recipe this is, and whether to do so again."""
    changes = start.config.changes
    if not changes:
        return ()
    said = "; ".join(
        f"at step {each.step:,} {each.name.replace('_', ' ')} became {each.value:g}"
        for each in changes
    )
    times = "one change" if len(changes) == 1 else f"{len(changes)} changes"
    again = st.toggle(f"With {times} made on the way", True, key=start.key("changes"), help=said)
    return changes if again else ()
