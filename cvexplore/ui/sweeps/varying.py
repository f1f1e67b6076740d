"""Which fields of a recipe a sweep varies, and what each is to be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from cvexplore.catalog import architectures
from cvexplore.plugins import Choice, Option
from cvexplore.training import fields
from cvexplore.training.config import RunConfig, settings
from cvexplore.training.sweep import Axis, parse, spans

_FIRST = ("learning_rate", "optimizer", "schedule", "architecture", "augmentations", "batch_size")
_NOT_VARIED = ("fold", "test", "threads", "snapshots")  # they decide nothing about a recipe's worth
_PARTS = ("optimizer", "schedule")
_HEAVY_PARTS = ("dataset", "approach")  # to know their options, torch must be there
_FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)  # of the recipe's own number, to choose from
_SIZES = (0.25, 0.5, 1.0, 2.0, 4.0)
_STOPS = 5  # suggested along a bounded field
_FITTED = ("classes", "channels", "image_size")  # of a network: the data set decides these


def pick_axes(base: RunConfig, mode: str, start: Sequence[Axis], *, key: str) -> tuple[Axis, ...]:
    """Draw the choice of fields and their values.

    Args:
        base: the recipe whose fields they are.
        mode: "grid", or "random" where numbers are drawn between two ends.
        start: axes to begin with.
        key: tells the widgets of several bases apart.

    Raises:
        CvexploreError: a value was typed that the field cannot have.
    """
    heavy = st.toggle(
        "Also offer the options of the network and of the data",
        any(axis.path.partition(".")[0] in ("options", *_HEAVY_PARTS) for axis in start),
        key=f"{key}.heavy",
    )
    begun = {axis.path: axis for axis in start}
    offered = list(dict.fromkeys([*begun, *_offered(base, heavy)]))
    paths = st.multiselect(
        "What to vary",
        offered,
        list(begun),
        format_func=fields.title,
        key=f"{key}.paths",
        placeholder="Choose one or more settings",
        help="Any settings of the recipe. Every run gets one value of each.",
    )
    columns = st.columns(2) if len(paths) > 1 else [st.container()]
    axes = []
    for place, path in enumerate(paths):
        with columns[place % len(columns)]:
            axes.append(_axis(base, path, mode, begun.get(path), f"{key}.{path}"))
    return tuple(axes)


def _offered(base: RunConfig, heavy: bool) -> list[str]:
    found = [*_FIRST, *(each.name for each in settings()), "weights"]
    for part in (*_PARTS, *(_HEAVY_PARTS if heavy else ())):
        found.append(part)
        found += [f"{part}.{name}" for name in _options_of(base, part)]
    for choice in base.augmentations:
        found += [f"augmentations.{choice.name}.{name}" for name in _augmentation(choice.name)]
    if heavy:
        from cvexplore import catalog

        own = [each.name for each in catalog.options(base.architecture)]
        found += [f"options.{name}" for name in own if name not in _FITTED]
    return [path for path in dict.fromkeys(found) if path not in _NOT_VARIED]


def _options_of(base: RunConfig, part: str) -> list[str]:
    registry = fields.registry(part)
    return [option.name for option in registry.options(getattr(base, part).name)]


def _augmentation(name: str) -> list[str]:
    return [option.name for option in fields.registry("augmentations").options(name)]


# ------------------------------------------------------------------ one field


def _axis(base: RunConfig, path: str, mode: str, begun: Axis | None, key: str) -> Axis:
    allowed = fields.option(base, path)
    numeric = allowed.range is not None and not allowed.choices and path not in ("folds", "seed")
    if mode == "random" and numeric:
        return _between(base, path, allowed, key)
    known = {fields.word(each): each for each in _suggested(base, path, allowed)}
    first = [fields.word(each) for each in begun.values] if begun else _to_begin_with(known)
    if begun:
        known |= {fields.word(each): each for each in begun.values}
    words = st.multiselect(
        fields.title(path),
        list(known),
        first,
        key=f"{key}.values",
        accept_new_options=True,
        help=_help(path, allowed),
        placeholder="Type a value and press Enter",
    )
    return Axis(path, tuple(known[w] if w in known else fields.read(base, path, w) for w in words))


def _help(path: str, allowed: Option) -> str:
    more = {
        "augmentations": "Type sets of your own, joined by +.",
        "folds": "Every combination is trained once for each fold; 0 is one split.",
    }
    said = allowed.help and f"{allowed.help[0].upper()}{allowed.help[1:]}. "
    bounds = allowed.range
    if bounds and path not in more:
        return f"{said}From {bounds.low:g} to {bounds.high:g}; type others and press Enter."
    return said + more.get(path, "")


def _between(base: RunConfig, path: str, allowed: Option, key: str) -> Axis:
    """Draw the two ends between which numbers are drawn."""
    assert allowed.range
    own = fields.value(base, path) or allowed.default or allowed.range.high
    low, high = max(allowed.range.low, own / 10), min(allowed.range.high, own * 10)
    text = st.text_input(
        f"{fields.title(path)}, from .. to",
        f"{allowed.type(low):.3g}..{allowed.type(high):.3g}",
        key=f"{key}.ends",
        help=f"Each run draws a number between these two. {_help(path, allowed)}",
    )
    log = st.toggle(
        "By orders of magnitude",
        spans(allowed),
        key=f"{key}.log",
        help="A number is as likely between 0.001 and 0.01 as between 0.01 and 0.1.",
    )
    return replace(parse(base, f"{path}={text}"), log=log)


# ------------------------------------------------------------------ suggestions


def _suggested(base: RunConfig, path: str, allowed: Option) -> list[Any]:
    own = fields.value(base, path)
    own = allowed.default if own is None else own
    if path == "architecture":
        found = [each.name for each in architectures() if each.task == "classification"]
        return list(dict.fromkeys([own, *found]))
    if path == "weights":
        return list(dict.fromkeys([own, "random", "bundled", "pretrained"]))
    if path == "augmentations":
        single = [(Choice(name),) for name in fields.registry(path)]
        return list({fields.word(each): each for each in [(), own, *single]}.values())
    if path == "folds":
        return [3, 5, 10]
    if path == "seed":
        return [own + place for place in range(_STOPS)]
    if allowed.choices:
        return list(allowed.choices)
    if allowed.type is bool:
        return [False, True]
    return _numbers(allowed, own) if allowed.range else [own]


def _numbers(allowed: Option, own: float) -> list[float]:
    """Return numbers around the recipe's own, or along the field where it is bounded or zero."""
    assert allowed.range
    low, high = allowed.range.low, allowed.range.high
    if allowed.type is int:
        found = [round(own * each) for each in _SIZES] if own else []
    elif own and (high > 1 or not allowed.range.step):
        found = [own * each for each in _FACTORS]
    else:
        found = []
    if not found:
        found = [low + (high - low) * place / (_STOPS - 1) for place in range(_STOPS)] + [own]
    inside = {allowed.type(float(f"{each:.3g}")) for each in found if low <= each <= high}
    return sorted(inside)


def _to_begin_with(known: dict[str, Any]) -> list[str]:
    """Return the values an axis begins with: the middle three of those suggested, or the first."""
    words = list(known)
    if all(isinstance(each, (int, float)) for each in known.values()):
        middle = len(words) // 2
        return words[max(0, middle - 1) : middle + 2]
    return words[:3] if len(words) <= 12 else words[:1]
