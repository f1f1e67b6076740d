"""Learning from one kind of pictures to be asked about another, whose classes nobody has told.

The data set's axis "domain" says which picture is of which: its first value is the source, whose
labels are learned from, its second the target, whose labels only measure.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cvexplore.training.approaches import Batch
from cvexplore.training.approaches.supervised import Supervised
from cvexplore.training.augmentations import kind
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.splits import Split, few, split, steps_per_epoch, stratified
from cvexplore.training.telling import of_known, only_of

AXIS = "domain"
_HELD_OUT = 0.1  # of the source's pictures, to see what adapting costs at home
_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class TwoDomains(Batch):
    """Pictures of both domains; while it learns, labels of the target are ``telling.UNKNOWN``.

    Args:
        source: which pictures are of the source. Shape: (B,), bool
        progress: share of the run's steps that are taken.
    """

    source: Tensor
    progress: float


def is_source(dataset: Dataset) -> Tensor:
    """Return which pictures are of the domain whose labels are learned from. Shape: (N,), bool"""
    return dataset.axes[AXIS].values == 0


class Adaptation(Supervised):
    """Cross-entropy on the source, and whatever an approach adds to make it hold on the target.

    Both domains go through the network in one batch: with a pass each, batch normalisation would
    divide each by its own spread while it learns, and both by a common one when it is measured.
    """

    shows = ("domains",)

    at_home: Tensor  # indices of the source's pictures that nothing learns from

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        super().__init__(config, dataset)
        self._source = is_source(dataset)
        self.at_home = _split_source(config, dataset)[1]
        batches = steps_per_epoch(len(self.parts.train), config.batch_size)
        steps = config.steps or config.epochs * math.ceil(batches / config.accumulate)
        self._batches = steps * config.accumulate

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from one domain for the other, or None if it can."""
        axis = dataset.axes.get(AXIS)
        if axis is None or len(axis.names) != 2:
            return (
                f"The pictures of {config.dataset.name} are of one kind: choose mnist_to_digits, "
                "mnist_to_photos, or shapes with domain=both."
            )
        for each in config.augmentations:
            if kind(each.name) == "mixing":
                return (
                    f"The augmentation {each.name} mixes classes, but those of the target are not "
                    "told: choose one that changes pictures alone."
                )
        return Supervised.not_applicable(config, dataset)

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return the parts: it learns from both domains and is measured on the target alone.

        The shares held out are of the target. A tenth of the source is in no part: it tells how
        good the network still is there.
        """
        target = split_target(config, dataset)
        source, _ = _split_source(config, dataset)
        train = torch.cat([source, target.train]).sort().values
        labelled = few(dataset.labels, source, config.labels, config.seed)
        return Split(train, target.validation, target.test, labelled)

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[TwoDomains]:
        """Yield batches of both domains; while it learns, without the labels it must not know."""
        device = self._mean.device
        plain = super().batches(order, size, first)
        parts = zip(order.split(size), plain, strict=True)
        for number, (chosen, batch) in enumerate(parts, start=first):
            labels = batch.labels
            if self.training:
                labels = only_of(self.parts.labelled, labels, chosen)
            source, progress = self._source[chosen].to(device), min(1.0, number / self._batches)
            yield TwoDomains(batch.images, labels, source=source, progress=progress)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy of the source's pictures, and how many of them are right."""
        return of_source(self(batch.images), batch.labels)

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what a classifier's answers on the target are worth, and its accuracy at home."""
        truth = self.dataset.labels[self.at_home]
        home = (self.answers_on(self.at_home).argmax(1).cpu() == truth).double().mean()
        return {**super().score_of_all(order, answers), "source_accuracy": home}

    @torch.no_grad()
    def answers_on(self, order: Tensor) -> Tensor:
        """Return the scores of these pictures as they are. Shape: (N,) -> (N, classes)"""
        parts = order.split(_AT_ONCE)
        return torch.cat([self(self.prepared(self.drawn(part).images)) for part in parts])


def of_source(scores: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return the cross-entropy and accuracy of the pictures whose class is told: the source's.

    Their accuracy has a name of its own, for the target's is no measure of learning by heart.

    Shape: (B, classes), (B,) -> two scalars
    """
    told = of_known(scores, labels)
    return {"loss": told["loss"], "source_accuracy": told["accuracy"]}


def split_target(config: RunConfig, dataset: Dataset) -> Split:
    """Return the parts of the target's pictures that the recipe asks for."""
    target = (~is_source(dataset)).nonzero()[:, 0]
    parts = split(dataset.labels[target], config)
    return Split(*(target[each] for each in (parts.train, parts.validation, parts.test)))


def _split_source(config: RunConfig, dataset: Dataset) -> tuple[Tensor, Tensor]:
    """Return the source's pictures to learn from, and those to measure on."""
    source = is_source(dataset).nonzero()[:, 0]
    parts = stratified(dataset.labels[source], _HELD_OUT, config.seed)
    return source[parts[0]], source[parts[1]]
