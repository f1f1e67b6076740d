"""What all learning without labels shares: labels only serve to ask what was learned."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cvexplore.training import heads
from cvexplore.training.approaches import Approach, Batch, cannot_classify
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.probing import linear_probe, nearest_neighbours
from cvexplore.training.splits import Split, split

_AT_ONCE = 64


class SelfSupervised(Approach):
    """Learning from pictures alone, and probes of the features on pictures whose class is known.

    After each measurement a linear map and the nearest neighbours are asked, both with the
    recipe's labelled pictures; the run leaves a network behind whose head is that linear map.
    """

    shows = ("embedding",)

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return the parts: it learns from all pictures that are not held out."""
        return split(dataset.labels, config)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from these pictures, or None if it can."""
        return cannot_classify(config, dataset)

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the shares of right answers of a linear probe and of the nearest neighbours.

        ``answers`` must hold "features", what ``features`` gives. Shape: (N, D)
        """
        known, labels = self.labelled_features()
        asked, truth = answers["features"], self.dataset.labels[order].to(known.device)
        weight = linear_probe(known, labels, len(self.dataset.classes))
        probed = (asked @ weight.T).argmax(1)
        near = nearest_neighbours(known, labels, asked)
        return {
            "accuracy": (probed == truth).double().mean(),
            "neighbours_accuracy": (near == truth).double().mean(),
        }

    @torch.no_grad()
    def labelled_features(self) -> tuple[Tensor, Tensor]:
        """Return the features of the labelled pictures, and their classes. Shape: (N, D), (N,)"""
        features = self.features_of(self.parts.labelled)
        return features, self.dataset.labels[self.parts.labelled].to(features.device)

    @torch.no_grad()
    def features_of(self, order: Tensor) -> Tensor:
        """Return the features of these pictures as they are. Shape: (N,) -> (N, D)"""
        parts = order.split(_AT_ONCE)
        return torch.cat([self.features(self.prepared(self.drawn(p).images)) for p in parts])

    def trained(self) -> nn.Module:
        """Return a copy of the network whose head is the linear probe."""
        known, labels = self.eval().labelled_features()
        network = copy.deepcopy(self.network)
        head = network.get_submodule(self.head_path)
        weight = linear_probe(known, labels, len(self.dataset.classes))
        heads.give(head, weight, torch.zeros(len(weight)))
        return network


# ------------------------------------------------------------------ two views


@dataclass(frozen=True, kw_only=True)
class Views(Batch):
    """Two views of each picture, which differ by the augmentations drawn for them.

    Args:
        first: one view. Shape: (B, C, H, W)
        second: the other.
    """

    first: Tensor
    second: Tensor


class TwoViews(SelfSupervised):
    """Learning from two views of each picture; also while it is measured, with the same dice."""

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Views]:
        """Yield batches of the pictures as they are, and of two views of each."""
        for number, chosen in enumerate(order.split(size), start=first):
            pictures = self.drawn(chosen)
            one, two = (
                self.prepared(self.augmented(pictures, self.random(number, what)).images)
                for what in ("first", "second")
            )
            yield Views(self.prepared(pictures.images), pictures.labels, first=one, second=two)
