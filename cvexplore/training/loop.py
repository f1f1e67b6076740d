"""The training loop: a generator of what it measures.

    training = Training(RunConfig(epochs=5))
    for point in training.points():
        print(point.step, point.split, point.name, point.value)
    training.save(Path("weights.safetensors"))

Whoever runs it decides what to do with the points, and stops by not asking for more. Everything
that decides the next step is in ``checkpoint()``, so a run that was killed goes on to the same
numbers. What is changed while it trains is kept as well, so that a run can be repeated.
"""

import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cvexplore.catalog import weights
from cvexplore.errors import OptionError
from cvexplore.training import precision, stopping
from cvexplore.training.approaches import APPROACHES, Approach, network_options
from cvexplore.training.config import Change, MetricPoint, RunConfig, VectorPoint
from cvexplore.training.datasets import DATASETS
from cvexplore.training.descent import Descent
from cvexplore.training.freezing import Freezer
from cvexplore.training.layers import Watch, weighted_layers
from cvexplore.training.measuring import BATCH, Measurement, Value
from cvexplore.training.nonfinite import Diverged, diverged
from cvexplore.training.schedules import SCHEDULES
from cvexplore.training.splits import shuffled, steps_per_epoch
from cvexplore.training.steering import Steering

Point = MetricPoint | VectorPoint

_LOOKS = 64  # at the layers in a whole run; each costs some hundred microseconds


