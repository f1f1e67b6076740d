"""What all learning from few labels and many pictures shares: each step sees some of both."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from cvexplore.training.approaches import Batch, cannot_classify
from cvexplore.training.approaches.supervised import Supervised
from cvexplore.training.augmentations import Pictures, kind
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.splits import Split, split


@dataclass(frozen=True, kw_only=True)
class SomeLabelled(Batch):
    """Pictures whose class is known (``images``, ``labels``), and pictures whose class is not.

    Args:
        views: the pictures without labels, perhaps changed in several ways. Shape: (U, C, H, W)
        truth: their classes, to say how many guesses are right, never to learn from. Shape: (U,)
        number: how many batches the run has learned from.
    """

    views: tuple[Tensor, ...]
    truth: Tensor
    number: int


class SemiSupervised(Supervised):
    """Learning from all pictures, though of few the class is known.

    An epoch goes through all pictures that are not held out, as if none had a label. Beside each
    batch of them, labelled ones are drawn at random, with their class. What is measured, and what
    is left behind, is that of a supervised run: one with the same labels is the control.
    """

    labelled_pictures: int  # in each step

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return the parts: it learns from all pictures that are not held out."""
        return split(dataset.labels, config)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from these pictures, or None if it can."""
        for each in config.augmentations:
            if kind(each.name) == "mixing":
                return (
                    f"{each.name} mixes the classes of two pictures, and here most classes are "
                    "unknown: leave it out."
                )
        return cannot_classify(config, dataset)

    @abstractmethod
    def views(self, pictures: Pictures, number: int) -> tuple[Tensor, ...]:
        """Return what the network is shown of pictures without labels, on a scale of 0 to 1."""

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Batch]:
        """Yield pictures without labels, and labelled ones beside them; plain ones to measure."""
        if not self.training:
            yield from super().batches(order, size, first)
            return
        for number, chosen in enumerate(order.split(size), start=first):
            known = self.drawn(self._some_labelled(number))
            known = self.augmented(known, self.random(number))
            others = self.drawn(chosen)
            yield SomeLabelled(
                self.prepared(known.images),
                known.labels,
                views=tuple(self.prepared(each) for each in self.views(others, number)),
                truth=others.labels,
                number=number,
            )

    def _some_labelled(self, number: int) -> Tensor:
        """Return the indices of the labelled pictures of a step, drawn with putting back."""
        labelled, random = self.parts.labelled, self.random(number, "labelled")
        size = (self.labelled_pictures,)
        places = torch.randint(len(labelled), size, generator=random, device=random.device)
        return labelled[places.to(labelled.device)]
