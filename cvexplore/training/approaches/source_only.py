"""Source only: learn from one kind of pictures and hope that it holds for another."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from cvexplore.plugins import Choice
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.domains import Adaptation, TwoDomains, of_source

RECIPE: Mapping[str, Any] = {
    "dataset": Choice("mnist_to_digits"),
    "options": {"batch_norm": True, "dropout": 0.0},
    "augmentations": (Choice("affine", {"degrees": 10.0, "shift": 0.1, "scale": 0.25}),),
    "validation": 0.3,
    "epochs": 12,
    "every": 2,
}


@APPROACHES.register("source_only")
class SourceOnly(Adaptation):
    """Learn the classes of one domain and be asked about the other, without a word about it.

    What every way of adapting has to beat; and, with ``joint``, the control that tells what of a
    gain is due to batch normalisation, which then has seen the target's pictures too.

    Options:
        joint: whether the target's pictures are in the batches that are normalised

    Source: Ben-David, Blitzer, Crammer, Kulesza, Pereira, Vaughan, "A theory of learning from
    different domains", 2010; for joint: Li, Wang, Shi, Liu, Hou, "Revisiting Batch Normalization
    For Practical Domain Adaptation", 2016, arXiv 1603.04779.
    """

    card = Card(
        title="Source only",
        family="Domain adaptation",
        year=2010,
        idea="Learn from pictures of one kind and name those of another. Nothing is done about the "
        "difference: this is what adapting has to beat.",
        formula=r"L = -\log p_\theta(y_s \mid x_s)",
        source="Ben-David, Blitzer, Crammer, Kulesza, Pereira, Vaughan, A theory of learning from "
        "different domains, 2010",
        data="labelled pictures of the source",
        annotation="class",
        helps="as the control; and where both kinds of pictures hardly differ",
        fails="on other kinds of pictures: from MNIST to scikit-learn's digits 59 % right (three "
        "seeds, 53 to 68), where 97 % of MNIST are; with both in the normalised batches 73 %",
        applications="whenever a network is used on pictures other than those it learned from",
    )
    standard = RECIPE

    def __init__(self, config: RunConfig, dataset: Dataset, *, joint: bool = False) -> None:
        super().__init__(config, dataset)
        self._joint = joint

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy of the source, and how many of it are right."""
        assert isinstance(batch, TwoDomains)
        seen = batch.source
        if self._joint or seen.sum() < 2:  # batch normalisation needs two pictures
            return super().loss(batch)
        return of_source(self(batch.images[seen]), batch.labels[seen])
