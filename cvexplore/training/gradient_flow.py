"""How strongly each layer is told to change: the gradients of one batch, layer by layer.

A loss is felt first by the last layer; on its way back to the first, each layer multiplies it. The
product of many factors vanishes or explodes, unless shortcuts carry it past them.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.training.config import RunConfig
from cvexplore.training.layers import weighted_layers
from cvexplore.training.loop import Training


@dataclass(frozen=True)
class Flow:
    """The gradients of one batch at one moment.

    Args:
        step: optimiser steps done.
        loss: of the batch.
        layers: paths of the layers with weights, in the order they are called.
        mean: mean absolute gradient of each layer's weights.
        norm: L2 norm of the same gradient.
    """

    step: int
    loss: float
    layers: tuple[str, ...]
    mean: tuple[float, ...]
    norm: tuple[float, ...]


def gradient_flow(network: nn.Module, images: Tensor, labels: Tensor, step: int = 0) -> Flow:
    """Return the gradients of a network's cross-entropy on one batch.

    It is asked in training mode, on a copy: the network, its gradients and the statistics of its
    normalisation layers stay as they are.

    Shape: images (B, C, H, W), labels (B,)
    """
    network = copy.deepcopy(network).train().requires_grad_(True)
    layers = weighted_layers(network, images[:1])
    weights = [next(each for each in layer.own if each.dim() > 1) for layer in layers]
    loss = F.cross_entropy(network(images), labels)
    gradients = torch.autograd.grad(loss, weights)
    return Flow(
        step=step,
        loss=loss.item(),
        layers=tuple(layer.path for layer in layers),
        mean=tuple(each.abs().mean().item() for each in gradients),
        norm=tuple(each.norm().item() for each in gradients),
    )


def gradient_flows(config: RunConfig, steps: Iterable[int]) -> tuple[Flow, ...]:
    """Return the gradients at several moments of a run, always those of its first batch.

    Args:
        config: the recipe.
        steps: optimiser steps done at each moment, in their order; 0 is before it learned.

    Raises:
        CvexploreError: the recipe does not work, or its loss is no longer a number.
    """
    training = Training(config)
    approach = training.approach
    batch = next(iter(approach.batches(training.train, training.config.batch_size)))
    found = []
    turns = training.turns()
    for step in steps:
        while training.step < step and next(turns, None) is not None:
            pass
        found.append(gradient_flow(approach.network, batch.images, batch.labels, training.step))
    return tuple(found)
