"""The recipe of a run, and one measurement of it; neither needs torch.

The recipe's fields are its form: a page's widgets, the command line's flags, the JSON in the store
and the checks are all read from the annotations below (see ``cvexplore.plugins``).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated, Any, Literal

from cvexplore import plugins
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice, Range


@dataclass(frozen=True)
class MetricPoint:
    """One measured value.

    Args:
        step: optimiser steps done when it was measured.
        split: "train" or "validation".
        name: "loss", "accuracy", "learning_rate", …
        value: may be not-a-number when training diverged.
        seconds: since the run began.
    """

    step: int
    split: str
    name: str
    value: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run: the same recipe and seed give the same curve.

    Options:
        optimizer: how a gradient becomes a step
        learning_rate: the largest the schedule reaches
        weight_decay: how strongly weights are pulled towards zero
        batch_size: images a step
        epochs: passes over the training images
        steps: optimiser steps instead of epochs, 0 to go by epochs
        validation: share of each class held out to measure on
        seed: of the split, the order of the images and the first weights
        snapshots: moments whose weights are kept, to see it learn; fewer of large networks
    """

    architecture: str = "cvexplore/simple_cnn"
    options: Mapping[str, Any] = field(default_factory=dict)
    approach: Choice = field(default_factory=lambda: Choice("supervised"))
    dataset: Choice = field(default_factory=lambda: Choice("mnist_5k"))
    schedule: Choice = field(default_factory=lambda: Choice("cosine"))
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    learning_rate: Annotated[float, Range(1e-6, 10.0)] = 2e-3
    weight_decay: Annotated[float, Range(0.0, 1.0)] = 0.01
    batch_size: Annotated[int, Range(1, 4096, unit="images")] = 64
    epochs: Annotated[int, Range(1, 1000)] = 5
    steps: Annotated[int, Range(0, 1_000_000)] = 0
    validation: Annotated[float, Range(0.05, 0.5, step=0.05)] = 0.2
    seed: Annotated[int, Range(0, 2**31 - 1)] = 0
    snapshots: Annotated[int, Range(0, 100, unit="moments")] = 12

    def checked(self) -> "RunConfig":
        """Return the recipe with every value in its own type and every name known.

        Raises:
            UnknownName: an architecture, part or option that does not exist.
            OptionError: a value that is not allowed.
        """
        from cvexplore import catalog
        from cvexplore.training.approaches import APPROACHES
        from cvexplore.training.datasets import DATASETS
        from cvexplore.training.schedules import SCHEDULES

        allowed = catalog.options(self.architecture)
        plain = {option.name: option.check(getattr(self, option.name)) for option in settings()}
        return replace(
            self,
            **plain,
            options=plugins.check(self.architecture, allowed, self.options),
            approach=Choice(self.approach.name, APPROACHES.check(self.approach)),
            dataset=Choice(self.dataset.name, DATASETS.check(self.dataset)),
            schedule=Choice(self.schedule.name, SCHEDULES.check(self.schedule)),
        )

    def to_json(self) -> str:
        """Return the recipe as text that ``from_json`` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """Return the recipe that ``to_json`` wrote; fields that no longer exist are left out.

        Raises:
            OptionError: this is not a recipe.
        """
        try:
            given = json.loads(text)
            known = {each.name for each in fields(cls)}
            return cls(**{key: _read(key, value) for key, value in given.items() if key in known})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise OptionError(f"This is not a recipe of a run: {error}.") from None


def _read(key: str, value: Any) -> Any:
    match key:
        case "approach" | "dataset" | "schedule":
            return Choice(str(value["name"]), dict(value["options"]))
        case "architecture":
            return str(value)
        case "options":
            return dict(value)
    return value


def settings() -> tuple[plugins.Option, ...]:
    """Return the recipe's plain fields: numbers and words, as options."""
    return tuple(
        o
        for o in plugins.options(RunConfig)
        if o.type in (bool, int, float, str) and (o.range or o.choices)
    )
