"""Rotation: to tell which way up a picture is, one must know what it shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.training import heads
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.self_supervised import SelfSupervised

QUARTERS = 4


@dataclass(frozen=True, kw_only=True)
class Turned(Batch):
    """Pictures in all four turns.

    Args:
        turned: all pictures upright, then all by one quarter, … Shape: (4 B, C, H, W)
        quarters: by how many quarters each is turned. Shape: (4 B,)
    """

    turned: Tensor
    quarters: Tensor


@APPROACHES.register("rotation")
class Rotation(SelfSupervised):
    """Turn each picture by 0, 90, 180 and 270 degrees and learn to tell which it was.

    The loss is the cross-entropy of the four turns. All four of a picture are in one batch, as the
    paper found best, so a batch costs four times its size.

    Source: Gidaris, Singh, Komodakis, "Unsupervised Representation Learning by Predicting Image
    Rotations", 2018, arXiv 1803.07728.
    """

    card = Card(
        title="Rotation",
        family="Self-supervised",
        year=2018,
        idea="Turn a picture by a quarter, a half or three quarters and ask which it was. Who can "
        "tell has seen what is in it, and where its top usually is.",
        formula=r"L = -\frac{1}{4} \sum_{r=0}^{3} \log p_\theta(r \mid \mathrm{turn}_r(x))",
        source="Gidaris, Singh, Komodakis, Unsupervised Representation Learning by Predicting "
        "Image Rotations, 2018, arXiv 1803.07728",
        data="many pictures without labels that have an upper side",
        annotation="none",
        helps="as the simplest of all: any network, any batch, no second view",
        fails="where things have no upper side, or turned round are something else: a 6 is a 9. On "
        "digits its features are hardly better than those of random weights",
        applications="photos of scenes and things; scans that are always taken the same way up",
    )
    shows = ("turns", "embedding")
    standard: ClassVar[Mapping[str, Any]] = {
        "augmentations": VIEWS,
        "options": {"batch_norm": True, "dropout": 0.0},
        "batch_size": 64,
        "epochs": 4,
        "labels": 10,
    }

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        super().__init__(config, dataset)
        self.turns = nn.Linear(heads.width(self.head), QUARTERS)

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Turned]:
        """Yield batches of the pictures as they are, and in all four turns."""
        for number, chosen in enumerate(order.split(size), start=first):
            pictures = self.drawn(chosen)
            changed = pictures
            if self.training:
                changed = self.augmented(pictures, self.random(number))
            turned, quarters = all_turns(changed.images)
            yield Turned(
                self.prepared(pictures.images),
                pictures.labels,
                turned=self.prepared(turned),
                quarters=quarters,
            )

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy, and the share of turns that are told right."""
        assert isinstance(batch, Turned)
        scores = self.turns(self.features(batch.turned))
        right = scores.detach().argmax(1) == batch.quarters
        return {
            "loss": F.cross_entropy(scores, batch.quarters),
            "turns_accuracy": right.float().mean(),
        }

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same, and the features of the pictures as they are."""
        return {**self.loss(batch), "features": self.features(batch.images)}


def all_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return pictures in all four turns against the clock, and by how many quarters each is.

    Shape: (B, C, S, S) -> (4 B, C, S, S) and (4 B,)
    """
    turned = torch.cat([images.rot90(quarters, (2, 3)) for quarters in range(QUARTERS)])
    quarters = torch.arange(QUARTERS, device=images.device).repeat_interleave(len(images))
    return turned, quarters
