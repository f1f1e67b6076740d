"""Target supervised: what could be reached if somebody told the target's classes."""

from torch import Tensor

from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.source_only import RECIPE
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.domains import Adaptation, split_target
from cvexplore.training.splits import Split, few
from cvexplore.training.telling import of_known


@APPROACHES.register("target_supervised")
class TargetSupervised(Adaptation):
    """Learn from the target's own labels: the bound that adapting tries to reach without them.

    Source: Ganin, Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", 2014, arXiv
    1409.7495, whose tables have such a bound.
    """

    card = Card(
        title="Target supervised",
        family="Domain adaptation",
        year=2014,
        idea="Pay people to label the target's pictures after all. Adapting without labels can "
        "hardly do better, so this is the bound.",
        formula=r"L = -\log p_\theta(y_t \mid x_t)",
        source="Ganin, Lempitsky, Unsupervised Domain Adaptation by Backpropagation, 2014, arXiv "
        "1409.7495",
        data="labelled pictures of the target",
        annotation="class",
        helps="whenever the target's pictures can be labelled",
        fails="at home: trained on scikit-learn's digits it has 99 % of them, but 61 % of MNIST",
        applications="the last resort, once adapting is not good enough",
    )
    standard = RECIPE

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return the parts of the target's pictures; of the source's, none."""
        parts = split_target(config, dataset)
        told = few(dataset.labels, parts.train, config.labels, config.seed)
        return Split(told, parts.validation, parts.test, told)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy of the target, and how many of it are right."""
        return of_known(self(batch.images), batch.labels)
