"""The training loop: a generator of what it measures.

    training = Training(RunConfig(epochs=5))
    for point in training.points():
        print(point.step, point.split, point.name, point.value)
    training.save(Path("weights.safetensors"))

Whoever runs it decides what to do with the points, and stops by not asking for more. Everything
that decides the next step is in ``checkpoint()``, so a run that was killed goes on to the same
numbers.
"""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from cvexplore.catalog import weights
from cvexplore.errors import OptionError, RunError
from cvexplore.training.approaches import APPROACHES, network_options
from cvexplore.training.config import MetricPoint, RunConfig
from cvexplore.training.datasets import DATASETS
from cvexplore.training.schedules import SCHEDULES
from cvexplore.training.splits import shuffled, steps_per_epoch, stratified

_EVALUATION_BATCH = 64  # larger batches leave the processor's cache and are slower


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
        dataset = DATASETS.bind(config.dataset)()
        make = APPROACHES[config.approach.name]
        if reason := make.not_applicable(config, dataset):
            raise OptionError(reason)
        torch.manual_seed(config.seed)
        approach = APPROACHES.bind(config.approach)(config, dataset)
        self.approach = approach.to(self.device, memory_format=torch.channels_last)
        self.optimizer = _optimizer(config, self.approach)
        self.train, self.validation = stratified(dataset.labels, config.validation, config.seed)
        self.step = 0
        self.losses: list[float] = []  # of the validation split, one an epoch
        self.seconds = 0.0

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps in one pass over the training images."""
        return steps_per_epoch(len(self.train), self.config.batch_size)

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.config.steps or self.config.epochs * self.steps_per_epoch

    @property
    def epochs(self) -> int:
        """Passes over the training images, the last one perhaps not whole."""
        return math.ceil(self.steps / self.steps_per_epoch)

    def points(self) -> Iterator[MetricPoint]:
        """Train to the end, yielding each measurement as it is made.

        Raises:
            RunError: the loss is no longer a number.
        """
        while len(self.losses) < self.epochs:
            yield from self._learn(epoch=len(self.losses))
            yield from self._measure()

    def _learn(self, epoch: int) -> Iterator[MetricPoint]:
        """Take the steps of one epoch that are still to take."""
        began = time.perf_counter() - self.seconds
        size = self.config.batch_size
        done = self.step - epoch * self.steps_per_epoch
        order = shuffled(self.train, self.config.seed, epoch)
        order = order[done * size : self.steps_per_epoch * size]
        schedule = SCHEDULES.bind(self.config.schedule)
        self.approach.train()
        for batch in self.approach.batches(order, size):
            if self.step >= self.steps:
                return
            rate = self.config.learning_rate * schedule(self.step, self.steps, self.losses)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            values = self.approach.loss(batch)
            self.optimizer.zero_grad(set_to_none=True)
            values["loss"].backward()
            self.optimizer.step()
            self.step += 1
            self.seconds = time.perf_counter() - began
            yield from self._points("train", {k: v.item() for k, v in values.items()})
            yield MetricPoint(self.step, "train", "learning_rate", rate, self.seconds)

    def _measure(self) -> Iterator[MetricPoint]:
        began = time.perf_counter() - self.seconds
        scores = self.evaluate()
        self.losses.append(scores["loss"])
        self.seconds = time.perf_counter() - began
        yield from self._points("validation", scores)

    def _points(self, split: str, values: dict[str, float]) -> Iterator[MetricPoint]:
        for name, value in values.items():
            yield MetricPoint(self.step, split, name, value, self.seconds)
        if not math.isfinite(values["loss"]):
            raise RunError(
                f"The {split} loss is not a number at step {self.step}: "
                f"try a learning rate below {self.config.learning_rate:g}."
            )

    @torch.inference_mode()
    def evaluate(self) -> dict[str, float]:
        """Return the scores on the validation split: means over its pictures, or of them all."""
        self.approach.eval()
        sums: dict[str, float] = {}
        count = 0
        for batch in self.approach.batches(self.validation, _EVALUATION_BATCH):
            size = len(batch.labels)
            for name, value in self.approach.score(batch).items():
                sums[name] = sums.get(name, 0.0) + value.item() * size
            count += size
        means = {name: total / count for name, total in sums.items()}
        together = self.approach.score_of_all(self.validation)
        return means | {name: value.item() for name, value in together.items()}

    def save(self, path: Path) -> None:
        """Write the network's weights, and what they belong to, as a .safetensors file."""
        origin = weights.Origin(
            architecture=self.config.architecture,
            options=network_options(self.config, self.approach.dataset),
            labels=self.approach.dataset.classes,
            preparation=self.approach.preparation,
        )
        weights.save(self.approach.network, origin, path)

    def checkpoint(self) -> dict[str, Any]:
        """Return all that decides the rest of the run."""
        return {
            "approach": self.approach.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "losses": self.losses,
            "seconds": self.seconds,
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state_all() if self.device == "cuda" else [],
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint of the same recipe."""
        self.approach.load_state_dict(checkpoint["approach"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.step, self.seconds = checkpoint["step"], checkpoint["seconds"]
        self.losses = list(checkpoint["losses"])
        torch.set_rng_state(checkpoint["random"])
        if self.device == "cuda":
            torch.cuda.set_rng_state_all(checkpoint["random_gpu"])


def _optimizer(config: RunConfig, approach: torch.nn.Module) -> torch.optim.Optimizer:
    parameters = [p for p in approach.parameters() if p.requires_grad]
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimizer:  # fused: one kernel a step, five times faster on small networks
        case "adamw":
            return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)
        case "adam":
            return torch.optim.Adam(parameters, rate, weight_decay=decay, fused=True)
        case "sgd":
            return torch.optim.SGD(
                parameters, rate, momentum=0.9, nesterov=True, weight_decay=decay, fused=True
            )
        case "rmsprop":
            return torch.optim.RMSprop(parameters, rate, weight_decay=decay)
    raise OptionError(f"optimizer {config.optimizer!r} is unknown.")
