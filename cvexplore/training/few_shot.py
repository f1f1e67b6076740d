"""What all few-shot learning shares: classes that are only asked about, after a few pictures."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.errors import OptionError
from cvexplore.training.approaches import Approach, Batch, cannot_classify
from cvexplore.training.augmentations import kind
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.episodes import TURNS, Episode, Task, turn, turned
from cvexplore.training.prototypes import network_of_prototypes
from cvexplore.training.splits import Split, split


class FewShot(Approach):
    """Learning on base classes what helps to tell novel ones apart after a few pictures.

    It is measured on the same episodes of novel classes, whatever the approach and seed.
    """

    shows = ("episode", "teaching")
    episodes: ClassVar[int] = 100  # of a measurement: for a mean that is good to half a point
    measure: ClassVar[str] = "Squared distance"  # what ``told`` gives for each class
    nearest: ClassVar[bool] = True  # whether the least of it is the answer, or the most

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        super().__init__(config, dataset)
        self._task = Task.of(config)
        self._known = split(dataset.labels, config).labelled  # of all classes

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return the parts: it learns from base classes and is measured on novel ones.

        Novel pictures of the training part are measured on too: nothing learns from them.

        Raises:
            OptionError: too few classes, or too few pictures of them.
        """
        if reason := _too_few_classes(config, dataset):
            raise OptionError(reason)
        parts = split(dataset.labels, config)
        first_novel = len(dataset.classes) - Task.of(config).novel
        is_novel = dataset.labels >= first_novel

        def novel(order: Tensor) -> Tensor:
            return order[is_novel[order]]

        train = parts.labelled[~is_novel[parts.labelled]]
        validation = torch.cat([novel(parts.train), novel(parts.validation)]).sort().values
        return Split(train, validation, novel(parts.test), train)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why no episodes can be made of these classes, or None if they can."""
        reason = cannot_classify(config, dataset) or _too_few_classes(config, dataset)
        if reason:
            return reason
        for each in config.augmentations:
            if kind(each.name) == "mixing":
                return (
                    f"The augmentation {each.name} mixes classes, but each picture of an episode "
                    "is of one: choose one that changes pictures alone."
                )
        known = split(dataset.labels, config).labelled
        absent = dataset.labels[known].bincount(minlength=len(dataset.classes)) == 0
        if absent.any():
            name = dataset.classes[int(absent.int().argmax())]
            return (
                f"No picture of {name} is left to learn from, so nothing is known of it: hold out "
                "fewer, or the same share of each class."
            )
        return _too_few_pictures(config, dataset)

    # ------------------------------------------------------------------ episodes

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Batch]:
        """Yield episodes: one a batch while it learns, otherwise those that stay the same."""
        count = len(order.split(size)) if self.training else self.episodes
        for number in range(first, first + count):
            yield self.episode(number, order)

    def measured_batches(self, order: Tensor, size: int) -> int:
        """Return how many episodes a measurement has."""
        return self.episodes

    def pictures_of_batch(self, order: Tensor, size: int, number: int) -> Tensor:
        """Return the pictures of an episode, those to go by first. Shape: (N,) -> (S + Q,)"""
        episode = self.episode(number, order)
        return torch.cat([episode.shown, episode.asked])

    def episode(self, number: int, order: Tensor | None = None) -> Episode:
        """Return an episode by its number.

        While it learns it is drawn from all base classes, and augmented; otherwise it is one of
        these pictures, as they are, and the same for each seed of a recipe.
        """
        labels, turns = self.dataset.labels, 1
        if self.training:
            random, order = self.random(number, "episode"), self.parts.train
            turns = TURNS if self._task.turned else 1
        else:
            random = torch.Generator().manual_seed(number)
            order = self.parts.validation if order is None else order
        shown, asked, ways = self._task.drawn(*turned(labels, order, turns), random)
        places = torch.cat([shown, asked])
        pictures = self.drawn(places % len(labels))
        if self.training:
            pictures = replace(pictures, images=turn(pictures.images, places // len(labels)))
            pictures = self.augmented(pictures, self.random(number))
        shown, asked = shown % len(labels), asked % len(labels)
        images = self.prepared(pictures.images)
        numbered = torch.arange(ways, device=images.device)
        return Episode(
            images=images[len(shown) :],
            labels=numbered.repeat_interleave(len(asked) // ways),
            support=images[: len(shown)],
            support_labels=numbered.repeat_interleave(len(shown) // ways),
            ways=ways,
            shown=shown,
            asked=asked,
        )

    # ------------------------------------------------------------------ answers

    @abstractmethod
    def answer(self, episode: Episode) -> Tensor:
        """Return one score a class of the episode for each query, the highest its answer.

        Shape: (Q, ways)
        """

    def told(self, scores: Tensor) -> Tensor:
        """Return what people are told of each class, of what ``answer`` gave. Shape: (Q, ways)"""
        return -scores

    def cost(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of these answers: the cross-entropy, if nothing else is said."""
        return F.cross_entropy(scores, labels)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss over an episode's queries, and the share of right answers."""
        assert isinstance(batch, Episode)
        scores = self.answer(batch)
        return {"loss": self.cost(scores, batch.labels), "accuracy": share_right(scores, batch)}

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same, and the share of right answers after one picture of each class."""
        assert isinstance(batch, Episode)
        scores = self.answer(batch)
        one = self.answer(batch.with_shots(1))
        return {
            "loss": self.cost(scores, batch.labels),
            "accuracy": share_right(scores, batch),
            "one_shot_accuracy": share_right(one, batch),
        }

    @torch.no_grad()
    def trained(self) -> nn.Module:
        """Return a copy of the network whose head answers with the nearest prototype.

        Prototypes are of all classes, novel ones too, of the labelled pictures not held out.
        """
        return network_of_prototypes(self.eval(), self._known, len(self.dataset.classes))


def share_right(scores: Tensor, batch: Batch) -> Tensor:
    """Return the share of queries whose highest score is that of their class."""
    return (scores.detach().argmax(1) == batch.labels).float().mean()


def _too_few_pictures(config: RunConfig, dataset: Dataset) -> str | None:
    shots, parts = Task.of(config).shots, FewShot.divide(config, dataset)
    asked = [("base", parts.train), ("novel", parts.validation)]
    if config.test:
        asked.append(("novel test", parts.test))
    for which, order in asked:
        counts = dataset.labels[order].bincount()
        if (counts > shots).sum() < 2:
            return (
                f"Less than two {which} classes have more than {shots} pictures: ask for fewer "
                "shots, or bring more pictures."
            )
    return None


def _too_few_classes(config: RunConfig, dataset: Dataset) -> str | None:
    novel, classes = Task.of(config).novel, len(dataset.classes)
    if classes - novel < 2:
        return (
            f"Of {classes} classes {novel} are held out, which leaves fewer than two to learn from."
        )
    return None
