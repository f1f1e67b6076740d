"""Learning a small task in a few steps of plain gradient descent, whose result has a gradient."""

import copy
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

Weights = Mapping[str, Tensor]

_OF_THE_PAST = ("running_mean", "running_var")


def adapted(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    ways: int,
    rate: float,
    steps: int,
    second_order: bool,
) -> Weights:
    """Return the weights after some steps down the cross-entropy of these pictures.

    They have a gradient with respect to the network's own: through the steps, or, where these are
    of first order, as if what was subtracted were constant.

    Source: Finn, Abbeel, Levine, 2017, arXiv 1703.03400, algorithm 2; section 5.2 for first order.

    Args:
        network: its first weights; those without a gradient stay as they are.
        images: to learn. Shape: (S, C, H, W)
        labels: from 0 to ways - 1. Shape: (S,)
        ways: how many of the network's outputs are used, the first ones.
        rate: of the steps.
        steps: how many.
        second_order: whether the result's gradient follows the steps.
    """
    weights = {name: each for name, each in network.named_parameters() if each.requires_grad}
    for _ in range(steps):
        loss = F.cross_entropy(answers(network, weights, images)[:, :ways], labels)
        slopes = torch.autograd.grad(
            loss, tuple(weights.values()), create_graph=second_order, allow_unused=True
        )
        weights = {
            name: each if slope is None else each - rate * slope
            for (name, each), slope in zip(weights.items(), slopes, strict=True)
        }
    return weights


def answers(network: nn.Module, weights: Weights, images: Tensor) -> Tensor:
    """Return a network's answer as if it had these weights.

    Batch normalisation goes by these pictures, also where a network is measured: the statistics of
    the past are of other weights.
    """
    buffers: dict[str, Any] = {}
    if not network.training:
        past = (name for name, _ in network.named_buffers() if name.endswith(_OF_THE_PAST))
        buffers = dict.fromkeys(past)
    return functional_call(network, cast(dict[str, Tensor], {**weights, **buffers}), images)


def to_adapt(network: nn.Module) -> nn.Module:
    """Return a copy, of a network that others may be using, that learns what the network learned.

    One that learns nothing is a mean of what learned or was read from a file: all of it adapts.
    """
    copied = copy.deepcopy(network)
    if not any(each.requires_grad for each in copied.parameters()):
        copied.requires_grad_()
    return copied
