"""FixMatch: what is sure of an easy view has to hold for a hard one."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.plugins import Choice, Range
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.augmentations import Pictures
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.semi_supervised import SemiSupervised, SomeLabelled


@APPROACHES.register("fixmatch")
class FixMatch(SemiSupervised):
    """Let the network say of a much changed picture what it surely says of a little changed one.

    Each picture without a label is seen twice: with the recipe's augmentations at a part of their
    strength, and in full. If the highest share of the first view is at least the threshold, its
    class is the label of the second. All other pictures wait.

    Options:
        threshold: how sure the network must be for a guess to count
        weight: how much guesses count, beside the labels
        weak: strength of the augmentations in the first view, as a share of the recipe's
        labelled_pictures: labelled pictures in each step

    Source: Sohn, Berthelot, Li, Zhang, Carlini, Cubuk, Kurakin, Zhang, Raffel, "FixMatch:
    Simplifying Semi-Supervised Learning with Consistency and Confidence", 2020, arXiv 2001.07685.
    """

    card = Card(
        title="FixMatch",
        family="Semi-supervised",
        year=2020,
        idea="Look at a picture without a label, a little changed. If the network is sure what it "
        "is, it has to say the same of the picture much changed.",
        formula=r"L = -\log p(y \mid x) \quad "
        r"- \frac{\lambda}{U} \sum_u "
        r"\quad \mathbb{1}[\max_c p(c \mid u_{weak}) \geq \tau] \log p(\hat{c} \mid u_{strong})",
        source="Sohn, Berthelot, Li, Zhang, Carlini, Cubuk, Kurakin, Zhang, Raffel, FixMatch: "
        "Simplifying Semi-Supervised Learning with Consistency and Confidence, 2020, arXiv "
        "2001.07685",
        data="many pictures of the same classes, a few of them labelled, and strong augmentations",
        annotation="class",
        helps="with a handful of labels and augmentations that leave the class as it is: on digits "
        "better than the same labels and network, augmented too, without the other pictures",
        fails="where the network is surely wrong, it teaches itself the mistake; and until it is "
        "sure of something the other pictures do nothing",
        applications="sorting pictures where an expert labels a handful",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "augmentations": (*VIEWS, Choice("cutout")),
        "options": {"batch_norm": True, "dropout": 0.0},
        "labels": 10,
        "epochs": 8,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        threshold: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.95,
        weight: Annotated[float, Range(0.0, 10.0, step=0.1)] = 1.0,
        weak: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.3,
        labelled_pictures: Annotated[int, Range(1, 1024)] = 64,
    ) -> None:
        super().__init__(config, dataset)
        self.labelled_pictures = labelled_pictures
        self._threshold, self._weight, self._weak = threshold, weight, weak

    def augmented(self, pictures: Pictures, random: torch.Generator) -> Pictures:
        """Return labelled pictures little changed, as the easy views of the others are."""
        return self._changed(pictures, random, self._weak)

    def views(self, pictures: Pictures, number: int) -> tuple[Tensor, ...]:
        """Return the pictures little changed, and much changed."""
        strengths = {"weak": self._weak, "strong": 1.0}
        changed = (
            self._changed(pictures, self.random(number, what), share)
            for what, share in strengths.items()
        )
        return tuple(each.images for each in changed)

    def _changed(self, pictures: Pictures, random: torch.Generator, share: float) -> Pictures:
        for augment in self._augmentations:
            pictures = augment(pictures, random, self.strength * share)
        return pictures

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of labels and guesses together, and how many guesses count, and fit."""
        if not isinstance(batch, SomeLabelled):
            return super().loss(batch)
        weak, strong = batch.views
        scores = self(torch.cat([batch.images, weak, strong]))  # one pass, for batch normalisation
        known, easy, hard = scores.split([len(batch.images), len(weak), len(strong)])
        found = of_the_sure(easy, hard, self._threshold)
        of_labels = F.cross_entropy(known, batch.labels)
        right = (found["guesses"] == batch.truth) & found["sure"]
        return {
            "loss": of_labels + self._weight * found["loss"],
            "accuracy": (known.detach().argmax(1) == batch.labels).float().mean(),
            "guesses_used": found["sure"].float().mean(),
            "guesses_right": right.sum() / found["sure"].sum().clamp(min=1),
        }


def of_the_sure(easy: Tensor, hard: Tensor, threshold: float) -> dict[str, Tensor]:
    """Return the cross-entropy of hard views with what easy ones are surely taken for.

    Views that are not sure count as 0, so the mean is over all.

    Source: Sohn et al., 2020, arXiv 2001.07685, equation 4.

    Shape: (U, classes) twice -> a scalar "loss"; "guesses" and whether they are "sure", (U,)
    """
    shares, guesses = easy.detach().softmax(1).max(1)
    sure = shares >= threshold
    each = F.cross_entropy(hard, guesses, reduction="none")
    return {"loss": (each * sure).mean(), "guesses": guesses, "sure": sure}
