"""Barlow Twins: each number of the features should survive the changes, and say something new."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from cvexplore.plugins import Range
from cvexplore.training import heads
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.self_supervised import TwoViews, Views

_LEAST_SPREAD = 1e-5  # as batch normalisation has it, in variances


@APPROACHES.register("barlow_twins")
class BarlowTwins(TwoViews):
    """Learn features whose numbers stay the same in two views of a picture, and differ in meaning.

    Over the batch, each number of one view is correlated with each of the other view. The loss
    pulls this square of correlations to 1 on its diagonal and to 0 beside it. No picture is held
    against another one, so small batches do.

    Options:
        redundancy: weight of what two different numbers have in common
        width: numbers that a view is projected to

    Source: Zbontar, Jing, Misra, LeCun, Deny, "Barlow Twins: Self-Supervised Learning via
    Redundancy Reduction", 2021, arXiv 2103.03230.
    """

    card = Card(
        title="Barlow Twins",
        family="Self-supervised",
        year=2021,
        idea="Change a picture twice at random. Each number of its features should stay the same, "
        "and no two numbers should say the same: so nothing can collapse into one answer.",
        formula=r"L = \sum_i (1 - C_{ii})^2 + \lambda \sum_i \sum_{j \neq i} C_{ij}^2",
        source="Zbontar, Jing, Misra, LeCun, Deny, Barlow Twins: Self-Supervised Learning via "
        "Redundancy Reduction, 2021, arXiv 2103.03230",
        data="many pictures without labels, and augmentations that leave the class as it is",
        annotation="none",
        helps="as SimCLR does, without needing a batch full of other pictures",
        fails="where augmentation alone would do: on digits, a classifier that learned the same "
        "few labels with the same augmentation is better",
        applications="microscopy, satellite pictures: whatever is plenty and hard to label",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "augmentations": VIEWS,
        "options": {"batch_norm": True, "dropout": 0.0},
        "batch_size": 256,
        "epochs": 12,
        "labels": 10,
        "every": 3,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        redundancy: Annotated[float, Range(0.0, 1.0)] = 0.005,
        width: Annotated[int, Range(2, 2048, unit="numbers")] = 256,
    ) -> None:
        super().__init__(config, dataset)
        self._redundancy = redundancy
        inputs = heads.width(self.head)
        self.projection = nn.Sequential(
            nn.Linear(inputs, width, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, width),
        )

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, and its two parts."""
        assert isinstance(batch, Views)
        both = self.features(torch.cat([batch.first, batch.second]))
        first, second = self.projection(both).chunk(2)
        return redundancy_reduction(first, second, self._redundancy)

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same, and the features of the pictures as they are."""
        return {**self.loss(batch), "features": self.features(batch.images)}


def redundancy_reduction(first: Tensor, second: Tensor, weight: float) -> dict[str, Tensor]:
    """Return how far the correlations of two views' numbers are from 1 and, beside those, from 0.

    Source: Zbontar et al., 2021, arXiv 2103.03230, equations 1 and 2.

    Shape: (B, D) twice -> three scalars
    """
    correlations = _standardised(first).T @ _standardised(second) / len(first)
    of_itself = correlations.diagonal()
    invariance = (1 - of_itself).square().sum()
    redundancy = correlations.square().sum() - of_itself.square().sum()
    return {
        "loss": invariance + weight * redundancy,
        "invariance": invariance.detach(),
        "redundancy": redundancy.detach(),
    }


def _standardised(values: Tensor) -> Tensor:
    variance, mean = torch.var_mean(values, dim=0, correction=0)
    return (values - mean) / (variance + _LEAST_SPREAD).sqrt()
