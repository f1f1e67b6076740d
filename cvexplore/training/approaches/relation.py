"""Relation networks: how alike two features are is learned too."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.plugins import Choice, Range
from cvexplore.training.approaches import APPROACHES
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.episodes import Episode, Novel, Shots, Ways
from cvexplore.training.few_shot import FewShot
from cvexplore.training.modes import in_evaluation_mode
from cvexplore.training.prototypes import prototypes

MOVED = Choice("affine", {"degrees": 10.0, "shift": 0.08, "scale": 0.1})


@APPROACHES.register("relation")
class Relation(FewShot):
    """Learn features, and a small network that says from 0 to 1 how well a picture fits a class.

    The loss is the squared error of these scores: 1 for the query's own class and 0 for others.
    It is shown the network's last maps, before they are pooled or flattened, of both side by side.
    Those of a class are averaged and not summed, so that it may be asked with fewer shots.

    Options:
        novel: classes that are never learned from, the data set's last
        ways: classes of an episode while it learns
        shots: pictures of each class to go by
        queries: pictures of each class to name
        turned: whether a class turned by 90, 180 and 270 degrees is three more to learn from
        width: maps between the layers that compare

    Source: Sung, Yang, Zhang, Xiang, Torr, Hospedales, "Learning to Compare: Relation Network for
    Few-Shot Learning", 2018, arXiv 1711.06025.
    """

    card = Card(
        title="Relation network",
        family="Few-shot",
        year=2018,
        idea="A distance is a guess at what makes two pictures alike. Let a second, small network "
        "learn it: it is shown a class and a picture and says how well they fit.",
        formula=r"r_{kj} = g\left([c_k, f(x_j)]\right), \qquad "
        r"L = \sum_{k,j} \left(r_{kj} - \mathbf{1}[y_j = k]\right)^2",
        source="Sung, Yang, Zhang, Xiang, Torr, Hospedales, Learning to Compare: Relation Network "
        "for Few-Shot Learning, 2018, arXiv 1711.06025",
        data="many pictures of other classes, and one to five of each new one",
        annotation="class",
        helps="where likeness is no plain distance, and there are many classes to learn it from",
        fails="with a handful of base classes: on held-out digits it names 88% after five pictures "
        "of each, and the plain distance of prototypical networks 93%, both with the same network",
        applications="recognising new objects, signatures, tracks of animals",
    )
    standard: ClassVar[Mapping[str, Any]] = {
        "options": {"batch_norm": True, "dropout": 0.0, "hidden": 256},
        "augmentations": (MOVED,),
        "batch_size": 50,
        "steps": 500,
        "every": 5,
    }
    measure = "Relation score"
    nearest = False

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        novel: Novel = 4,
        ways: Ways = 5,
        shots: Shots = 5,
        queries: Shots = 5,
        turned: bool = True,
        width: Annotated[int, Range(2, 1024, unit="numbers")] = 64,
    ) -> None:
        super().__init__(config, dataset)
        self._path = last_maps(self.network, self.example())
        _, channels, *sides = self._shape()
        self.relation = comparing(2 * channels, width, sides)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why there are no maps to compare, or None if there are."""
        architecture = catalog.find(config.architecture)
        if architecture.kind != "CNN":
            return f"It compares the last maps of a CNN; {architecture.name} is none."
        return FewShot.not_applicable(config, dataset)

    @torch.no_grad()
    def _shape(self) -> torch.Size:
        with in_evaluation_mode(self.network):
            return self.maps(self.example()).shape

    def maps(self, images: Tensor) -> Tensor:
        """Return the network's last maps, in fp32. Shape: (B, C, H, W) -> (B, channels, h, w)"""
        kept: list[Tensor] = []
        layer = self.network.get_submodule(self._path)

        mine = threading.get_ident()

        def keep(_: nn.Module, __: Any, output: Tensor) -> None:
            if threading.get_ident() == mine:  # others may ask the same network at this moment
                kept.append(output)

        hook = layer.register_forward_hook(keep)
        try:
            self(images)
        finally:
            hook.remove()
        return kept[-1].float()

    def answer(self, episode: Episode) -> Tensor:
        """Return how well each query fits each class, 0 to 1."""
        shown = self.maps(episode.support)
        means = prototypes(shown.flatten(1), episode.support_labels, episode.ways)
        means = means.reshape(-1, *shown.shape[1:])
        return related(self.relation, means, self.maps(episode.images))

    def told(self, scores: Tensor) -> Tensor:
        """Return them as they are."""
        return scores

    def cost(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return the squared error, the mean over all pairs."""
        return F.mse_loss(scores, F.one_hot(labels, scores.shape[1]).to(scores.dtype))


def comparing(channels: int, width: int, sides: Sequence[int]) -> nn.Module:
    """Return a relation module: two convolutions and two dense layers, for maps of these sides.

    Shape: (pairs, channels, h, w) -> (pairs, 1)
    """
    small = all(side >= 2 for side in sides)
    places = math.prod(side // 2 if small else side for side in sides)
    return nn.Sequential(
        *(nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()),
        nn.MaxPool2d(2) if small else nn.Identity(),
        *(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(width * places, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid()),
    )


def related(relation: nn.Module, means: Tensor, asked: Tensor) -> Tensor:
    """Return what a relation module says of every query and class, the class shown first.

    Shape: (classes, C, h, w), (Q, C, h, w) -> (Q, classes)
    """
    shown = means.expand(len(asked), *means.shape)
    pairs = torch.cat([shown, asked[:, None].expand_as(shown)], dim=2)
    return relation(pairs.flatten(0, 1)).reshape(pairs.shape[:2])


@torch.no_grad()
def last_maps(network: nn.Module, example: Tensor) -> str:
    """Return the path of the last module that gives maps of more than one place.

    Shape: the example's is (1, C, H, W)
    """
    found: list[str] = []

    def look(path: str) -> Callable[..., None]:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.dim() == 4 and output[0, 0].numel() > 1:
                found.append(path)

        return hook

    hooks = [each.register_forward_hook(look(path)) for path, each in network.named_modules()]
    try:
        with in_evaluation_mode(network):
            network(example)
    finally:
        for hook in hooks:
            hook.remove()
    return found[-1]
