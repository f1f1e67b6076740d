"""Transfer learning: begin with what a network has learned from other pictures."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from torch import nn

from cvexplore import catalog
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice, Range
from cvexplore.training import heads, starting
from cvexplore.training.approaches import APPROACHES, cannot_classify
from cvexplore.training.approaches.supervised import Supervised
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.freezing import Freezer
from cvexplore.training.layers import weighted_layers
from cvexplore.training.unfreezing import Depths, Way


@APPROACHES.register("transfer")
class Transfer(Supervised):
    """Begin with weights that learned from other pictures, and let the last layers learn the most.

    The layers are shared out into groups by their depth; the last group is the head, whatever its
    name. Frozen: only the head learns, and a frozen batch normalisation keeps its statistics.
    Discriminative: all learn, each group slower than the one behind it. Full: all learn alike.
    Gradual: the head begins, and one group after the other joins it. A head for other classes is
    drawn anew; one that fits is kept.

    Options:
        way: which layers learn, and how fast
        decay: the learning rate of each group is this share of the next one's (discriminative)
        groups: parts the layers are shared out into, the head being one (discriminative, gradual)

    Source: Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", 2018,
    arXiv 1801.06146.
    """

    card = Card(
        title="Transfer",
        family="Transfer",
        year=2018,
        idea="The first layers of a network that learned from other pictures see what these "
        "pictures have too. Keep them, or let them learn slowly, and teach the head.",
        formula=r"\theta^l_{t+1} = \theta^l_t - \eta\, d^{\,L-l}\, \nabla_{\theta^l} L",
        source="Howard, Ruder, Universal Language Model Fine-tuning for Text Classification, 2018, "
        "arXiv 1801.06146",
        data="some pictures with their class, and weights that learned from many like them",
        annotation="class",
        helps="with few labels: after MNIST, 5 labels of each of scikit-learn's digits give 92 to "
        "93 % where random weights give 86, and 1 label 82 to 83 where they give 63; that all "
        "layers learn matters, how fast each does little (three seeds)",
        fails="with many labels: at 20 a class it is worth a point, and a frozen backbone loses "
        "four to random weights, for its features are of the old pictures",
        applications="nearly every classifier of a few hundred photos: plants, X-rays, products",
    )
    shows = ("unfreezing",)
    standard: ClassVar[Mapping[str, Any]] = {
        "weights": "bundled",
        "dataset": Choice("digits"),
        "labels": 5,
        "epochs": 40,
        "batch_size": 16,
        "every": 10,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        way: Way = "discriminative",
        decay: Annotated[float, Range(0.05, 1.0, step=0.05)] = 0.4,
        groups: Annotated[int, Range(2, 32)] = 4,
    ) -> None:
        super().__init__(config, dataset)
        self.way: Way = way
        self._decay = decay
        self.depths = Depths(self.network, self.example(), len(dataset.classes), groups)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why nothing can be transferred to these pictures, or None if it can."""
        if config.weights == "random":
            return (
                "There is nothing to transfer from random weights: choose bundled, pretrained or "
                "a run's."
            )
        return cannot_classify(config, dataset) or _without_head(config, dataset)

    @classmethod
    def opening(cls, config: RunConfig, dataset: Dataset) -> list[tuple[float, int]]:
        """Return from which shares of the run on how many numbers learn; nothing is trained."""
        usual = {each.name: each.default for each in APPROACHES.options(config.approach.name)}
        chosen = usual | APPROACHES.check(config.approach)
        options = starting.network_options(config, dataset)
        network = catalog.build(config.architecture, device="meta", **options)
        (example,) = catalog.example(config.architecture, **options)
        depths = Depths(network, example, len(dataset.classes), chosen["groups"])
        freezer = Freezer(weighted_layers(network, example))
        found = []
        for progress, _ in depths.opening(chosen["way"]):
            freezer.freeze(max(config.frozen, depths.frozen(chosen["way"], progress)))
            found.append(
                (progress, sum(p.numel() for p in network.parameters() if p.requires_grad))
            )
        return found

    def rates(self) -> Mapping[nn.Parameter, float]:
        """Return each parameter's share of the learning rate, if that falls towards the image."""
        return self.depths.rates(self._decay) if self.way == "discriminative" else {}

    def frozen(self, progress: float) -> float:
        """Return the share of the layers that keep their weights, at a share of the run's steps."""
        return self.depths.frozen(self.way, progress)


def _without_head(config: RunConfig, dataset: Dataset) -> str | None:
    options = starting.network_options(config, dataset)
    network = catalog.build(config.architecture, device="meta", **options)
    (example,) = catalog.example(config.architecture, **options)
    try:
        heads.find(network, example, len(dataset.classes))
    except OptionError as error:
        return str(error)
    return None
