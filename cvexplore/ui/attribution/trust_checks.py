"""The checks of a map: what each takes, and their results, each computed once in a session."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.ui.attribution import Explaining
from cvexplore.ui.attribution.explained import Request
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from cvexplore.attribution import Asked, Cost, Explanation
    from cvexplore.attribution.trust.deletion import Curve
    from cvexplore.attribution.trust.randomisation import Check

ORDER, INFIDELITY, SENSITIVITY, SANITY = CHECKS = (
    "Deletion and insertion",
    "Infidelity",
    "Sensitivity",
    "Sanity check",
)
_LOTS = 3  # orders drawn by lot, to be held against a map's

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Orders:
    """What deletion and insertion say of one order of the image's cells."""

    deletion: "Curve"
    insertion: "Curve"


@dataclass
class Results:
    """What has been measured of the maps of one image for one class.

    Args:
        orders: of each map; a sentence is why there is none, here and in what follows.
        numbers: infidelity and sensitivity, by map and check.
        sanity: how much of each map stays while the network forgets.
        chance: the mean of orders drawn by lot.
        scores: of images with a square less, which all maps share.
    """

    orders: "dict[Request, Orders | str]"
    numbers: "dict[tuple[Request, str], float | str]"
    sanity: "dict[Request, Check | str]"
    scores: dict[int, float]
    chance: Orders | None = None

    def get(self, asked: Request, check: str) -> "Orders | Check | float | str | None":
        """Return the result of a check; None as long as it was not made."""
        if check == ORDER:
            return self.orders.get(asked)
        found = self.sanity.get(asked) if check == SANITY else self.numbers.get((asked, check))
        return found


def results(explaining: Explaining, target: int) -> Results:
    """Return what has been measured of this image's maps for a class, in this session."""
    return _results(explaining.subject, explaining.picture.fingerprint, target)


@st.cache_resource(max_entries=8, scope="session", show_spinner=False)
def _results(subject: Subject, fingerprint: str, target: int) -> Results:
    return Results({}, {}, {}, {})


# ------------------------------------------------------------------ what it takes


def cost(explaining: Explaining, asked: Request, check: str) -> "Cost":
    """Return what a check of a map takes."""
    from cvexplore.attribution import Cost, method
    from cvexplore.attribution.trust import deletion, faithfulness

    found = results(explaining, asked.target)
    if check == ORDER:
        return Cost(2 * (deletion.STEPS + 1))
    if check == INFIDELITY:
        return Cost(0 if found.scores else faithfulness.SQUARES + 1)
    once = method(asked.choice).cost(asked.asked(explaining))
    times = faithfulness.NEIGHBOURS if check == SENSITIVITY else len(_blocks(explaining))
    return Cost(times * once.forwards, times * once.backwards)


def takes(explaining: Explaining, missing: list[tuple[Request, str]]) -> "Cost":
    """Return what checks take together, with the orders drawn by lot that they need."""
    from cvexplore.attribution import Cost

    costs = [cost(explaining, *each) for each in missing]
    lots = {
        asked.target
        for asked, check in missing
        if check == ORDER and results(explaining, asked.target).chance is None
    }
    return Cost(
        sum(each.forwards for each in costs) + len(lots) * _chance_passes(),
        sum(each.backwards for each in costs),
    )


def _chance_passes() -> int:
    from cvexplore.attribution.trust.deletion import STEPS

    return 2 * _LOTS * (STEPS + 1)


def _blocks(explaining: Explaining) -> tuple[str, ...]:
    return _blocks_of(explaining.subject, explaining)


@st.cache_resource(max_entries=32, show_spinner=False)
def _blocks_of(subject: Subject, _explaining: Explaining) -> tuple[str, ...]:
    from cvexplore.attribution.trust.randomisation import blocks

    with in_turns(lambda count: None) as passes:
        return tuple(each.name for each in blocks(_explaining.asked(0).of(passes=passes)))


# ------------------------------------------------------------------ made


def make(
    explaining: Explaining, asked: Request, explanation: "Explanation", check: str, tell: Tell
) -> None:
    """Make one check and keep its result; ``tell`` hears of passes and may raise to end it."""
    from cvexplore.errors import CvexploreError

    found = results(explaining, asked.target)
    with in_turns(tell) as passes:
        question = asked.asked(explaining).of(passes=passes)
        try:
            _make(explaining, found, asked, question, explanation, check)
        except CvexploreError as error:
            kept: Any = {ORDER: found.orders, SANITY: found.sanity}.get(check)
            if kept is None:
                found.numbers[asked, check] = str(error)
            else:
                kept[asked] = str(error)


def _make(
    explaining: Explaining,
    found: Results,
    asked: Request,
    question: "Asked",
    explanation: "Explanation",
    check: str,
) -> None:
    from cvexplore.attribution.trust import faithfulness
    from cvexplore.attribution.trust.deletion import importance

    if check == ORDER:
        height, width = question.image.shape[-2:]
        found.chance = found.chance or _by_lot(question)
        found.orders[asked] = _orders(question, importance(explanation, height, width))
    elif check == INFIDELITY:
        scores = faithfulness.Scores(question, found.scores)
        found.numbers[asked, check] = faithfulness.infidelity(scores, explanation)
    elif check == SENSITIVITY:
        found.numbers[asked, check] = faithfulness.sensitivity(question, explanation)
    else:
        for each in _sanity(question, explanation, len(_blocks(explaining))):
            found.sanity[asked] = each


def _orders(question: "Asked", importance: Any) -> Orders:
    from cvexplore.attribution.trust.deletion import curve, deletion, insertion

    return Orders(
        curve([*deletion(question, importance)]), curve([*insertion(question, importance)])
    )


def _by_lot(question: "Asked") -> Orders:
    from cvexplore.attribution.trust.deletion import chance, mean_curve

    height, width = question.image.shape[-2:]
    drawn = [_orders(question, chance(height, width, seed)) for seed in range(_LOTS)]
    return Orders(
        mean_curve([each.deletion for each in drawn]),
        mean_curve([each.insertion for each in drawn]),
    )


def _sanity(question: "Asked", explanation: "Explanation", count: int) -> "Iterator[Check]":
    """Yield what is known after each block, so that a check that is stopped keeps its stages."""
    from cvexplore.attribution.trust.randomisation import Check, cascade

    stages: list = []
    for stage in cascade(question, explanation):
        stages.append(stage)
        yield Check(tuple(stages), count)
