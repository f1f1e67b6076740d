"""Supervised learning: every picture comes with its answer."""

from collections.abc import Mapping
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.plugins import Range
from cvexplore.training import metrics
from cvexplore.training.approaches import APPROACHES, Approach, Batch, cannot_classify
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset


@APPROACHES.register("supervised")
class Supervised(Approach):
    """Learn to name the class of a picture from pictures whose class is known.

    The loss is the cross-entropy −log p(right class), averaged over the batch. Of two pictures that
    an augmentation mixed, both classes count, by their shares.

    Options:
        label_smoothing: share of the answer that is spread evenly over all classes

    Source: Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors",
    1986; label smoothing from Szegedy et al., 2015, arXiv 1512.00567.
    """

    card = Card(
        title="Supervised",
        family="Supervised",
        year=1986,
        idea="Every picture comes with its class; the network is told how far off its answer is.",
        formula=r"L = -\log p_\theta(y \mid x)",
        source="Rumelhart, Hinton, Williams, Learning representations by back-propagating errors, "
        "1986",
        data="pictures with their class, some hundred of each from random weights",
        annotation="class",
        helps="where labels are there, or cheap: with enough of them nothing here does better",
        fails="with a handful of labels a class it learns them by heart",
        applications="reading digits, sorting products, diagnosis from scans",
    )

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        label_smoothing: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.0,
    ) -> None:
        super().__init__(config, dataset)
        self._smoothing = label_smoothing

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot classify these pictures, or None if it can."""
        return cannot_classify(config, dataset)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy, and the share of right answers."""
        scores = self(batch.images)
        right = scores.detach().argmax(1) == batch.labels
        return {"loss": self._cross_entropy(scores, batch), "accuracy": right.float().mean()}

    def _cross_entropy(self, scores: Tensor, batch: Batch) -> Tensor:
        smooth = self._smoothing
        if batch.others is None or batch.shares is None:
            return F.cross_entropy(scores, batch.labels, label_smoothing=smooth)
        main, other = (
            F.cross_entropy(scores, labels, reduction="none", label_smoothing=smooth)
            for labels in (batch.labels, batch.others)
        )
        return torch.lerp(other, main, batch.shares).mean()

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the plain cross-entropy, and which class each picture is given."""
        scores = self(batch.images)
        return {"loss": F.cross_entropy(scores, batch.labels), "predicted": scores.argmax(1)}

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return accuracy, the classes' mean precision, recall and F1, and the confusion matrix."""
        labels, predicted = self.dataset.labels[order], answers["predicted"].cpu()
        confusion = metrics.confusion(predicted, labels, len(self.dataset.classes))
        found = metrics.scores(confusion.numpy())
        means = {name: getattr(found, name) for name in ("accuracy", "precision", "recall", "f1")}
        scalars = {name: torch.tensor(value, dtype=torch.float64) for name, value in means.items()}
        return {**scalars, "confusion": confusion}