class Training:
    """One run: a network, its data, and how far it is.

    Args:
        config: the recipe.
        device: "cpu", "cuda", …; by default a GPU if there is one.

    Raises:
        CvexploreError: the recipe does not work; the message says why.
    """

    def __init__(self, config: RunConfig, device: str | None = None) -> None:
        self.config = config = config.checked()
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        precision.check(config.precision, self.device)
        dataset = DATASETS.bind(config.dataset)()
        make = APPROACHES[config.approach.name]
        if reason := make.not_applicable(config, dataset):
            raise OptionError(reason)
        torch.manual_seed(config.seed)
        approach = APPROACHES.bind(config.approach)(config, dataset)
        parts = approach.parts
        self.train, self.validation, self.test = parts.train, parts.validation, parts.test
        self.approach: Approach = approach.to(self.device, memory_format=torch.channels_last)
        self._layers = weighted_layers(approach.network, approach.example())
        self._descent = Descent(self.approach, config, self.device)
        self._freezer = Freezer(self._layers)
        self._schedule = SCHEDULES.bind(config.schedule)
        self._steering = Steering(config)
        self.step = 0
        self.losses: list[float] = []  # of the validation split, one a measurement
        self.seconds = 0.0
        self._began = time.perf_counter()
        self._measured = 0  # step after which it was measured last
        self._extended = 0  # measurements made when the length of the run was last changed
        self.batch = self.train[:0]  # the pictures of the last step, or where it diverged
        self._order: tuple[int, Tensor] = (-1, self.train)  # an epoch, and its pictures
        self._put_in_force()

    @property
    def changes(self) -> list[Change]:
        """What was changed so far, by the recipe and by people, in this order."""
        return self._steering.changes

    @property
    def layers(self) -> tuple[str, ...]:
        """Paths of the layers with weights, in the order they are called."""
        return tuple(layer.path for layer in self._layers)

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps in one pass over the training images."""
        return math.ceil(self._batches_per_epoch / self.config.accumulate)

    @property
    def _batches_per_epoch(self) -> int:
        return steps_per_epoch(len(self.train), self.config.batch_size)

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self._steering.recipe.steps or self._steering.recipe.epochs * self.steps_per_epoch

    @property
    def epochs(self) -> int:
        """Passes over the training images, the last one perhaps not whole."""
        return math.ceil(self.steps / self.steps_per_epoch)

    @property
    def ended_early(self) -> str:
        """A sentence on why it ended before its last epoch; empty if it did not."""
        return stopping.why(self.losses, self.config, since=self._extended)

    @property
    def measured(self) -> Approach:
        """What is measured and kept: with the running mean of the weights, or the weights."""
        return self._descent.measured

    def points(self) -> Iterator[MetricPoint]:
        """Train to the end, yielding each single value as it is measured.

        Raises:
            Diverged: the loss is no longer a number.
        """
        for turn in self.turns():
            yield from (point for point in turn if isinstance(point, MetricPoint))

    def turns(self) -> Iterator[list[Point]]:
        """Train to the end, yielding what each optimiser step and each measured batch brought.

        After each turn all is consistent: one may stop, make a checkpoint or change something.

        Raises:
            Diverged: the loss is no longer a number; the points that show it were yielded.
        """
        self._began = time.perf_counter() - self.seconds
        while True:
            if self._epoch_is_over():
                yield from self._measure_epoch()
            elif self._make_changes():
                continue  # they may end the run, or let it go on
            elif self.step >= self.steps or self.ended_early:
                return
            else:
                yield from self._take_step()

    def _epoch_is_over(self) -> bool:
        """Say whether what was learned since the last measurement is to be measured."""
        interval = self.steps_per_epoch * self.config.every
        whole = self.step % interval == 0 or self.step >= self.steps
        return whole and self.step != self._measured

    # ------------------------------------------------------------------ learning

    def _take_step(self) -> Iterator[list[Point]]:
        """Follow the gradient of the next pictures' loss."""
        recipe = self._steering.recipe
        rate = recipe.learning_rate * self._schedule(self.step, self.steps, self.losses)
        look = self.step % max(1, self.steps // _LOOKS) == 0
        watch = Watch(self._layers, self._descent.parameters) if look else None
        chosen = self.batch = self._next_pictures()
        self._freeze()
        self.be_in_training_mode()
        values = self._descent.find_gradients(chosen, self.step, watch)
        if not math.isfinite(values["loss"]):
            yield self._points("train", values.items(), self.step + 1)
            raise self._diverged("train", self.step + 1, chosen)
        self._descent.follow(rate, recipe.weight_decay, self.step, watch)
        self.step += 1
        seen = watch.values() if watch else []
        measured = [*values.items(), *seen, ("learning_rate", rate)]
        yield self._points("train", measured, self.step)

    def _next_pictures(self) -> Tensor:
        """Return the indices of the pictures that the next step learns from."""
        epoch, done = divmod(self.step, self.steps_per_epoch)
        if epoch != self._order[0]:
            order = shuffled(self.train, self.config.seed, epoch)
            whole = self._batches_per_epoch * self.config.batch_size
            self._order = epoch, order[:whole]
        size = self.config.batch_size * self.config.accumulate
        return self._order[1][done * size : (done + 1) * size]

    def be_in_training_mode(self) -> None:
        """Let the network learn, but for what is frozen in it."""
        if not self.approach.training:
            self.approach.train()
            self._freezer.settle()

    # ------------------------------------------------------------------ measuring

    def _measure_epoch(self) -> Iterator[list[Point]]:
        measurement = Measurement(self.measured, self.validation)
        for _ in measurement.batches():
            yield []
        scores = measurement.scores()
        loss = scores["loss"]
        assert isinstance(loss, float)  # which is one value for all approaches
        self.losses.append(loss)
        self._measured = self.step
        yield self._points("validation", scores.items(), self.step)
        if not math.isfinite(loss):
            number = measurement.first_not_finite()
            chosen = self.measured.pictures_of_batch(self.validation, BATCH, number)
            raise self._diverged("validation", self.step, chosen)

    def measure(self, split: str) -> list[Point]:
        """Return the scores on the "validation" or the "test" split."""
        order = self.test if split == "test" else self.validation
        if not len(order):
            raise OptionError(f"The recipe holds out no {split} pictures: raise its {split} share.")
        measurement = Measurement(self.measured, order)
        for _ in measurement.batches():
            pass
        return self._points(split, measurement.scores().items(), self.step)

    def evaluate(self) -> dict[str, float]:
        """Return the scores on the validation split: means over its pictures, or of them all."""
        points = self.measure("validation")
        return {point.name: point.value for point in points if isinstance(point, MetricPoint)}

    def _points(self, split: str, values: Iterable[tuple[str, Value]], step: int) -> list[Point]:
        seconds = self.seconds = time.perf_counter() - self._began
        return [
            VectorPoint(step, split, name, value, seconds)
            if isinstance(value, tuple)
            else MetricPoint(step, split, name, value, seconds)
            for name, value in values
        ]

    def _diverged(self, split: str, step: int, chosen: Tensor) -> Diverged:
        self.batch = chosen
        approach = self.approach if split == "train" else self.measured
        batch = next(approach.batches(chosen, len(chosen), self.step * self.config.accumulate))
        rate = self._steering.recipe.learning_rate
        return diverged(approach, batch, split=split, step=step, rate=rate, pictures=chosen)

    # ------------------------------------------------------------------ steering

    def change(self, name: str, value: float) -> Change:
        """Give a field of the recipe another value, from the next step on; return this change.

        Raises:
            OptionError: the field cannot be changed while it trains, or not to this value.
        """
        return self._steering.change(self.step, name, value)

    def _make_changes(self) -> bool:
        """Put in force what is due; say whether anything was."""
        due = self._steering.make(self.step)
        if any(change.name == "epochs" for change in due):
            self._extended = len(self.losses)
        if due:
            self._put_in_force()
        return bool(due)

    def _put_in_force(self) -> None:
        self.approach.strength = self._steering.recipe.strength
        self._freeze()
        self.approach.eval()  # the next step's training mode settles what is frozen

    def _freeze(self) -> None:
        """Let those layers keep their weights that the recipe, or the approach, wants to now."""
        of_approach = self.approach.frozen(self.step / max(1, self.steps))
        if self._freezer.freeze(max(self._steering.recipe.frozen, of_approach)):
            self.approach.eval()

    # ------------------------------------------------------------------ keeping

    def save(self, path: Path) -> None:
        """Write the network's weights, and what they belong to, as a .safetensors file."""
        origin = weights.Origin(
            architecture=self.config.architecture,
            options=network_options(self.config, self.approach.dataset),
            labels=tuple(self.approach.names),
            preparation=self.approach.preparation,
        )
        weights.save(self.measured.trained(), origin, path)

    def beside(self) -> dict[str, Tensor]:
        """Return what an approach learns beside its network, such as a decoder, by name."""
        kept = self.measured.state_dict()
        return {name: each for name, each in kept.items() if not name.startswith("network.")}

    def checkpoint(self) -> dict[str, Any]:
        """Return all that decides the rest of the run."""
        return {
            "approach": self.approach.state_dict(),
            "descent": self._descent.state(),
            "steering": self._steering.state(),
            "step": self.step,
            "measured": self._measured,
            "extended": self._extended,
            "losses": list(self.losses),
            "seconds": self.seconds,
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state_all() if self.device.startswith("cuda") else [],
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint of the same recipe."""
        self.approach.load_state_dict(checkpoint["approach"])
        self._descent.restore(checkpoint["descent"])
        self._steering.restore(checkpoint["steering"])
        self.step, self.seconds = checkpoint["step"], checkpoint["seconds"]
        self.losses = list(checkpoint["losses"])
        self._measured, self._extended = checkpoint["measured"], checkpoint["extended"]
        self._began = time.perf_counter() - self.seconds
        self._put_in_force()
        torch.set_rng_state(checkpoint["random"])
        if self.device.startswith("cuda"):
            torch.cuda.set_rng_state_all(checkpoint["random_gpu"])
