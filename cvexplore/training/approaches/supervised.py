"""Supervised learning: every picture comes with its answer."""

import torch.nn.functional as F
from torch import Tensor

from cvexplore.training.approaches import APPROACHES, Approach, Batch, cannot_classify
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset


@APPROACHES.register("supervised")
class Supervised(Approach):
    """Learn to name the class of a picture from pictures whose class is known.

    The loss is the cross-entropy −log p(right class), averaged over the batch.

    Source: Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors",
    1986.
    """

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot classify these pictures, or None if it can."""
        return cannot_classify(config, dataset)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy, and the share of right answers."""
        scores = self.network(batch.images)
        return {"loss": F.cross_entropy(scores, batch.labels), "accuracy": _accuracy(scores, batch)}

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same two, for pictures the network does not learn from."""
        return self.loss(batch)


def _accuracy(scores: Tensor, batch: Batch) -> Tensor:
    return (scores.detach().argmax(1) == batch.labels).float().mean()
