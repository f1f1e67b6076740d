"""A plain classifier, asked about new classes by the nearest mean: the control."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from torch import Tensor

from cvexplore.plugins import Choice
from cvexplore.training.approaches import APPROACHES, Approach, Batch
from cvexplore.training.approaches.supervised import Supervised
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.episodes import Episode, Novel, Shots, Ways
from cvexplore.training.few_shot import FewShot
from cvexplore.training.prototypes import prototypes, squared_distances

MOVED = Choice("affine", {"degrees": 10.0, "shift": 0.08, "scale": 0.1})


@APPROACHES.register("nearest_centroid")
class NearestCentroid(FewShot, Supervised):
    """Learn to name the base classes; tell novel ones by the nearest mean of the features.

    The loss is the cross-entropy over the base classes. Episodes are only asked about.

    Options:
        novel: classes that are never learned from, the data set's last
        ways: classes of an episode; where fewer are novel, all of them
        shots: pictures of each class to go by
        queries: pictures of each class to name

    Source: Chen, Liu, Kira, Wang, Huang, "A Closer Look at Few-shot Classification", 2019,
    arXiv 1904.04232.
    """

    card = Card(
        title="Nearest centroid",
        family="Few-shot",
        year=2019,
        idea="Train a plain classifier on the classes there are. Of a new class keep the mean of "
        "its features, and answer with the nearest mean.",
        formula=r"L = -\log p_\theta(y \mid x), \qquad "
        r"\hat{y} = \arg\min_k \lVert f(x) - c_k \rVert^2",
        source="Chen, Liu, Kira, Wang, Huang, A Closer Look at Few-shot Classification, 2019, "
        "arXiv 1904.04232",
        data="many pictures of other classes, and one to five of each new one",
        annotation="class",
        helps="as the first thing to try: any classifier that is there can be asked this way",
        fails="where it only learned what tells its own classes apart: on held-out digits it names "
        "79% after five pictures of each, and prototypical networks 93%, or 83% if they may not "
        "learn from turned digits either",
        applications="new products or faces with a network that somebody else trained",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "options": {"batch_norm": True, "dropout": 0.0, "hidden": 256},
        "augmentations": (MOVED,),
        "epochs": 8,
        "every": 4,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        novel: Novel = 4,
        ways: Ways = 5,
        shots: Shots = 5,
        queries: Shots = 15,
    ) -> None:
        super().__init__(config, dataset)

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Batch]:
        """Yield batches of base classes while it learns, and episodes of novel ones otherwise."""
        if self.training:
            return Approach.batches(self, order, size, first)
        return super().batches(order, size, first)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy over the base classes, and the share of right answers."""
        return Supervised.loss(self, batch)

    def answer(self, episode: Episode) -> Tensor:
        """Return minus the distances to the classes' means."""
        means = prototypes(self.features(episode.support), episode.support_labels, episode.ways)
        return -squared_distances(self.features(episode.images), means)

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return nothing more: all that is measured are means over episodes."""
        return {}
