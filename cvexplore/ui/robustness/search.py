"""The smallest epsilon at which an attack succeeds: a search that is watched."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.figures.robustness import tries
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject
from cvexplore.ui.robustness.asking import MOST, STEP, Plan, set_epsilon
from cvexplore.ui.robustness.waiting import stoppable
from cvexplore.ui.words import about, plain

if TYPE_CHECKING:
    from cvexplore.robustness import Search

_MOST_TRIES = 14  # 1/8, 1/4, … 16 are eight; then at most six halve what lies between


def show(explaining: Explaining, plan: Plan) -> None:
    """Draw the search for the smallest epsilon by an attack."""
    from cvexplore.robustness import ATTACKS

    st.subheader("How little is enough?")
    shelf = _shelf(explaining.subject, explaining.picture.fingerprint)
    cost = ATTACKS.bind(plan.choice)().cost()
    seconds = _MOST_TRIES * known.speed(explaining).seconds(cost)
    found = shelf.get(plan)
    with st.container(horizontal=True, vertical_alignment="center"):
        go = st.button(
            "Smallest epsilon that flips it"
            if plan.towards is None
            else f"Smallest epsilon that makes it {plain(explaining.label(plan.towards))}",
            icon=":material/search:",
            disabled=found is not None and found.done,
            key="search.go",
        )
        best = found.found if found else None
        if best is not None:
            st.button(
                f"Show it at {best.epsilon:g}",
                icon=":material/visibility:",
                on_click=set_epsilon,
                args=(best.epsilon,),
                key="search.show",
            )
    if found is None:
        st.caption(
            f"Tries {plan.name} at ever larger epsilon, then halves what lies between: at most "
            f"{_MOST_TRIES} attacks, {_MOST_TRIES * cost.forwards:.0f} passes forward, "
            f"{about(seconds)}."
        )
    chart = st.empty()
    if go:
        for found in _searched(explaining, plan, seconds):
            shelf[plan] = found
            _draw(explaining, found, chart)
        st.rerun()  # now that it is done, other buttons are called for
    if found is not None:
        _draw(explaining, found, chart)
        st.caption(_said(explaining, plan, found))


def _searched(explaining: Explaining, plan: Plan, seconds: float) -> "Iterator[Search]":
    """Yield what is known after each try; between passes a click on Stop ends it."""
    from cvexplore.robustness import smallest_epsilon

    own = explaining.predictions[0].index
    made = 0

    def tell(_: int) -> None:
        move(made / _MOST_TRIES, f"{made} epsilons tried")

    with stoppable("search", max(seconds, 2)) as move, in_turns(tell) as passes:
        question = explaining.asked(own).of(passes=passes)
        for search in smallest_epsilon(
            question, plan.choice, most=MOST, step=STEP, towards=plan.towards
        ):
            made = len(search.tries)
            yield search


def _draw(explaining: Explaining, search: "Search", room: DeltaGenerator) -> None:
    own = explaining.predictions[0].index
    shares = [each.probabilities()[1][own].item() for each in search.tries]
    chart = tries(
        [each.epsilon for each in search.tries],
        shares,
        [each.succeeded for each in search.tries],
        explaining.label(own),
    )
    room.plotly_chart(
        chart,
        config={"displaylogo": False},
        key=f"search.chart.{len(search.tries)}",
        alt=f"Probability of {explaining.label(own)} at each epsilon that was tried",
    )


def _said(explaining: Explaining, plan: Plan, search: "Search") -> str:
    """Return what the search came to, and how far that goes."""
    count = len(search.tries)
    tried = f"{count} {'epsilon' if count == 1 else 'epsilons'} tried"
    best = search.found
    if best is None:
        most = max(each.epsilon for each in search.tries)
        ended = "" if search.done else " The search was stopped: more may do."
        return f"{tried}: up to {most:g} of 255, {plan.name} is not enough.{ended}"
    saved = (
        "That survives rounding to 8 bits, as a file is."
        if best.survives
        else "Rounded to 8 bits, as a file is, it does not: the change is too small for that."
    )
    below = "" if search.failed is None else f", and {search.failed.epsilon:g} is not"
    ended = "" if search.done else " The search was stopped: less may do."
    return (
        f"{tried}: {best.epsilon:g} of 255 is enough for "
        f"**{plain(explaining.label(best.label_after))}**{below}. {saved}{ended} A better "
        "attack may need less, so this bounds the network's robustness from above."
    )


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _shelf(subject: Subject, fingerprint: str) -> "dict[Plan, Search]":
    """Return where this session's searches on one image are kept."""
    return {}
