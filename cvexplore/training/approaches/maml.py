"""MAML: weights from which a few steps of gradient descent learn a new task."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from cvexplore.plugins import Choice, Range
from cvexplore.training.adaptation import adapted, answers, to_adapt
from cvexplore.training.approaches import APPROACHES
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.episodes import Episode, Novel, Shots, Task, Ways
from cvexplore.training.few_shot import FewShot

MOVED = Choice("affine", {"degrees": 10.0, "shift": 0.08, "scale": 0.1})


@APPROACHES.register("maml")
class MAML(FewShot):
    """Learn first weights from which a few steps on an episode's support answer its queries.

    The loss is the cross-entropy over the queries after these steps, followed back to the first
    weights: through the steps, or, first-order, as if the steps were constant. Batch normalisation
    goes by the pictures at hand: of a query, by all of its episode.

    Options:
        novel: classes that are never learned from, the data set's last
        ways: classes of an episode while it learns
        shots: pictures of each class to go by
        queries: pictures of each class to name
        turned: whether a class turned by 90, 180 and 270 degrees is three more to learn from
        order: full follows the gradient through the inner steps, first takes them as constant
        inner_rate: learning rate of the inner steps
        inner_steps: on an episode's support while it learns
        asked_steps: on an episode's support when it is asked

    Source: Finn, Abbeel, Levine, "Model-Agnostic Meta-Learning for Fast Adaptation of Deep
    Networks", 2017, arXiv 1703.03400.
    """

    card = Card(
        title="MAML",
        family="Few-shot",
        year=2017,
        idea="Do not learn a task: learn weights from which any task is a few steps away. A step "
        "of learning is itself a function with a gradient.",
        formula=r"\theta' = \theta - \alpha \nabla_\theta L_S(\theta), \qquad "
        r"\min_\theta \sum_{\text{tasks}} L_Q(\theta')",
        source="Finn, Abbeel, Levine, Model-Agnostic Meta-Learning for Fast Adaptation of Deep "
        "Networks, 2017, arXiv 1703.03400",
        data="many small tasks, and one to five pictures of each new class",
        annotation="class",
        helps="where tasks differ in more than their classes, such as regression or control",
        fails="in a budget of minutes: after 100 steps it names 77% of four held-out digits, and "
        "73% first-order, fewer than ten steps from random weights that learned nothing before. "
        "The paper takes 60,000 steps; prototypical networks need 400 for 93%",
        applications="robots that adapt to a new body or ground, personal models",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "options": {"batch_norm": True, "dropout": 0.0, "hidden": 256},
        "learning_rate": 1e-3,
        "batch_size": 100,
        "steps": 100,
        "every": 5,
    }
    episodes = 40  # the first of the others' hundred: each is learned anew when it is asked
    measure = "Probability"
    nearest = False

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        novel: Novel = 4,
        ways: Ways = 4,
        shots: Shots = 5,
        queries: Shots = 10,
        turned: bool = False,
        order: Literal["full", "first"] = "full",
        inner_rate: Annotated[float, Range(1e-4, 10.0)] = 0.01,
        inner_steps: Annotated[int, Range(1, 100, unit="steps")] = 5,
        asked_steps: Annotated[int, Range(1, 1000, unit="steps")] = 10,
    ) -> None:
        super().__init__(config, dataset)
        self._order, self._inner_rate = order, inner_rate
        self._inner_steps, self._asked_steps = inner_steps, asked_steps

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why it cannot adapt to episodes of these classes, or None if it can."""
        ways, classes = Task.of(config).ways, len(dataset.classes)
        if ways > classes:
            return f"The network has {classes} scores, so an episode cannot have {ways} classes."
        if config.precision != "fp32":
            return "The gradient of a step of learning is only computed in fp32."
        return FewShot.not_applicable(config, dataset)

    def answer(self, episode: Episode) -> Tensor:
        """Return the scores of the first outputs after some steps on the support."""
        if self.training:
            second_order = self._order == "full"
            return self._adapted(self.network, episode, self._inner_steps, second_order)
        with torch.inference_mode(False), torch.enable_grad():
            own = replace(
                episode,
                images=episode.images.clone(),
                support=episode.support.clone(),
                support_labels=episode.support_labels.clone(),
            )
            return self._adapted(to_adapt(self.network), own, self._asked_steps, False).detach()

    def _adapted(
        self, network: nn.Module, episode: Episode, steps: int, second_order: bool
    ) -> Tensor:
        support, ways = episode.support, episode.ways
        with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
            weights = adapted(
                network,
                support,
                episode.support_labels,
                ways=ways,
                rate=self._inner_rate,
                steps=steps,
                second_order=second_order,
            )
            both = answers(network, weights, torch.cat([support, episode.images]))
        return both[len(support) :, :ways]

    def told(self, scores: Tensor) -> Tensor:
        """Return the probabilities."""
        return F.softmax(scores, dim=1)
