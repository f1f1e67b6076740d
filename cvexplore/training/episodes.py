"""Episodes: small tasks of N classes, with K pictures of each to go by and others to name.

They are what few-shot learning learns from and is measured on; the classes they are drawn from are
base classes while it learns, and novel ones, the data set's last, when it is asked.
"""

from dataclasses import dataclass, fields, replace
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.plugins import Range
from cvexplore.training.approaches import APPROACHES, Batch
from cvexplore.training.config import RunConfig

TURNS = 4

Ways = Annotated[int, Range(2, 50, unit="classes")]
Shots = Annotated[int, Range(1, 50, unit="pictures")]
Novel = Annotated[int, Range(2, 50, unit="classes")]


@dataclass(frozen=True, kw_only=True)
class Episode(Batch):
    """A small task; its own pictures and labels are the queries, and all labels count from 0.

    Args:
        support: the pictures to go by. Shape: (S, C, H, W)
        support_labels: the class of each, of this episode's. Shape: (S,)
        ways: how many classes it has.
        shown: places of the support in the data set, empty for pictures of people's own.
        asked: places of the queries.
    """

    support: Tensor
    support_labels: Tensor
    ways: int
    shown: Tensor
    asked: Tensor

    def with_shots(self, shots: int) -> "Episode":
        """Return the same task with only the first few pictures of each class to go by."""
        rank = F.one_hot(self.support_labels, self.ways).cumsum(0)
        kept = rank.gather(1, self.support_labels[:, None])[:, 0] <= shots
        return replace(
            self,
            support=self.support[kept],
            support_labels=self.support_labels[kept],
            shown=self.shown[kept.cpu()] if len(self.shown) else self.shown,
        )


@dataclass(frozen=True)
class Task:
    """What an episode is made of.

    Args:
        ways: classes; where there are fewer, all of them.
        shots: pictures of each to go by.
        queries: pictures of each to name; where there are fewer, all that are left.
        novel: classes that are never learned from, the data set's last.
        turned: whether a class turned by 90, 180 and 270 degrees is three more to learn from.
    """

    ways: int = 5
    shots: int = 5
    queries: int = 15
    novel: int = 4
    turned: bool = True

    @classmethod
    def of(cls, config: RunConfig) -> "Task":
        """Return what a recipe asks for."""
        usual = {each.name: each.default for each in APPROACHES.options(config.approach.name)}
        given = {**usual, **config.approach.options}
        return cls(**{each.name: given[each.name] for each in fields(cls) if each.name in given})

    def drawn(
        self, labels: Tensor, order: Tensor, random: torch.Generator
    ) -> tuple[Tensor, Tensor, int]:
        """Return the places of the support and of the queries, class after class, and the classes.

        No picture is in both.

        Args:
            labels: of the data set. Shape: (N,)
            order: places to draw from. Shape: (M,)
            random: decides the classes and the pictures.

        Returns:
            (ways * shots,), (ways * queries,) and ways.
        """
        here = labels[order]
        classes, counts = here.unique(return_counts=True)
        enough = classes[counts > self.shots]
        queries = min(self.queries, int(counts[counts > self.shots].min()) - self.shots)
        ways = min(self.ways, len(enough))
        shown, asked = [], []
        for each in enough[_shuffled(len(enough), random)[:ways]]:
            members = order[here == each]
            members = members[_shuffled(len(members), random)]
            shown.append(members[: self.shots])
            asked.append(members[self.shots : self.shots + queries])
        return torch.cat(shown), torch.cat(asked), ways


def _shuffled(count: int, random: torch.Generator) -> Tensor:
    return torch.randperm(count, generator=random, device=random.device).cpu()


def turned(labels: Tensor, order: Tensor, turns: int) -> tuple[Tensor, Tensor]:
    """Return labels and places as if each picture were there several times, turned further.

    A turned class is a class of its own, and the turned picture of place p has place p + turn * N.

    Source: Santoro, Bartunov, Botvinick, Wierstra, Lillicrap, 2016, arXiv 1605.06065, which did so
    for letters.

    Shape: (N,), (M,) -> (turns * N,), (turns * M,)
    """
    classes = int(labels.max()) + 1
    steps = torch.arange(turns)[:, None]
    return (labels + classes * steps).flatten(), (order + len(labels) * steps).flatten()


def turn(images: Tensor, quarters: Tensor) -> Tensor:
    """Return pictures turned by as many quarters. Shape: (B, C, H, W), (B,)"""
    found = images.clone()
    for each in range(1, TURNS):
        chosen = (quarters == each).to(images.device)
        found[chosen] = images[chosen].rot90(each, (2, 3))
    return found
