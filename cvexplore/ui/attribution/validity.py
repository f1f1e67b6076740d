"""Is it valid here? What is known for or against a method on this network, in plain words."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.ui.attribution import Explaining, choosing, known
from cvexplore.ui.attribution.waiting import Cell, agree, takes
from cvexplore.ui.cached import Subject
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.attribution import Doubt, Explanation

_ICONS = {"fine": "", "caution": ":material/warning:", "meaningless": ":material/block:"}
_BADGES = {
    "fine": ":green-badge[:material/check: fine]",
    "caution": ":orange-badge[:material/warning: caution]",
    "meaningless": ":red-badge[:material/block: meaningless here]",
}
_LEVELS = tuple(_BADGES)  # from good to bad


def doubts(explaining: Explaining, choice: Choice, layer: str = "") -> "tuple[Doubt, ...]":
    """Return what is known before it runs against a method's meaning anything here."""
    from cvexplore.attribution.validity import doubts_before

    target = explaining.predictions[0].index if explaining.predictions else 0
    return doubts_before(explaining.asked(target, layer), known.structure(explaining), choice)


def worst(found: "Iterable[Doubt]") -> str:
    """Return the level of the gravest doubt; "fine" where there is none."""
    return max((each.level for each in found), key=_LEVELS.index, default="fine")


def icon(explaining: Explaining, name: str) -> str:
    """Return an icon that warns of a method; nothing where nothing is known against it."""
    return _icons(explaining.subject, explaining.picture.fingerprint, explaining)[name]


# Kept: some doubts look at the image, and the page asks for every icon whenever it is drawn.
@st.cache_resource(max_entries=16, scope="session", show_spinner=False)
def _icons(subject: Subject, fingerprint: str, _explaining: Explaining) -> dict[str, str]:
    from cvexplore.attribution import METHODS

    return {name: _ICONS[worst(doubts(_explaining, Choice(name)))] for name in METHODS}


def say_about(network: Explaining) -> None:
    """Say what makes every map of this network mean less."""
    if known.structure(network).silent_head:
        st.warning(
            "The weights of this network's last layer are all zero, as they are before training: "
            "every class has the same score whatever the image, so no pixel decides anything.",
            icon=":material/block:",
        )


def say(cell: Cell, explanation: "Explanation") -> None:
    """Say below a map what it is worth, and offer what helps."""
    from cvexplore.attribution.validity import doubts_after

    setting = cell.setting
    before = doubts(cell.row.explaining, setting.choice, setting.layer)
    silent = known.structure(cell.row.explaining).silent_head  # then that is all there is to say
    found = before if silent else (*before, *doubts_after(explanation))
    level = worst(found)
    st.markdown(f"{_BADGES[level]} :small[:gray[{_facts(explanation)}]]")
    for place, doubt in enumerate(found):
        st.caption(plain(doubt.sentence))
        if doubt.mend is not None:
            st.button(
                _offer(setting.choice, doubt.mend),
                icon=":material/build:",
                key=f"mend.{place}.{hash(cell.name)}",
                on_click=_use,
                args=(cell, doubt.mend),
            )


def _use(cell: Cell, mend: Choice) -> None:
    """Choose a mend and have its map computed, in a widget's callback."""
    setting = choosing.choose(mend, cell.setting)
    agree([replace(cell, setting=setting)])


def _facts(explanation: "Explanation") -> str:
    whole = explanation.completeness
    parts = [_lasted(explanation.seconds), _counted(explanation.passes)]
    if whole is not None:
        parts.append(
            f"sum off by {whole.error:.1%}" if whole.decided else "sum: too small to compare"
        )
    return " · ".join(parts)


def _lasted(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{1000 * seconds:.0f} ms"


def _counted(passes: int) -> str:
    return "1 pass" if passes == 1 else f"{passes:,} passes"


def _offer(now: Choice, mend: Choice) -> str:
    """Return what a mend does, in words: the other method, or the option that changes."""
    if mend.name != now.name:
        return f"Use {mend.name}"
    changed = [
        f"{name.replace('_', ' ')}: {value}"
        for name, value in mend.options.items()
        if now.options.get(name) != value
    ]
    return f"Use {', '.join(changed)}"


# ------------------------------------------------------------------ all methods


def overview(explaining: Explaining) -> None:
    """List every method with what is known of it on this network, and what it takes."""
    from cvexplore.attribution import METHODS, method

    asked = explaining.asked(0)
    speed = known.speed(explaining)
    for group, names in choosing.by_group().items():
        if not names:
            continue
        st.markdown(f"**{group.capitalize()}**")
        for name in names:
            found = doubts(explaining, Choice(name))
            why = " ".join(plain(each.sentence) for each in found)
            cost = method(Choice(name)).cost(asked)
            st.markdown(
                f"{_BADGES[worst(found)]} **{name}** · {takes(cost, speed.seconds(cost))}  \n"
                f":gray[{plain(METHODS.summary(name))} {why}]"
            )
