"""An episode together with what an approach makes of it: for people to look at."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cvexplore.training.episodes import Episode
from cvexplore.training.few_shot import FewShot
from cvexplore.training.prototypes import prototypes


@dataclass(frozen=True)
class Answered:
    """What was made of an episode's queries; classes count from 0.

    Args:
        told: what people are told of each class: a distance, a score. Shape: (Q, ways)
        answers: the class each query was given. Shape: (Q,)
        labels: its own class. Shape: (Q,)
        support: features of the pictures to go by. Shape: (S, D)
        support_labels: their classes. Shape: (S,)
        means: of each class's features. Shape: (ways, D)
        asked: features of the queries. Shape: (Q, D)
    """

    told: np.ndarray
    answers: np.ndarray
    labels: np.ndarray
    support: np.ndarray
    support_labels: np.ndarray
    means: np.ndarray
    asked: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Say of each query whether its class was found. Shape: (Q,), bool"""
        return self.answers == self.labels


def answered(approach: FewShot, episode: Episode) -> Answered:
    """Return what an approach, in evaluation mode, makes of an episode."""
    with torch.inference_mode():
        scores = approach.answer(episode)
        support = approach.features(episode.support)
        found = (
            approach.told(scores),
            scores.argmax(1),
            episode.labels,
            support,
            episode.support_labels,
            prototypes(support, episode.support_labels, episode.ways),
            approach.features(episode.images),
        )
    return Answered(*(each.cpu().numpy() for each in found))


def task_of(support: Tensor, support_labels: Tensor, images: Tensor, ways: int) -> Episode:
    """Return an episode of pictures that are of no data set, with queries of unknown class.

    Args:
        support: the pictures to go by, as the network takes them. Shape: (S, C, H, W)
        support_labels: the class of each, all of 0 to ways - 1. Shape: (S,)
        images: the queries. Shape: (Q, C, H, W)
        ways: how many classes there are.
    """
    nowhere = torch.arange(0)
    return Episode(
        images=images,
        labels=torch.full((len(images),), -1, device=images.device),
        support=support,
        support_labels=support_labels,
        ways=ways,
        shown=nowhere,
        asked=nowhere,
    )
