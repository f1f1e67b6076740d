"""Pseudo-Label: what the network thinks of a picture is taken for its class."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.plugins import Range
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.augmentations import Pictures
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.semi_supervised import SemiSupervised, SomeLabelled


@APPROACHES.register("pseudo_label")
class PseudoLabel(SemiSupervised):
    """Learn from the few labels, and from one's own best guess for every other picture.

    The guess is the class of the highest score, made anew in each step, and counts as if it were
    the label. At first it counts for nothing, then more and more: early guesses are bad.

    Options:
        weight: how much guesses count in the end, beside the labels
        begin: steps in which guesses do not count at all
        full: steps after which they count in full
        labelled_pictures: labelled pictures in each step

    Source: Lee, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep
    Neural Networks", 2013, ICML workshop on challenges in representation learning.
    """

    card = Card(
        title="Pseudo-Label",
        family="Semi-supervised",
        year=2013,
        idea="Let the network guess the class of pictures without a label and learn from its own "
        "guesses, the more the longer it learns. Borders between classes move to where no pictures "
        "are.",
        formula=r"L = -\log p(y \mid x) - \alpha(t) \log \max_c p(c \mid u)",
        source="Lee, Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for "
        "Deep Neural Networks, 2013, ICML workshop",
        data="many pictures of the same classes, a few of them labelled",
        annotation="class",
        helps="when most guesses are right before they count, and pictures of a class lie together",
        fails="where early guesses are wrong: nothing corrects them. On digits it adds less to the "
        "same few labels than FixMatch, which only trusts what it is sure of",
        applications="sorting pictures where an expert labels a handful",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "augmentations": VIEWS,
        "options": {"batch_norm": True, "dropout": 0.0},
        "labels": 10,
        "epochs": 8,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        weight: Annotated[float, Range(0.0, 10.0, step=0.1)] = 1.0,
        begin: Annotated[int, Range(0, 100_000, unit="steps")] = 100,
        full: Annotated[int, Range(1, 100_000, unit="steps")] = 400,
        labelled_pictures: Annotated[int, Range(1, 1024)] = 64,
    ) -> None:
        super().__init__(config, dataset)
        self.labelled_pictures = labelled_pictures
        self._weight, self._begin, self._full = weight, begin, full
        self._batches_a_step = config.accumulate

    def views(self, pictures: Pictures, number: int) -> tuple[Tensor, ...]:
        """Return the pictures as the recipe's augmentations change them."""
        return (self.augmented(pictures, self.random(number, "unlabelled")).images,)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of labels and guesses together, and how many guesses are right."""
        if not isinstance(batch, SomeLabelled):
            return super().loss(batch)
        (others,) = batch.views
        scores = self(torch.cat([batch.images, others]))
        known, unknown = scores.split([len(batch.images), len(others)])
        step = batch.number // self._batches_a_step
        weight = self._weight * ramp(step, self._begin, self._full)
        guesses = unknown.detach().argmax(1)
        of_labels = F.cross_entropy(known, batch.labels)
        of_guesses = F.cross_entropy(unknown, guesses)
        return {
            "loss": of_labels + weight * of_guesses,
            "accuracy": (known.detach().argmax(1) == batch.labels).float().mean(),
            "guesses_right": (guesses == batch.truth).float().mean(),
            "guess_weight": of_guesses.new_tensor(weight),
        }


def ramp(step: int, begin: int, full: int) -> float:
    """Return 0 until ``begin``, 1 from ``full`` on, and a straight line between.

    Source: Lee, 2013, equation 16, without its weight.
    """
    if step < begin:
        return 0.0
    return 1.0 if step >= full else (step - begin) / (full - begin)
