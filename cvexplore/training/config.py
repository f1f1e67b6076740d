"""The recipe of a run, and what is measured of it; neither needs torch.

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

STEERABLE = ("learning_rate", "weight_decay", "strength", "frozen", "epochs")


@dataclass(frozen=True)
class MetricPoint:
    """One measured value.

    Args:
        step: optimiser steps done when it was measured.
        split: "train", "validation" or "test".
        name: "loss", "accuracy", "learning_rate", …
        value: may be not-a-number when training diverged.
        seconds: since the run began.
    """

    step: int
    split: str
    name: str
    value: float
    seconds: float


@dataclass(frozen=True)
class VectorPoint:
    """Several values measured at once: one a layer, or one for each pair of classes.

    Args:
        step: optimiser steps done when they were measured.
        split: "train", "validation" or "test".
        name: "gradient_norm", "update_ratio" or "dead" (one a layer), or "confusion": how many
            pictures of a true class were given each class, the true classes' rows one by one.
        values: in the order of the run's layers or classes.
        seconds: since the run began.
    """

    step: int
    split: str
    name: str
    values: tuple[float, ...]
    seconds: float


@dataclass(frozen=True)
class Change:
    """A field of the recipe that gets another value while the run trains.

    Args:
        step: optimiser steps done when it is changed; the next step is taken with the new value.
        name: one of ``STEERABLE``.
        value: from then on.
    """

    step: int
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run: the same recipe and seed give the same curve.

    Options:
        learning_rate: the largest the schedule reaches
        batch_size: pictures whose gradients are found together
        epochs: passes over the training pictures
        weight_decay: how strongly weights are pulled towards zero
        decay_all: whether biases and normalisation layers are pulled to zero too
        steps: optimiser steps instead of epochs, 0 to go by epochs
        strength: of the augmentation: 0 leaves pictures as they are, 1 is as its options say
        frozen: share of the layers, from the image on, that keep their weights; 1 spares the last
        clip: longest gradient a step may follow, longer ones are shortened; 0 for no limit
        accumulate: batches whose gradients are added up for one step
        precision: bf16 and fp16 compute with numbers of half the size, where the machine has them
        ema: share of the old value in the running mean of the weights, what is measured; 0: none
        every: epochs from one measurement of the validation pictures to the next
        patience: epochs without a better validation loss before it ends, 0 to go to the end
        improvement: how much lower a validation loss must be to be better
        split: whether each class gives its share to every part
        labels: pictures of each class whose class is known, 0 for all; what others are for is the
            approach's to say
        validation: share held out to measure on while it learns
        test: share measured once at the very end, never learned from; the same for every seed
        folds: parts that take turns to be held out instead of that share; 0 for one split
        fold: which of these parts this run holds out
        seed: of the split but its test, the pictures' order and augmentation, and the first weights
        threads: of the processor
        snapshots: moments whose weights are kept, to see it learn; fewer of large networks
    """

    architecture: str = "cvexplore/simple_cnn"
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: str = "random"  # to start from, a word of catalog.weights; a head that fits is kept
    approach: Choice = field(default_factory=lambda: Choice("supervised"))
    dataset: Choice = field(default_factory=lambda: Choice("mnist_5k"))
    augmentations: tuple[Choice, ...] = ()  # one after the other
    optimizer: Choice = field(default_factory=lambda: Choice("adamw"))
    schedule: Choice = field(default_factory=lambda: Choice("cosine"))
    changes: tuple[Change, ...] = ()  # made while it trains
    learning_rate: Annotated[float, Range(1e-6, 10.0)] = 2e-3
    batch_size: Annotated[int, Range(1, 4096, unit="images")] = 64
    epochs: Annotated[int, Range(1, 1000)] = 5
    weight_decay: Annotated[float, Range(0.0, 1.0)] = 0.01
    decay_all: bool = True
    steps: Annotated[int, Range(0, 1_000_000)] = 0
    strength: Annotated[float, Range(0.0, 1.0, step=0.05)] = 1.0
    frozen: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.0
    clip: Annotated[float, Range(0.0, 1000.0)] = 0.0
    accumulate: Annotated[int, Range(1, 64, unit="batches")] = 1
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    ema: Annotated[float, Range(0.0, 0.9999)] = 0.0
    every: Annotated[int, Range(1, 1000, unit="epochs")] = 1
    patience: Annotated[int, Range(0, 100, unit="epochs")] = 0
    improvement: Annotated[float, Range(0.0, 1.0)] = 0.0
    split: Literal["stratified", "random"] = "stratified"
    labels: Annotated[int, Range(0, 10_000, unit="a class")] = 0
    validation: Annotated[float, Range(0.05, 0.5, step=0.05)] = 0.2
    test: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.0
    folds: Annotated[int, Range(0, 20)] = 0
    fold: Annotated[int, Range(0, 19)] = 0
    seed: Annotated[int, Range(0, 2**31 - 1)] = 0
    threads: Annotated[int, Range(1, 64)] = 1
    snapshots: Annotated[int, Range(0, 100, unit="moments")] = 12

    def checked(self) -> "RunConfig":
        """Return the recipe with every value in its own type and every name known.

        Raises:
            UnknownName: an architecture, part or option that does not exist.
            OptionError: a value that is not allowed.
        """
        from cvexplore import catalog
        from cvexplore.training.approaches import APPROACHES
        from cvexplore.training.augmentations import AUGMENTATIONS
        from cvexplore.training.datasets import DATASETS
        from cvexplore.training.optimizers import OPTIMIZERS
        from cvexplore.training.schedules import SCHEDULES

        def known(registry: plugins.Registry[Any], choice: Choice) -> Choice:
            return Choice(choice.name, registry.check(choice))

        allowed = catalog.options(self.architecture)
        plain = {option.name: option.check(getattr(self, option.name)) for option in settings()}
        if (plain["folds"] and plain["fold"] >= plain["folds"]) or plain["folds"] == 1:
            raise OptionError(f"fold {self.fold} of {self.folds} folds, counted from 0, is none.")
        return replace(
            self,
            **plain,
            options=plugins.check(self.architecture, allowed, self.options),
            approach=known(APPROACHES, self.approach),
            dataset=known(DATASETS, self.dataset),
            augmentations=tuple(known(AUGMENTATIONS, each) for each in self.augmentations),
            optimizer=known(OPTIMIZERS, self.optimizer),
            schedule=known(SCHEDULES, self.schedule),
            changes=tuple(map(_checked_change, self.changes)),
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
        case "approach" | "dataset" | "schedule" | "optimizer":
            return _read_choice(value)
        case "augmentations":
            return tuple(map(_read_choice, value))
        case "changes":
            return tuple(Change(int(c["step"]), str(c["name"]), float(c["value"])) for c in value)
        case "architecture" | "weights":
            return str(value)
        case "options":
            return dict(value)
    return value


def _read_choice(value: Any) -> Choice:
    if isinstance(value, str):  # an optimiser once was a word
        return Choice(value)
    return Choice(str(value["name"]), dict(value["options"]))


def _checked_change(change: Change) -> Change:
    return replace(change, value=steered(change.name, change.value))


def steered(name: str, value: float) -> float:
    """Return a value that a field of the recipe may get while the run trains.

    Raises:
        OptionError: the field cannot be changed then, or not to this value.
    """
    if name not in STEERABLE:
        raise OptionError(f"{name} stays as it is; what can be steered: {', '.join(STEERABLE)}.")
    return next(option for option in settings() if option.name == name).check(value)


def settings() -> tuple[plugins.Option, ...]:
    """Return the recipe's plain fields: numbers, words and switches, as options."""
    return tuple(
        o
        for o in plugins.options(RunConfig)
        if o.type is bool or (o.type in (int, float, str) and (o.range or o.choices))
    )
