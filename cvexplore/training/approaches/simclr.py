"""SimCLR: two views of a picture should be alike, and unlike those of all others."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.plugins import Choice, Range
from cvexplore.training import heads
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.self_supervised import TwoViews, Views

VIEWS = (
    Choice("affine", {"degrees": 20.0, "shift": 0.12, "scale": 0.25}),
    Choice("noise", {"deviation": 0.1}),
)


@APPROACHES.register("simclr")
class SimCLR(TwoViews):
    """Learn features in which two views of a picture are alike and all other pictures are not.

    The loss is the cross-entropy of finding a view's other half among all views of the batch, by
    the cosine of what a small projection makes of the features, over a temperature (NT-Xent).

    Options:
        temperature: low ones care for the nearest of the others, high ones for all alike
        width: numbers that a view is projected to

    Source: Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for Contrastive Learning of Visual
    Representations", 2020, arXiv 2002.05709.
    """

    card = Card(
        title="SimCLR",
        family="Self-supervised",
        year=2020,
        idea="Change a picture twice at random. The two should be alike, and unlike every other "
        "picture of the batch. What the changes leave is what the features hold.",
        formula=r"L_{i,j} = -\log \frac{\exp(\cos(z_i, z_j)/\tau)}"
        r"{\sum_{k \neq i} \exp(\cos(z_i, z_k)/\tau)}",
        source="Chen, Kornblith, Norouzi, Hinton, A Simple Framework for Contrastive Learning of "
        "Visual Representations, 2020, arXiv 2002.05709",
        data="many pictures without labels, and augmentations that leave the class as it is",
        annotation="none",
        helps="with many pictures and few labels",
        fails="where augmentation alone would do: with ten labels a class, a classifier trained "
        "with the same augmentation is better here; and in small batches: too few others",
        applications="medical scans, satellite pictures: whatever is plenty and hard to label",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "augmentations": VIEWS,
        "options": {"batch_norm": True, "dropout": 0.0},
        "batch_size": 256,
        "epochs": 15,
        "labels": 10,
        "every": 3,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        temperature: Annotated[float, Range(0.02, 2.0, step=0.01)] = 0.1,
        width: Annotated[int, Range(2, 1024, unit="numbers")] = 64,
    ) -> None:
        super().__init__(config, dataset)
        self._temperature = temperature
        inputs = heads.width(self.head)
        self.projection = nn.Sequential(
            nn.Linear(inputs, inputs), nn.ReLU(), nn.Linear(inputs, width)
        )

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, and the share of views whose other half is the nearest."""
        assert isinstance(batch, Views)
        both = self.features(torch.cat([batch.first, batch.second]))
        first, second = self.projection(both).chunk(2)
        return nt_xent(first, second, self._temperature)

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same, and the features of the pictures as they are."""
        return {**self.loss(batch), "features": self.features(batch.images)}


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> dict[str, Tensor]:
    """Return the normalised, temperature-scaled cross-entropy and how often the right one is found.

    Source: Chen et al., 2020, arXiv 2002.05709, equation 1, the mean over all views.

    Shape: (B, D) twice -> two scalars
    """
    views = F.normalize(torch.cat([first, second]), dim=1)
    alike = views @ views.T / temperature
    alike.fill_diagonal_(float("-inf"))  # a view is not asked about itself
    count = len(first)
    others = torch.arange(2 * count, device=views.device).roll(count)
    found = alike.detach().argmax(1) == others
    return {"loss": F.cross_entropy(alike, others), "matched": found.float().mean()}
