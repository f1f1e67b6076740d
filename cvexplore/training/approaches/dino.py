"""DINO: a network learns to say of a view what its own slow copy says of the other view."""

import copy
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.plugins import Range
from cvexplore.training import heads
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.self_supervised import TwoViews, Views

_CENTRE_MEMORY = 0.9  # of the running mean of the teacher's scores, a batch


class Prototypes(nn.Module):
    """Features to one length, then their likeness to a set of learned directions.

    Shape: (B, inputs) -> (B, count)
    """

    def __init__(self, inputs: int, hidden: int, count: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden // 2),
        )
        self.directions = nn.Parameter(torch.randn(count, hidden // 2))

    def forward(self, features: Tensor) -> Tensor:
        """Return the cosine of each feature vector and each prototype."""
        return F.linear(
            F.normalize(self.layers(features), dim=1), F.normalize(self.directions, dim=1)
        )


@APPROACHES.register("dino")
class Dino(TwoViews):
    """Learn to find a teacher's answer to another view, the teacher being a mean of oneself.

    Both give a distribution over prototypes that nobody named. The teacher's is sharpened by a low
    temperature and centred by its running mean: sharpening alone ends with one prototype for all
    pictures, centring alone with all prototypes for each. The paper's small crops are left out: of
    28 pixels little would remain.

    Options:
        prototypes: how many directions features are held against
        temperature: of the student's answers
        teacher_temperature: of the teacher's; lower ones are sharper
        momentum: share of its old weights that the teacher keeps at each step
        centring: whether the teacher's running mean is taken from its scores

    Source: Caron, Touvron, Misra, Jégou, Mairal, Bojanowski, Joulin, "Emerging Properties in
    Self-Supervised Vision Transformers", 2021, arXiv 2104.14294.
    """

    card = Card(
        title="DINO",
        family="Self-supervised",
        year=2021,
        idea="Change a picture twice at random. A slow copy of the network looks at one view, the "
        "network at the other, and it learns to give its copy's answer. No label, no other picture "
        "to be unlike: a centre and a low temperature keep all from giving one answer.",
        formula=r"L = -\sum_k \mathrm{softmax}_k\!\Big(\frac{g_{\bar\theta}(x_1) - c}"
        r"{\tau_t}\Big) \quad \log \mathrm{softmax}_k\!\Big(\frac{g_\theta(x_2)}{\tau_s}\Big)",
        source="Caron, Touvron, Misra, Jégou, Mairal, Bojanowski, Joulin, Emerging Properties in "
        "Self-Supervised Vision Transformers, 2021, arXiv 2104.14294",
        data="many pictures without labels, and augmentations that leave the class as it is",
        annotation="none",
        helps="as SimCLR does, without other pictures to be unlike; in transformers its attention "
        "finds the things in a picture",
        fails="where the balance of centre and temperature is lost: then all pictures get one "
        "answer, and the curve of used prototypes falls to 1",
        applications="photos without end and without labels; features for search and for parts",
    )
    shows = ("prototypes", "embedding")
    standard: ClassVar[Mapping[str, Any]] = {
        "augmentations": VIEWS,
        "options": {"batch_norm": True, "dropout": 0.0},
        "batch_size": 128,
        "epochs": 10,
        "labels": 10,
        "every": 3,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        prototypes: Annotated[int, Range(2, 65_536)] = 256,
        temperature: Annotated[float, Range(0.02, 2.0, step=0.01)] = 0.1,
        teacher_temperature: Annotated[float, Range(0.02, 2.0, step=0.01)] = 0.04,
        momentum: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.99,
        centring: bool = True,
    ) -> None:
        super().__init__(config, dataset)
        self._temperature, self._teacher_temperature = temperature, teacher_temperature
        self._kept = momentum ** (1 / config.accumulate)  # of the teacher, a batch
        self._centring = centring
        inputs = heads.width(self.head)
        self.projection = Prototypes(inputs, inputs, prototypes)
        self.teacher = nn.ModuleDict(
            {"network": copy.deepcopy(self.network), "projection": copy.deepcopy(self.projection)}
        ).requires_grad_(False)
        self.centre: Tensor  # running mean of the teacher's scores. Shape: (prototypes,)
        self.register_buffer("centre", torch.zeros(prototypes))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, how sure the teacher is, and how many prototypes it uses."""
        assert isinstance(batch, Views)
        if self.training:
            self._follow()
        both = torch.cat([batch.first, batch.second])
        student = self.projection(self.features(both)) / self._temperature
        scores = self._teacher_scores(both)
        teacher = ((scores - self.centre) / self._teacher_temperature).softmax(1)
        if self.training and self._centring:
            self.centre.lerp_(scores.mean(0), 1 - _CENTRE_MEMORY)
        return {
            "loss": self_distillation(student, teacher),
            "teacher_entropy": torch.special.entr(teacher).sum(1).mean(),
            "used_prototypes": torch.special.entr(teacher.mean(0)).sum().exp(),
        }

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same, and the features of the pictures as they are."""
        return {**self.loss(batch), "features": self.features(batch.images)}

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the teacher's weights towards the student's, which the last step has changed."""
        pairs = (("network", self.network), ("projection", self.projection))
        for name, student in pairs:
            slow: list[Tensor] = [*self.teacher[name].parameters()]
            fast: list[Tensor] = [*student.parameters()]
            torch._foreach_lerp_(slow, fast, 1 - self._kept)  # pyright: ignore[reportPrivateImportUsage]

    @torch.no_grad()
    def _teacher_scores(self, images: Tensor) -> Tensor:
        network = self.teacher["network"]
        head = network.get_submodule(self.head_path)
        return self.teacher["projection"](heads.entering(network, head, images)[0].float())


def self_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the cross-entropy of the student's scores to the teacher's answers of the other view.

    Source: Caron et al., 2021, arXiv 2104.14294, equations 2 and 3, for two views.

    Args:
        student: scores of the first views, then of the second ones, over its temperature.
        teacher: distributions, in the same order.

    Shape: (2 B, K) twice -> scalar
    """
    of_others = teacher.roll(len(teacher) // 2, 0)
    return F.cross_entropy(student, of_others)
