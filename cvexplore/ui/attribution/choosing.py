"""Which maps to draw: methods with their options, classes, and how maps are coloured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.form import option_form
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.attribution.explanation import Sign
    from cvexplore.attribution.layers import GridLayer

_GROUPS = ("gradients", "a layer", "perturbations", "attention")
_START = ("saliency", "integrated gradients", "Grad-CAM")
_MOST_CLASSES = 6
_SIGNS: "dict[Sign, str]" = {
    "positive": "For it",
    "negative": "Against it",
    "both": "Both",
    "absolute": "Sizes",
}


@dataclass(frozen=True)
class Setting:
    """A method with its options, and the layer it is to ask about ("": its own choice)."""

    choice: Choice
    layer: str = ""


@dataclass(frozen=True)
class Display:
    """How maps are coloured: changes of it compute nothing anew."""

    sign: "Sign"
    strength: float
    clip: float


# ------------------------------------------------------------------ methods


def by_group() -> dict[str, list[str]]:
    """Return the names of all methods, a list for each kind."""
    from cvexplore.attribution import METHODS, method

    kinds = {name: method(Choice(name)).group for name in sorted(METHODS, key=str.lower)}
    return {group: [name for name in kinds if kinds[name] == group] for group in _GROUPS}


def pick_methods(explaining: Explaining, mark: Callable[[str], str]) -> list[str]:
    """Let a person choose methods, and return them, those of the fewest passes first.

    Args:
        explaining: what they are to explain.
        mark: the icon before a method's name that warns of it.
    """
    chosen: list[str] = []
    with st.popover("Methods", icon=":material/checklist:", type="primary", key="methods"):
        for group, names in by_group().items():
            found = st.pills(
                group.capitalize(),
                names,
                selection_mode="multi",
                default=[name for name in _START if name in names],
                format_func=lambda name: f"{mark(name)} {name}".strip(),
                key=_pills_key(group),
                wrap=True,
            )
            chosen += sorted(found, key=names.index)
        st.caption(
            ":material/warning: says less on this network, :material/block: says nothing; why "
            "stands below the maps, under what each method is worth."
        )
    return sorted(chosen, key=lambda name: _passes(explaining, name))


def _passes(explaining: Explaining, name: str) -> float:
    from cvexplore.attribution import method

    cost = method(Choice(name)).cost(explaining.asked(0))
    return cost.forwards + cost.backwards


def pick_settings(explaining: Explaining, names: list[str]) -> dict[str, Setting]:
    """Let a person set each of these methods, behind a button with its name."""
    found = {}
    for name in names:
        with st.popover(name, icon=":material/tune:", key=f"set.{name}"):
            found[name] = _setting(explaining, name)
    return found


def _setting(explaining: Explaining, name: str) -> Setting:
    from cvexplore.attribution import METHODS, method
    from cvexplore.attribution.account import source

    st.markdown(METHODS.summary(name))
    options = option_form(METHODS.options(name), key=_form_key(name))
    layer = _pick_layer(explaining, name) if method(Choice(name)).of_layer else ""
    st.caption(f"Source: {plain(source(name))}")
    return Setting(Choice(name, options), layer)


def _pick_layer(explaining: Explaining, name: str) -> str:
    found = {each.path: each for each in known.layers(explaining)}
    return st.selectbox(
        "Layer",
        ["", *found],
        format_func=lambda path: _words(found[path]) if path else "the method's own",
        key=f"layer.{name}.{explaining.key}",
        help="Those that lie on a grid of the image. Early ones are fine maps of simple things, "
        "late ones coarse maps of whole things.",
    )


def _words(layer: "GridLayer") -> str:
    return f"{layer.path} · {layer.rows} × {layer.columns} places"


def choose(choice: Choice, instead: Setting) -> Setting:
    """Choose a method with these options for a person, in a widget's callback.

    Args:
        choice: the method, and those of its options that matter.
        instead: what was chosen; if the method stays, so do its layer and its other options.
    """
    from cvexplore.attribution import METHODS, method

    key = _pills_key(method(Choice(choice.name)).group)
    chosen = st.session_state.get(key) or []
    if choice.name not in chosen:
        st.session_state[key] = [*chosen, choice.name]
    same = choice.name == instead.choice.name
    wanted = {**instead.choice.options, **choice.options} if same else choice.options
    changed = {}
    for option in METHODS.options(choice.name):
        value = wanted.get(option.name, option.default)
        st.session_state[f"{_form_key(choice.name)}.{option.name}"] = value
        if value != option.default:
            changed[option.name] = value
    return Setting(Choice(choice.name, changed), instead.layer if same else "")


def _pills_key(group: str) -> str:
    return f"methods.{group}"


def _form_key(name: str) -> str:
    return f"options.{name}"


# ------------------------------------------------------------------ classes, colours


def pick_classes(explaining: Explaining) -> list[int]:
    """Let a person choose classes, the likeliest offered first."""
    offered = explaining.offered
    return st.multiselect(
        "Classes",
        list(offered),
        default=list(offered)[:1],
        format_func=offered.__getitem__,
        key=f"classes.{explaining.key}.{explaining.picture.fingerprint}",
        max_selections=_MOST_CLASSES,
        select_all=False,
        placeholder="Which class?",
        help="The likeliest come first; type to find another.",
    )


def pick_display() -> Display:
    """Let a person choose how maps are coloured."""
    with st.container(horizontal=True, gap="medium"):
        sign: Sign = st.segmented_control(  # pyright: ignore[reportAssignmentType]
            "Draw what speaks",
            list(_SIGNS),
            default="positive",
            format_func=_SIGNS.__getitem__,
            required=True,
            key="display.sign",
            help="For or against the class; both, red and blue; or sizes, whatever their sign.",
        )
        strength = st.slider(
            "Strength", 0.1, 1.0, 0.7, 0.05, key="display.strength", width=130, format="percent"
        )
        clip = st.slider(
            "Clip at",
            90.0,
            100.0,
            99.0,
            0.5,
            key="display.clip",
            width=130,
            format="%g %%",
            help="Places beyond this percentile of sizes all count as the strongest.",
        )
    return Display(sign, strength, clip)
