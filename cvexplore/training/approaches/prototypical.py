"""Prototypical networks: a class is the mean of its few pictures' features."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from torch import Tensor, nn

from cvexplore.plugins import Choice, Range
from cvexplore.training.approaches import APPROACHES
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.episodes import Episode, Novel, Shots, Ways
from cvexplore.training.few_shot import FewShot
from cvexplore.training.prototypes import (
    network_of_prototypes,
    prototypes,
    squared_distances,
)

MOVED = Choice("affine", {"degrees": 10.0, "shift": 0.08, "scale": 0.1})


@APPROACHES.register("prototypical")
class Prototypical(FewShot):
    """Learn features in which the mean of a few pictures stands for their class.

    Queries are compared to each class's mean by the squared Euclidean distance; the loss is the
    cross-entropy of the distances, closer ones being likelier.

    Options:
        novel: classes that are never learned from, the data set's last
        ways: classes of an episode while it learns
        shots: pictures of each class to go by
        queries: pictures of each class to name
        turned: whether a class turned by 90, 180 and 270 degrees is three more to learn from
        scale: what distances are divided by, so that the first ones do not decide already

    Source: Snell, Swersky, Zemel, "Prototypical Networks for Few-shot Learning", 2017,
    arXiv 1703.05175.
    """

    card = Card(
        title="Prototypical networks",
        family="Few-shot",
        year=2017,
        idea="Train as it will be used: in small tasks of a few classes with a few pictures each. "
        "The mean of a class's features stands for it, and the nearest mean is the answer.",
        formula=r"p(y = k \mid x) \propto \exp\left(-\lVert f(x) - c_k \rVert^2\right), \quad "
        r"c_k = \frac{1}{|S_k|} \sum_{x_i \in S_k} f(x_i)",
        source="Snell, Swersky, Zemel, Prototypical Networks for Few-shot Learning, 2017, "
        "arXiv 1703.05175",
        data="many pictures of other classes, and one to five of each new one",
        annotation="class",
        helps="with new classes that come after training: a new one is learned by taking a mean",
        fails="where the new classes differ from the old ones by what the old ones never needed; "
        "with six digits to learn from it takes turned ones as further classes to get from 83% to "
        "93% on the four held out, and one picture of each is enough for 77% only",
        applications="rare diseases, new products on a line, one's own objects in a phone",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "options": {"batch_norm": True, "dropout": 0.0, "hidden": 256},
        "augmentations": (MOVED,),
        "batch_size": 200,
        "steps": 400,
        "every": 14,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        novel: Novel = 4,
        ways: Ways = 20,
        shots: Shots = 5,
        queries: Shots = 5,
        turned: bool = True,
        scale: Annotated[float, Range(0.1, 1000.0)] = 10.0,
    ) -> None:
        super().__init__(config, dataset)
        self._scale = scale

    def answer(self, episode: Episode) -> Tensor:
        """Return minus the scaled distances to the classes' means."""
        means = prototypes(self.features(episode.support), episode.support_labels, episode.ways)
        return -squared_distances(self.features(episode.images), means) / self._scale

    def told(self, scores: Tensor) -> Tensor:
        """Return the distances."""
        return -scores * self._scale

    def trained(self) -> nn.Module:
        """Return a copy of the network whose head answers with the nearest prototype."""
        return network_of_prototypes(
            self.eval(), self._known, len(self.dataset.classes), self._scale
        )
