"""A network in evaluation mode for a moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def in_evaluation_mode(network: nn.Module) -> Iterator[nn.Module]:
    """Let a network be in evaluation mode inside, and each layer in its own mode again after.

    ``network.train()`` would wake layers that are kept from learning, such as a frozen batch
    normalisation.
    """
    before = [(each, each.training) for each in network.modules()]
    network.eval()
    try:
        yield network
    finally:
        for module, training in before:
            module.training = training
