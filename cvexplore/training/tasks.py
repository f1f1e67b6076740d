"""What can be asked about a picture: its class, whatever else is known of it, where its object is.

A task has one truth a picture; a network answers it with some numbers, from which come a loss and a
score. How the losses of several tasks become one is at the end.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.training.datasets import Dataset

CLASS, BOX = "class", "box"


@dataclass(frozen=True)
class Task(ABC):
    """A question about every picture of a data set.

    Args:
        name: what it is called.
        truth: the right answers. Shape: (N,) int64, or (N, 4) float32
        outputs: how many numbers an answer has.
    """

    name: str
    truth: Tensor
    outputs: int

    @property
    @abstractmethod
    def score_name(self) -> str:
        """What ``score`` is called among a run's curves."""

    @abstractmethod
    def loss(self, answers: Tensor, truth: Tensor) -> Tensor:
        """Return the mean loss. Shape: (B, outputs) and the truth of these pictures -> ()"""

    @abstractmethod
    def score(self, answers: Tensor, truth: Tensor) -> Tensor:
        """Return how good the answers are on average, from 0 to 1."""


class Naming(Task):
    """Which of several names is right: cross-entropy, and the share of right answers."""

    @property
    def score_name(self) -> str:
        """The class's is what all approaches call so."""
        return "accuracy" if self.name == CLASS else f"{self.name}_accuracy"

    def loss(self, answers: Tensor, truth: Tensor) -> Tensor:
        """Return the mean of −log p(right name)."""
        return F.cross_entropy(answers, truth)

    def score(self, answers: Tensor, truth: Tensor) -> Tensor:
        """Return the share of right names."""
        return (answers.argmax(1) == truth).float().mean()


class Placing(Task):
    """Where the object is: squared error of its box, and the overlap with the true one.

    A box is its centre and its sides, as shares of the picture; answers are squeezed into 0..1.
    """

    @property
    def score_name(self) -> str:
        """Intersection over union."""
        return f"{self.name}_iou"

    def loss(self, answers: Tensor, truth: Tensor) -> Tensor:
        """Return the squared error, summed over a box's four numbers, the mean over pictures."""
        return (answers.sigmoid() - truth).square().sum(1).mean()

    def score(self, answers: Tensor, truth: Tensor) -> Tensor:
        """Return the mean intersection over union."""
        from torchvision.ops import box_iou

        return box_iou(answers.sigmoid(), truth, fmt="cxcywh").diagonal().mean()


def tasks_of(dataset: Dataset) -> tuple[Task, ...]:
    """Return the tasks of a data set: the class, each axis, and the box of what the class names."""
    found: list[Task] = [Naming(CLASS, dataset.labels, len(dataset.classes))]
    found += [Naming(name, axis.values, len(axis.names)) for name, axis in dataset.axes.items()]
    objects = dataset.objects
    if objects is not None and (objects.labels[:, 0] >= 0).all():
        found.append(Placing(BOX, objects.boxes[:, 0], 4))
    return tuple(found)


def by_uncertainty(losses: Tensor, log_sigma: Tensor) -> Tensor:
    """Return Σ L / (2 σ²) + log σ: tasks that cannot be known well get a large σ, and count less.

    Source: Kendall, Gal, Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
    Geometry and Semantics", 2018, arXiv 1705.07115, with the regression's formula for every task.

    Shape: (tasks,) twice -> ()
    """
    return (losses / (2 * torch.exp(2 * log_sigma)) + log_sigma).sum()
