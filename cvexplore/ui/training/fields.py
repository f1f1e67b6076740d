"""The recipe's plain fields as widgets, in the groups that belong together."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cvexplore.plugins import Choice, Option, Registry
from cvexplore.training.config import settings
from cvexplore.ui.form import option_form, option_widget
from cvexplore.ui.training.beginning import Beginning

# A group a fold of the form. The speed's fields are drawn in speed.py, the split's in splitting.py.
ESSENTIAL = ("learning_rate", "batch_size", "epochs")
START = ("frozen",)
SPLIT = ("labels", "split", "validation", "test", "folds", "fold", "seed")
AUGMENTATION = ("strength",)
OPTIMIZER = ("accumulate", "clip")
SCHEDULE = ("steps",)
REGULARISATION = ("weight_decay", "decay_all", "ema", "patience", "improvement", "every")
SPEED = ("precision", "threads", "snapshots")

_LABELS = {
    "validation": "Validation share",
    "test": "Test share",
    "split": "Shares are drawn",
    "frozen": "Frozen share of the layers",
    "accumulate": "Accumulate",
    "clip": "Clip gradients at",
    "steps": "Steps instead of epochs",
    "decay_all": "Decay biases and norms too",
    "ema": "EMA of the weights",
    "labels": "Labelled pictures",
    "every": "Measured every",
    "patience": "Early stopping after",
    "improvement": "Least improvement",
    "snapshots": "Keep its weights at",
}
_FINE = ("weight_decay", "improvement")  # a hundredth is a large step of these
_OPTIONS = {option.name: option for option in settings()}


def fields(names: Sequence[str], start: Beginning) -> dict[str, Any]:
    """Draw a widget for each of these fields, side by side, and return their values."""
    with st.grid(min(3, len(names)), min_column_width=130, vertical_alignment="bottom"):
        return {name: field(_OPTIONS[name], start) for name in names}


def field(option: Option, start: Beginning) -> Any:
    """Draw the widget of one field, which begins with the form's."""
    value, key = getattr(start.config, option.name), start.key(option.name)
    if option.name not in _FINE or option.range is None:
        return option_widget(option, value, key=key, label=_LABELS.get(option.name, ""))
    return st.number_input(
        _LABELS.get(option.name) or option.name.replace("_", " ").capitalize(),
        option.range.low,
        option.range.high,
        value,
        0.001,
        format="%.6g",
        key=key,
        help=option.help,
    )


def plug_in(
    label: str, registry: Registry[Any], start: Beginning, *, name: str, help: str | None = None
) -> Choice:
    """Let a person choose a plug-in, read what it does, and set its options.

    Args:
        label: above the choice.
        registry: to choose from.
        start: what the form begins with.
        name: of the recipe's field.
        help: on the choice.
    """
    chosen = pick(label, registry, start, name=name, help=help)
    return Choice(chosen, plug_in_options(chosen, registry, start, name=name))


def pick(
    label: str, registry: Registry[Any], start: Beginning, *, name: str, help: str | None = None
) -> str:
    """Let a person choose a plug-in for a field of the recipe, and return its name."""
    names = list(registry)
    first = names.index(getattr(start.config, name).name)
    chosen = st.selectbox(label, names, first, format_func=spoken, key=start.key(name), help=help)
    st.caption(registry.summary(chosen))
    return chosen


def plug_in_options(
    chosen: str, registry: Registry[Any], start: Beginning, *, name: str
) -> dict[str, Any]:
    """Draw the options of a plug-in, and return those that differ from their defaults."""
    first: Choice = getattr(start.config, name)
    begun = first.options if chosen == first.name else None
    key = start.key(f"{name}.{chosen}")
    return option_form(registry.options(chosen), key=key, start=begun)


def spoken(name: str) -> str:
    """Return a plug-in's name as people say it."""
    return _SPOKEN.get(name, name.replace("_", " "))


_SPOKEN = {
    **{"adamw": "AdamW", "adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"},
    **{"adagrad": "Adagrad", "nadam": "NAdam"},
}
