"""What the training form begins with: a link, a run's recipe, a ready-made one, or how it was left.

The whole recipe stands in one query parameter, ``recipe``, so that the form survives a reload and
can be sent as a link; single fields beside it, such as ``epochs``, go before it. Widgets begin with
the values of the ``Beginning``; its number is part of their keys, so that another one fills the
form anew.
"""

from dataclasses import dataclass, field, fields, replace

import streamlit as st

from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training import fields as paths
from cvexplore.training.config import RunConfig
from cvexplore.ui.training import link
from cvexplore.ui.training.clone import RUN

RECIPE = "recipe"
_KEPT = "train.beginning"
_LEFT = "train.left"  # the recipe as the form showed it last, as a text
_SHORT = {"train": "architecture", "data": "dataset"}  # what other pages' links call these
_OWN = "own:"  # stands before the id of a data set of one's own
_FIELDS = tuple(each.name for each in fields(RunConfig))


@dataclass(frozen=True)
class Beginning:
    """What the form begins with.

    Args:
        number: how often the form was filled before.
        config: the values its widgets begin with.
        by_hand: those of ``link.LEFT_OPEN`` that are not left open.
        run: whose recipe this is; "" for nobody's.
        preset: the ready-made recipe's title; "" for none.
        trouble: why the address could not be followed; "" if it could.
    """

    number: int = 0
    config: RunConfig = field(default_factory=RunConfig)
    by_hand: frozenset[str] = frozenset()
    run: str = ""
    preset: str = ""
    trouble: str = ""

    def key(self, name: str) -> str:
        """Return the key of a widget of this form."""
        return f"train.{self.number}.{name}"


def beginning() -> Beginning:
    """Return what the form begins with now.

    Widgets of a page that was left are gone, so the first of them tells whether the page was opened
    just now or is only drawn again.
    """
    kept: Beginning | None = st.session_state.get(_KEPT)
    if kept is not None and kept.key("preset") in st.session_state:
        return kept
    return _keep(_asked_for(kept.number + 1 if kept else 0))


def begin(config: RunConfig, preset: str = "") -> None:
    """Fill the form with a ready-made recipe, in a widget's callback."""
    kept: Beginning | None = st.session_state.get(_KEPT)
    _keep(Beginning(kept.number + 1 if kept else 0, config, preset=preset))
    st.query_params.clear()
    # The form is drawn with this beginning, though its first widget was never drawn before.
    st.session_state[st.session_state[_KEPT].key("preset")] = preset or None


def keep_in_link(config: RunConfig, by_hand: frozenset[str], run: str) -> None:
    """Write the recipe into the page's address."""
    text = link.written(config, by_hand)
    st.session_state[_LEFT] = text
    wanted = {RECIPE: text} | ({RUN: run} if run else {})
    if text == "{}":
        del wanted[RECIPE]
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _keep(found: Beginning) -> Beginning:
    st.session_state[_KEPT] = found
    return found


def _asked_for(number: int) -> Beginning:
    """Return what the page's address asks for; where it says nothing, the form as it was left."""
    asked = st.query_params
    run = asked.get(RUN, "")
    try:
        if RECIPE in asked:
            config, by_hand = link.read(asked[RECIPE])
            return Beginning(number, _laid_over(config), by_hand, run=run)
        if run:
            whole = _laid_over(RunStore().run(run).recipe)
            return Beginning(number, whole, frozenset(link.LEFT_OPEN), run=run)
        if (config := _laid_over(_usual(asked.get("approach")))) != RunConfig():
            return Beginning(number, config, frozenset(link.LEFT_OPEN) & {*asked})
        return Beginning(number, *link.read(st.session_state.get(_LEFT, "{}")))
    except CvexploreError as error:
        return Beginning(number, trouble=str(error))


def _usual(approach: str | None) -> RunConfig:
    """Return the recipe an address begins with: that of the way to learn it names, if it does."""
    if approach is None:
        return RunConfig()
    from cvexplore.training.approaches import standard

    return standard(approach)


def _laid_over(config: RunConfig) -> RunConfig:
    """Return a recipe with the fields that the address names beside it, such as epochs=20."""
    for said, text in st.query_params.items():
        path = _SHORT.get(said, said)
        if path.partition(".")[0] not in _FIELDS:
            continue
        if path == "dataset" and text.startswith(_OWN):
            own = Choice("own", {"id": text.removeprefix(_OWN)})
            config = replace(config, dataset=own)
        else:
            config = paths.having(config, path, paths.read(config, path, text))
    return config.checked()
