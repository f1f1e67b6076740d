"""A plug-in's options as widgets: the signature is the form."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from cvexplore.plugins import Option, Range

_MOST_AT_ONCE = 10
_MOST_STOPS = 64  # of a slider, before single ones are hard to hit


def option_form(
    options: Iterable[Option], *, key: str, start: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Draw a widget an option and return those values that differ from the defaults.

    Where there are many, the later ones wait in an expander: options stand in the order of use.

    Args:
        options: what to ask for.
        key: tells the widgets of several forms apart; a change of it starts the form anew.
        start: values to begin with instead of the defaults.
    """
    asked = tuple(options)
    shown = _shown(asked)
    chosen = _values(asked[:shown], key, start or {})
    if asked[shown:]:
        changed = any(each.name in (start or {}) for each in asked[shown:])
        with st.expander("More options", expanded=changed):
            chosen |= _values(asked[shown:], key, start or {})
    return chosen


def _values(options: Iterable[Option], key: str, start: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {}
    for option in options:
        first = start.get(option.name, option.default)
        value = option_widget(option, first, key=f"{key}.{option.name}")
        if value != option.default:
            chosen[option.name] = value
    return chosen


def _shown(options: tuple[Option, ...]) -> int:
    """Return how many options are seen at once; those of one list, depths_1 … 4, stay together."""
    if len(options) <= _MOST_AT_ONCE:
        return len(options)
    shown = _MOST_AT_ONCE
    while shown > 1 and _list_of(options[shown]) == _list_of(options[shown - 1]) != "":
        shown -= 1
    return shown


def _list_of(option: Option) -> str:
    name, _, place = option.name.rpartition("_")
    return name if place.isdigit() else ""


def option_widget(option: Option, value: Any, *, key: str, label: str = "") -> Any:
    """Draw the widget for one option: a toggle, a choice, a slider or a number field.

    Args:
        option: what is asked for.
        value: to begin with.
        key: the widget's.
        label: what it is called, if not by the option's name.
    """
    bounds = option.range
    label = label or option.name.replace("_", " ").capitalize()
    if bounds and bounds.unit:
        label += f" ({bounds.unit})"
    about: dict[str, Any] = {"key": key, "help": option.help or None}
    if option.type is bool:
        return st.toggle(label, value, **about)
    if option.choices:
        return _choice(label, option.choices, value, about)
    if bounds is None:
        return st.text_input(label, value, **about)
    if option.type is int:
        return _whole_number(label, bounds, value, about)
    return _number(label, bounds, float(value), about)


def _choice(label: str, choices: tuple[Any, ...], value: Any, about: dict[str, Any]) -> Any:
    if len(choices) <= 5:
        return st.segmented_control(
            label, choices, default=value, required=True, format_func=str, wrap=True, **about
        )
    return st.selectbox(label, choices, choices.index(value), format_func=str, **about)


def _whole_number(label: str, bounds: Range, value: int, about: dict[str, Any]) -> int:
    low, high = int(bounds.low), int(bounds.high)
    if high - low <= _MOST_STOPS:
        return st.slider(label, low, high, value, int(bounds.step or 1), **about)
    return st.number_input(label, low, high, value, int(bounds.step or 1), **about)


def _number(label: str, bounds: Range, value: float, about: dict[str, Any]) -> float:
    """Draw a slider, or a field where values span orders of magnitude or end between two stops."""
    low, high = float(bounds.low), float(bounds.high)
    shares = low == 0 and high <= 1 and round(high * 100) == high * 100
    if bounds.step or shares:
        return st.slider(label, low, high, value, float(bounds.step or 0.01), **about)
    step = 10.0 ** math.floor(math.log10(value or high))
    return st.number_input(label, low, high, value, step, format="%.6g", **about)
