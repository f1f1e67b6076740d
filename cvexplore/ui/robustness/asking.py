"""Which attack: its method and options, what it aims at, and how far a pixel may go."""

from dataclasses import dataclass

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.cached import Options, frozen
from cvexplore.ui.form import option_form

MOST = 16.0  # steps of 255; more than that is seen at a glance
STEP = 0.125
_ATTACK = "attack"  # its widget's key, and its name in the URL
EPSILON = "epsilon"  # the slider's key, and its name in the URL


@dataclass(frozen=True)
class Plan:
    """An attack but for its epsilon: its method and options, and the class aimed at, if one is."""

    method: str
    options: Options
    towards: int | None

    @property
    def choice(self) -> Choice:
        """The method as ``cvexplore.robustness`` takes it."""
        return Choice(self.method, dict(self.options))

    @property
    def name(self) -> str:
        """The method as people call it."""
        return self.method.upper()


def pick_plan(explaining: Explaining) -> Plan:
    """Let a person choose an attack."""
    from cvexplore.robustness import ATTACKS

    asked = st.query_params.get(_ATTACK, "").lower()
    if _ATTACK not in st.session_state and asked in ATTACKS:
        st.session_state[_ATTACK] = asked  # the widget itself knows the name in upper case only
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Attack",
            list(ATTACKS),
            default="fgsm",
            format_func=str.upper,
            required=True,
            key=_ATTACK,
            bind="query-params",
            help=" ".join(f"**{each.upper()}:** {ATTACKS.summary(each)}" for each in ATTACKS),
        )
        towards = _pick_towards(explaining)
        options = {}
        if allowed := ATTACKS.options(method):
            with st.popover("Options", icon=":material/tune:"):
                options = option_form(allowed, key=f"attack.{method}")
    return Plan(method, frozen(options), towards)


def _pick_towards(explaining: Explaining) -> int | None:
    own = explaining.predictions[0].index
    offered = {number: name for number, name in explaining.offered.items() if number != own}
    return st.selectbox(
        "To be taken for",
        [None, *offered],
        format_func=lambda each: "anything else" if each is None else offered[each],
        key=f"towards.{explaining.key}.{explaining.picture.fingerprint}",
        help="Anything but what it is taken for now, or a class of your choice; type to find one.",
        width=260,
    )


def pick_epsilon() -> float:
    """Let a person choose how far each pixel may go, in steps of 255."""
    return st.slider(
        "Epsilon: the most a pixel may change, in steps of 255",
        0.0,
        MOST,
        2.0,
        STEP,
        format="%g",
        key=EPSILON,
        bind="query-params",
        help="A picture file holds 256 steps from black to white. 8 of them is what most papers "
        "allow; hardly anybody sees 2.",
    )


def set_epsilon(epsilon: float) -> None:
    """Move the slider for a person, in a widget's callback."""
    st.session_state[EPSILON] = epsilon
