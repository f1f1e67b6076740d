"""When a loss is no longer a number: which step, which layer, which pictures."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from cvexplore.errors import RunError
from cvexplore.training.approaches import Approach, Batch


class Diverged(RunError):
    """A run whose loss is no longer a number.

    Args:
        message: one sentence.
        step: at which it was seen.
        layer: the first whose output or weights are not finite; empty if only the loss is not.
        pictures: indices in the data set of the batch it was seen on.
    """

    def __init__(self, message: str, step: int, layer: str, pictures: tuple[int, ...]) -> None:
        super().__init__(message)
        self.step = step
        self.layer = layer
        self.pictures = pictures


def diverged(
    approach: Approach, batch: Batch, *, split: str, step: int, rate: float, pictures: Tensor
) -> Diverged:
    """Return the error that says where the numbers ended, found by asking the batch once more."""
    weights, output = first_weights(approach.network), ""
    if weights:
        where = f"the weights of {weights} are not finite since the step before"
    elif output := first_output(approach, batch):
        where = f"the output of {output} is the first that is not finite"
    else:
        where = "all layers' outputs are finite, so it is the loss itself"
    message = (
        f"The {split} loss is not a number at step {step}: {where} "
        f"(on {_named(pictures)}); try a learning rate below {rate:g}."
    )
    return Diverged(message, step, weights or output, tuple(pictures.tolist()))


def first_weights(network: nn.Module) -> str:
    """Return the path of the first module whose own weights are not finite, or nothing."""
    for path, module in network.named_modules():
        if not all(_is_finite(each) for each in module.parameters(recurse=False)):
            return path or "the network"
    return ""


@torch.no_grad()
def first_output(approach: Approach, batch: Batch) -> str:
    """Return the path of the module that first returns what is not finite, or nothing."""
    found: list[str] = []

    def look(path: str, output: Any) -> None:
        if not found and not all(_is_finite(each) for each in _tensors(output)):
            found.append(path or "the network")

    hooks = [
        module.register_forward_hook(lambda _, __, output, path=path: look(path, output))
        for path, module in approach.network.named_modules()
    ]
    try:
        approach.loss(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else ""


def _is_finite(tensor: Tensor) -> bool:
    return bool(tensor.isfinite().all())


def _tensors(output: Any) -> Iterator[Tensor]:
    leaves = tree_leaves(output)
    return (each for each in leaves if isinstance(each, Tensor))


def _named(pictures: Tensor, most: int = 5) -> str:
    numbers = ", ".join(map(str, pictures[:most].tolist()))
    more = ", …" if len(pictures) > most else ""
    return f"picture {numbers}" if len(pictures) == 1 else f"pictures {numbers}{more}"
