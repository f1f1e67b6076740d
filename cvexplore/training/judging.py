"""What a trained classifier makes of each picture of a split: its answer, and how wrong it is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.images import Preparation
from cvexplore.training.datasets import Dataset

_BATCH = 64  # larger ones leave the processor's cache and are slower


@dataclass(frozen=True)
class Judged:
    """Some pictures, and what was made of each; all arrays are of one length.

    Args:
        pictures: places in the data set.
        labels: true classes.
        answers: the likeliest classes.
        shares: probability of each answer.
        right: probability of each true class.
    """

    pictures: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    shares: np.ndarray
    right: np.ndarray

    @property
    def losses(self) -> np.ndarray:
        """Return each picture's cross-entropy, −log p(right class)."""
        return -np.log(np.maximum(self.right, np.finfo(np.float32).tiny))

    def worst(self, true: int | None = None, answer: int | None = None) -> np.ndarray:
        """Return places of the mistakes in these arrays, the highest loss first.

        Args:
            true: only pictures of this class; None for all.
            answer: only those that were given this class; with both the same, those that are right.
        """
        asked = self.labels != self.answers
        if true is not None and true == answer:
            asked = np.ones_like(asked)
        if true is not None:
            asked &= self.labels == true
        if answer is not None:
            asked &= self.answers == answer
        places = np.flatnonzero(asked)
        return places[np.argsort(self.right[places], kind="stable")]


def judge(
    network: nn.Module, dataset: Dataset, order: Tensor, preparation: Preparation
) -> Iterator[Judged]:
    """Yield what a network makes of these pictures, batch by batch.

    Args:
        network: gives one score a class; it is asked as it is, so put it in evaluation mode.
        dataset: of which the pictures are.
        order: their places. Shape: (N,)
        preparation: what the network was trained with.
    """
    mean, std = (torch.tensor(each).reshape(1, -1, 1, 1) for each in _statistics(preparation))
    for chosen in order.split(_BATCH):
        pixels = dataset.images[chosen].float() / 255
        pixels = pixels.expand(-1, preparation.channels, -1, -1)  # grey is shown to each channel
        with torch.inference_mode():
            shares = F.softmax(network((pixels - mean) / std).float(), dim=1)
        labels = dataset.labels[chosen]
        best = shares.max(1)
        right = shares.gather(1, labels[:, None])[:, 0]
        found = (chosen, labels, best.indices, best.values, right)
        yield Judged(*(each.numpy() for each in found))


def together(parts: list[Judged]) -> Judged:
    """Return the parts as one."""
    names = ("pictures", "labels", "answers", "shares", "right")
    return Judged(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _statistics(preparation: Preparation) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return preparation.mean, preparation.std
