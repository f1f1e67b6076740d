"""Distillation: a small network learns what a trained one says of every class."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from torch import Tensor

from cvexplore.errors import CvexploreError
from cvexplore.plugins import Range
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.approaches.supervised import Supervised
from cvexplore.training.augmentations import kind
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.splits import Split, split
from cvexplore.training.teachers import Teacher
from cvexplore.training.telling import of_known, only_of

TEACHER = "cvexplore/simple_cnn"  # which comes trained on MNIST-5k


@APPROACHES.register("distillation")
class Distillation(Supervised):
    """Learn what a trained network says of all classes, on pictures with and without a label.

    The loss is (1 − w) times the cross-entropy of the labels that are known, and w T² times the
    divergence KL(teacher ‖ student) of their softened probabilities softmax(scores / T). Its
    gradient is that of the paper's cross-entropy; but where both say the same, it is 0.

    Options:
        teacher: an architecture whose trained weights are bundled, run:<id> or a .safetensors file
        temperature: high ones show more of what the teacher says of the less likely classes
        weight: w, of the teacher's word; at 0 only labels count

    Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv
    1503.02531.
    """

    card = Card(
        title="Knowledge distillation",
        family="Distillation",
        year=2015,
        idea="A trained network says of each picture how likely every class is. A small one learns "
        "to say the same: that tells more than a label, and needs none.",
        formula=r"L = (1 - w)\, L_{\mathrm{labels}} \quad + w\, T^2\, \mathrm{KL}\big("
        r"\mathrm{softmax}(t / T) \,\Vert\, \mathrm{softmax}(s / T)\big)",
        source="Hinton, Vinyals, Dean, Distilling the Knowledge in a Neural Network, 2015, arXiv "
        "1503.02531",
        data="a trained network, and pictures like those it learned from; few labels or none",
        annotation="class",
        helps="with few labels and many pictures: a small network with 10 labels a class has 91 % "
        "with the teacher, 74 % without (three seeds, a teacher each)",
        fails="where all labels are known: 92 to 93 % with the teacher, 94 % without. And the "
        "bundled teacher learned from 80 % of MNIST-5k, with seed 0: at another seed or share it "
        "has seen some of what is measured on, so measure with a run of yours as the teacher",
        applications="networks for telephones and cameras; one network for the answers of many",
    )
    shows = ("soft_targets",)
    standard: ClassVar[Mapping[str, Any]] = {
        "options": {"width": 4, "hidden": 16, "dropout": 0.0},
        "labels": 10,
        "epochs": 6,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        teacher: str = TEACHER,
        temperature: Annotated[float, Range(1.0, 20.0, step=0.5)] = 4.0,
        weight: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.9,
    ) -> None:
        super().__init__(config, dataset)
        self.teacher = Teacher(teacher, config.dataset.name, dataset)
        self.temperature, self._weight = temperature, weight

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from this teacher, or None if it can."""
        for each in config.augmentations:
            if kind(each.name) == "mixing":
                return (
                    f"The augmentation {each.name} mixes classes, but not all are told: choose one "
                    "that changes pictures alone."
                )
        if reason := Supervised.not_applicable(config, dataset):
            return reason
        word = config.approach.options.get("teacher", TEACHER)
        try:
            Teacher(word, config.dataset.name, dataset)
        except CvexploreError as error:
            return str(error)
        return None

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return the parts: it learns from all pictures that are not held out."""
        return split(dataset.labels, config)

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Batch]:
        """Yield batches; while it learns, without the labels that are not told."""
        plain = super().batches(order, size, first)
        for chosen, batch in zip(order.split(size), plain, strict=True):
            if self.training:
                yield replace(batch, labels=only_of(self.parts.labelled, batch.labels, chosen))
            else:
                yield batch

    def taught(self, images: Tensor) -> Tensor:
        """Return the teacher's scores of what the student is given. Shape: -> (B, classes)"""
        return self.teacher.scores(self.pictured(images))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the sum and its two parts, and how many of the labelled ones are right."""
        scores = self(batch.images)
        told = of_known(scores, batch.labels)
        soft = distillation_loss(scores, self.taught(batch.images), self.temperature)
        loss = (1 - self._weight) * told["loss"] + self._weight * soft
        parts = {"label_loss": told["loss"].detach(), "teacher_loss": soft.detach()}
        return {"loss": loss, "accuracy": told["accuracy"], **parts}

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy of the labels, both networks' answers, how often they agree."""
        taught = self.taught(batch.images).argmax(1)
        measured = super().score(batch)
        agreed = (measured["predicted"] == taught).float().mean()
        return {
            **measured,
            "agreement": agreed,
            "teacher_accuracy": (taught == batch.labels).float().mean(),
        }


def distillation_loss(scores: Tensor, taught: Tensor, temperature: float) -> Tensor:
    """Return T² KL(teacher ‖ student) at a temperature, the mean over pictures.

    Shape: (B, classes) twice -> ()
    """
    student = (scores / temperature).log_softmax(1)
    teacher = (taught / temperature).log_softmax(1)
    return temperature**2 * (teacher.exp() * (teacher - student)).sum(1).mean()
