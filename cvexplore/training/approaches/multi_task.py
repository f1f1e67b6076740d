"""Multi-task learning: one network answers several questions about a picture at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice, Range
from cvexplore.training import heads
from cvexplore.training.approaches import APPROACHES, Approach, Batch, cannot_classify
from cvexplore.training.augmentations import kind
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.tasks import BOX, CLASS, Task, by_uncertainty, tasks_of

_Weight = Annotated[float, Range(0.0, 1000.0)]

_RECOLOURS = ("colour", "grayscale")  # augmentations after which a colour is another


@dataclass(frozen=True, kw_only=True)
class Asked(Batch):
    """Pictures with the truth of each task.

    Args:
        truths: by the task's name.
    """

    truths: Mapping[str, Tensor]


@APPROACHES.register("multi_task")
class MultiTask(Approach):
    """Learn several tasks with one network: its features are shared, a small head each answers.

    The tasks are the data set's: of shapes the class, the colour and the box; of scenes those of
    the largest shape, and how many there are. The loss is a weighted sum of the tasks' losses; as
    it is measured on validation, all weights are 1.

    Options:
        weighting: equal sums the losses; hand uses the weights below; uncertainty learns a σ each
        class_weight: of the class, by hand
        axis_weight: of each axis, by hand
        box_weight: of the box, by hand
        sigma_rate: how much faster than the weights log σ learns
        only: the one task to learn, as the control, unweighted; all where this is empty

    Source: Caruana, "Multitask Learning", 1997; uncertainty from Kendall, Gal, Cipolla, "Multi-Task
    Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics", 2018, arXiv
    1705.07115.
    """

    card = Card(
        title="Multi-task learning",
        family="Multi-task",
        year=2018,
        idea="One network answers several questions: its features are shared, each question has a "
        "small head. How much a question counts can be learned: the less can be known of its "
        "answer, the less.",
        formula=r"L = \sum_i \frac{L_i}{2 \sigma_i^2} + \log \sigma_i",
        source="Kendall, Gal, Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for "
        "Scene Geometry and Semantics, 2018, arXiv 1705.07115",
        data="pictures with an answer to every question",
        annotation="box",
        helps="where time counts: three tasks on shapes take one network and a third of the time "
        "of three. In one run of 40 epochs uncertainty had 77 % of the classes right, equal "
        "weights 68 %, the class alone 75 %",
        fails="in short runs, where a task alone does better: after 16 epochs it has 80 % of the "
        "classes, beside two others 72 %, and uncertainty does what equal weights do. Weights by "
        "hand trade one task for another",
        applications="driving: depth, lanes and objects from one camera and one network",
    )
    shows = ("tasks",)
    standard: ClassVar[Mapping[str, Any]] = {
        "dataset": Choice("shapes", {"count": 3000}),
        "options": {"batch_norm": True, "dropout": 0.0},
        "epochs": 16,
        "every": 2,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        weighting: Literal["uncertainty", "equal", "hand"] = "uncertainty",
        class_weight: _Weight = 1.0,
        axis_weight: _Weight = 1.0,
        box_weight: _Weight = 50.0,
        sigma_rate: Annotated[float, Range(0.0, 100.0)] = 1.0,
        only: str = "",
    ) -> None:
        super().__init__(config, dataset)
        self.tasks = _wanted(dataset, only)
        self._learns_sigma = weighting == "uncertainty" and len(self.tasks) > 1
        self._sigma_rate = sigma_rate
        by_hand = {CLASS: class_weight, BOX: box_weight}
        weights = [by_hand.get(task.name, axis_weight) for task in self.tasks]
        weighed = weighting == "hand" and len(weights) > 1
        self._weights = weights if weighed else [1.0] * len(weights)
        features = heads.width(self.head)
        self.heads = nn.ModuleDict(
            {f"to_{t.name}": nn.Linear(features, t.outputs) for t in self.tasks if t.name != CLASS}
        )
        self.log_sigma = nn.Parameter(torch.zeros(len(self.tasks)))

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn these tasks, or None if it can."""
        only = config.approach.options.get("only", "")
        try:
            tasks = _wanted(dataset, only)
        except OptionError as error:
            return str(error)
        if len(tasks) == 1 and not only:
            return (
                f"The pictures of {config.dataset.name} have a class and nothing else: choose "
                "shapes or scenes."
            )
        for each in config.augmentations:
            if reason := _spoils(each.name, tasks):
                return reason
        return cannot_classify(config, dataset)

    def rates(self) -> Mapping[nn.Parameter, float]:
        """Return how much faster log σ learns."""
        return {self.log_sigma: self._sigma_rate}

    def undecayed(self) -> Sequence[nn.Parameter]:
        """Return log σ: pulling it to 0 would set all weights to a half."""
        return (self.log_sigma,)

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Asked]:
        """Yield batches of the pictures with the truth of each task."""
        device = self._mean.device
        plain = super().batches(order, size, first)
        for chosen, batch in zip(order.split(size), plain, strict=True):
            truths = {task.name: task.truth[chosen].to(device) for task in self.tasks}
            yield Asked(batch.images, batch.labels, truths=truths)

    def answers(self, images: Tensor) -> dict[str, Tensor]:
        """Return the answers to each task, of one pass. Shape: (B, C, H, W) -> (B, outputs) each"""
        features, scores = self.features_and_scores(images)
        return {
            task.name: scores if task.name == CLASS else self.heads[f"to_{task.name}"](features)
            for task in self.tasks
        }

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted sum, each task's loss and score, and each σ if it is learned."""
        measured, losses = self._measured(batch)
        if self._learns_sigma:
            sigmas = self.log_sigma.detach().exp()
            measured |= {f"sigma_{t.name}": s for t, s in zip(self.tasks, sigmas, strict=True)}
            return {"loss": by_uncertainty(losses, self.log_sigma), **measured}
        weighted = losses * losses.new_tensor(self._weights)
        return {"loss": weighted.sum(), **measured}

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the plain sum of the losses, and each task's loss and score."""
        measured, losses = self._measured(batch)
        return {"loss": losses.sum(), **measured}

    def _measured(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        assert isinstance(batch, Asked)
        answers = self.answers(batch.images)
        losses, measured = [], {}
        for task in self.tasks:
            answer, truth = answers[task.name], batch.truths[task.name]
            losses.append(task.loss(answer, truth))
            measured[f"{task.name}_loss"] = losses[-1].detach()
            measured[task.score_name] = task.score(answer.detach(), truth)
        return measured, torch.stack(losses)


def _wanted(dataset: Dataset, only: str) -> tuple[Task, ...]:
    """Return the tasks to learn.

    Raises:
        OptionError: the data set has no task of this name.
    """
    tasks = tasks_of(dataset)
    found = tuple(task for task in tasks if only in ("", task.name))
    if not found:
        names = ", ".join(task.name for task in tasks)
        raise OptionError(f"There is no task {only!r}; these pictures have: {names}.")
    return found


def _spoils(augmentation: str, tasks: Sequence[Task]) -> str | None:
    """Return why an augmentation makes answers wrong, or None if it does not."""
    names = {task.name for task in tasks}
    match kind(augmentation):
        case "mixing":
            return f"The augmentation {augmentation} mixes pictures, but not their answers."
        case "geometric" | "policies" if BOX in names:
            return f"The augmentation {augmentation} moves objects, but not their boxes."
    recolours = augmentation in _RECOLOURS or kind(augmentation) == "policies"
    if recolours and "colour" in names:
        return f"The augmentation {augmentation} changes colours, which are to be named."
    return None
