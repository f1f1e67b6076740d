"""Which pictures are held out: shares, or folds that take turns."""

from dataclasses import replace
from typing import Any

import streamlit as st

from cvexplore.plugins import Range
from cvexplore.training.config import settings
from cvexplore.ui.training.beginning import Beginning
from cvexplore.ui.training.fields import field, fields

_FOLDS = next(option for option in settings() if option.name == "folds")
_USUAL_FOLDS = 5
_ALL = "all, a run each"


def splitting(start: Beginning) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Draw the split, and return the recipe's fields and which folds get a run each.

    Without folds there is one run, of fold 0.
    """
    one, many = "Hold a share out", "k-fold"
    ways = st.segmented_control(
        "Measured on",
        (one, many),
        default=many if start.config.folds else one,
        required=True,
        key=start.key("ways"),
        help="k-fold: the pictures are cut into k parts and every part is held out once, by a run "
        "of its own. The spread of the k results says how much a result owes to its split.",
    )
    chosen: dict[str, Any] = {"folds": 0, "fold": 0}
    folds: tuple[int, ...] = (0,)
    if ways == many:
        chosen["folds"], folds = _k_fold(start)
        chosen["fold"] = folds[0]
    else:
        chosen |= fields(("validation",), start)
    return chosen | fields(("labels", "test", "split", "seed"), start), folds


def _k_fold(start: Beginning) -> tuple[int, tuple[int, ...]]:
    """Draw how many folds there are, and which of them get a run."""
    count = replace(_FOLDS, range=Range(2, 20), default=_USUAL_FOLDS)
    begun = start.config.folds
    filled = replace(start, config=replace(start.config, folds=begun or _USUAL_FOLDS))
    folds = field(count, filled)
    names = (_ALL, *(f"fold {each + 1}" for each in range(folds)))
    first = start.config.fold + 1 if "fold" in start.by_hand and begun == folds else 0
    which = st.selectbox("Runs", names, first, key=start.key(f"which.{folds}"))
    place = names.index(which)
    return folds, (place - 1,) if place else tuple(range(folds))
