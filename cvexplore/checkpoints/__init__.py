"""Networks that this project trained and ships with its code: small, and worth looking into.

Each is two files. ``<name>.json`` says how it was trained and how well it does on pictures it never
learned from; ``<name>.safetensors`` holds its weights. To add one, write a ``<name>.json`` with a
title and a recipe: ``make checkpoints`` trains it and fills in the rest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Checkpoint:
    """A trained network that comes with cvexplore.

    Args:
        name: of its two files.
        title: what it learned from, in a word or two.
        recipe: its run's, as ``RunConfig`` reads it; weights bring their own options.
        score: what it reached on the pictures held out, with their split and their count.
    """

    name: str
    title: str
    recipe: Mapping[str, Any]
    score: Mapping[str, Any]

    @property
    def architecture(self) -> str:
        """Its name in the catalog."""
        return self.recipe["architecture"]

    @property
    def dataset(self) -> tuple[str, Mapping[str, Any]]:
        """The data set that it learned from: its name, and its options."""
        data = self.recipe["dataset"]
        return data["name"], data["options"]

    @property
    def weights(self) -> Path:
        """Its .safetensors file."""
        return FOLDER / f"{self.name}.safetensors"


@cache
def checkpoints() -> tuple[Checkpoint, ...]:
    """Return all that are trained."""
    return tuple(map(_read, sorted(FOLDER.glob("*.safetensors"))))


def checkpoint(architecture: str) -> Checkpoint | None:
    """Return the one that is of this architecture, if there is one."""
    return next((each for each in checkpoints() if each.architecture == architecture), None)


def _read(weights: Path) -> Checkpoint:
    said = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    return Checkpoint(weights.stem, said["title"], said["recipe"], said["score"])
