"""A class as the mean of its pictures' features, and answers by the nearest of these means."""

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from cvexplore.training import heads

if TYPE_CHECKING:
    from cvexplore.training.approaches import Approach

_AT_ONCE = 64


def prototypes(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return each class's mean; classes may have different numbers of pictures, but none has none.

    Source: Snell, Swersky, Zemel, 2017, arXiv 1703.05175, equation 1.

    Shape: (S, D), (S,) -> (classes, D)
    """
    sums = features.new_zeros(classes, features.shape[1]).index_add(0, labels, features)
    return sums / labels.bincount(minlength=classes)[:, None]


def squared_distances(features: Tensor, means: Tensor) -> Tensor:
    """Return |x − p|² of every two. Shape: (Q, D), (classes, D) -> (Q, classes)"""
    return (features[:, None] - means).square().sum(2)


def as_linear_map(means: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return the linear map whose scores differ from −|x − p|² / scale by the same for each class.

    |x − p|² is |x|² − 2 p·x + |p|², and |x|² favours no class.

    Source: Snell, Swersky, Zemel, 2017, arXiv 1703.05175, equation 8.

    Shape: (classes, D) -> (classes, D) and (classes,)
    """
    return 2 * means / scale, -means.square().sum(1) / scale


@torch.no_grad()
def network_of_prototypes(
    approach: "Approach", order: Tensor, classes: int, scale: float = 1.0
) -> nn.Module:
    """Return a copy of an approach's network whose head answers with the nearest class mean.

    Args:
        approach: in evaluation mode.
        order: pictures to take the means of, some of each class. Shape: (N,)
        classes: of the data set.
        scale: what distances are divided by.
    """
    features = torch.cat(
        [
            approach.features(approach.prepared(approach.drawn(each).images))
            for each in order.split(_AT_ONCE)
        ]
    )
    labels = approach.dataset.labels[order].to(features.device)
    network = copy.deepcopy(approach.network)
    head = network.get_submodule(approach.head_path)
    heads.give(head, *as_linear_map(prototypes(features, labels, classes), scale))
    return network
