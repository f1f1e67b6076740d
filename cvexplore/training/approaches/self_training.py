"""Self-training: what the network is sure of on the target becomes a label."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.plugins import Range
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.source_only import RECIPE
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.domains import Adaptation, TwoDomains, of_source

_MEMORY = 0.95  # of the running mean of the answers, a batch


@APPROACHES.register("self_training")
class SelfTraining(Adaptation):
    """Learn the source's classes, then take sure answers on the target for labels as well.

    To the cross-entropy of the source comes that of the target's answers which are surer than a
    threshold, over all of the batch's target pictures. At first there are none.

    Options:
        threshold: the least probability of an answer that is taken for a label
        warm_up: share of the run before any is
        weight: of the target's cross-entropy
        balance: whether classes that are answered too often count less, until all are as frequent

    Source: Lee, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep
    Neural Networks", 2013; balance as in Berthelot et al., "ReMixMatch", 2019, arXiv 1911.09785.
    """

    card = Card(
        title="Self-training",
        family="Domain adaptation",
        year=2013,
        idea="Learn the source first. Then answers on the target that the network is sure of are "
        "taken for labels, and it learns from them too.",
        formula=r"L = -\log p_\theta(y_s \mid x_s) \quad - \lambda\, [\max_c p_c \geq \tau]\, "
        r"\log p_\theta(\hat y_t \mid x_t)",
        source="Lee, Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for "
        "Deep Neural Networks, 2013",
        data="labelled pictures of the source, pictures of the target without labels",
        annotation="class",
        helps="where the source alone is right more often than not: from MNIST to scikit-learn's "
        "digits 87 % against 59 % without adapting and 73 % with batch normalisation of both alone "
        "(three seeds)",
        fails="without the balance of classes it ends with one answer for all (10 %): sure "
        "mistakes teach themselves",
        applications="speech, street scenes: wherever a good model meets new surroundings",
    )
    standard = RECIPE

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        threshold: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.8,
        warm_up: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.3,
        weight: Annotated[float, Range(0.0, 10.0, step=0.1)] = 1.0,
        balance: bool = True,
    ) -> None:
        super().__init__(config, dataset)
        self._threshold, self._warm_up, self._weight = threshold, warm_up, weight
        self._balance = balance
        classes = len(dataset.classes)
        self.usual: Tensor  # mean answer on the target of late. Shape: (classes,)
        self.register_buffer("usual", torch.full((classes,), 1 / classes))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the sum, the share of target pictures that are sure, and the source's accuracy."""
        assert isinstance(batch, TwoDomains)
        scores = self(batch.images)
        told = of_source(scores, batch.labels)
        asked = scores[~batch.source]
        answers = asked.detach().softmax(1)
        if self._balance:
            answers = self._balanced(answers)
        threshold = self._threshold if batch.progress >= self._warm_up else float("inf")
        guessed, sure = pseudo_label_loss(asked, answers, threshold)
        return {**told, "loss": told["loss"] + self._weight * guessed, "sure": sure}

    def _balanced(self, answers: Tensor) -> Tensor:
        """Return the answers divided by how usual each class is among them."""
        if self.training and len(answers):
            self.usual.lerp_(answers.mean(0), 1 - _MEMORY)
        weighed = answers / self.usual.clamp(min=1e-6)
        return weighed / weighed.sum(1, keepdim=True)


def pseudo_label_loss(scores: Tensor, answers: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy of the sure answers, over all pictures, and the share of sure ones.

    Shape: (N, classes) twice -> two scalars, 0 without pictures
    """
    probability, label = answers.max(1)
    sure = (probability >= threshold).to(scores.dtype)
    losses = F.cross_entropy(scores, label, reduction="none") * sure
    count = max(1, len(scores))
    return losses.sum() / count, sure.sum() / count
