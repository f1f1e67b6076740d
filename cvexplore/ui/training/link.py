"""A recipe as a short text for the address bar: only what differs from the defaults."""

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from cvexplore.training.config import RunConfig

LEFT_OPEN = ("precision", "threads", "fold")  # measured, or each in turn; unless they are named


def written(config: RunConfig, by_hand: Collection[str] = ()) -> str:
    """Return what differs from the defaults as JSON.

    Args:
        config: the recipe.
        by_hand: those of ``LEFT_OPEN`` that a person chose: they are always named.
    """
    usual = asdict(RunConfig())
    named = {
        name: value
        for name, value in asdict(config).items()
        if (name in by_hand if name in LEFT_OPEN else value != usual[name])
    }
    return json.dumps(named, separators=(",", ":"))


def read(text: str) -> tuple[RunConfig, frozenset[str]]:
    """Return the recipe that ``written`` wrote, and which of its fields were chosen by hand.

    Raises:
        CvexploreError: it is no recipe, or names what does not exist.
    """
    config = RunConfig.from_json(text).checked()
    named: dict[str, Any] = json.loads(text)
    return config, frozenset(LEFT_OPEN) & named.keys()
