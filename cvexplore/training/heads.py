"""The last layer of a classifier, whatever its name: features come in, a score a class goes out."""

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.errors import OptionError
from cvexplore.training.modes import in_evaluation_mode

_MAPS = (nn.Linear, nn.Conv2d)


def find(network: nn.Module, example: Tensor, classes: int) -> str:
    """Return the path of the last linear map or convolution that gives one score a class.

    Args:
        network: a classifier; one pass is made, in evaluation mode.
        example: what it takes. Shape: (1, C, H, W)
        classes: how many scores it gives.

    Raises:
        OptionError: no layer of it does.
    """
    found: list[str] = []

    def look(path: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            axis = -1 if isinstance(module, nn.Linear) else 1
            if output.shape[axis] == classes:
                found.append(path)

        return hook

    hooks = [
        module.register_forward_hook(look(path))
        for path, module in network.named_modules()
        if isinstance(module, _MAPS)
    ]
    try:
        with torch.no_grad(), in_evaluation_mode(network):
            network(example)
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        raise OptionError(
            f"No layer of this {type(network).__name__} gives one score for each of {classes} "
            "classes, so its features cannot be told from its answer: choose another network."
        )
    return found[-1]


def entering(network: nn.Module, head: nn.Module, images: Tensor) -> tuple[Tensor, Any]:
    """Return what comes into the head, and the network's answer, of one pass with its gradients.

    Maps and tokens are averaged over their places.

    Shape: (B, C, H, W) -> (B, D), and the answer
    """
    kept: list[Tensor] = []
    mine = threading.get_ident()

    def keep(_: nn.Module, inputs: Any) -> None:
        if threading.get_ident() == mine:  # others may ask the same network at this moment
            kept.append(inputs[0])

    hook = head.register_forward_pre_hook(keep)
    try:
        answer = network(images)
    finally:
        hook.remove()
    inputs = kept[-1]
    if inputs.dim() == 3:  # tokens: (B, N, D)
        inputs = inputs.mean(1)
    return (inputs.mean((2, 3)) if inputs.dim() == 4 else inputs), answer


def width(head: nn.Module) -> int:
    """Return how many features come into the head."""
    assert isinstance(head, _MAPS)
    return head.in_features if isinstance(head, nn.Linear) else head.in_channels


def give(head: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Let the head be this linear map. Shape: (classes, D) and (classes,)"""
    assert isinstance(head, _MAPS)
    with torch.no_grad():
        if head.bias is None and bias.any():
            raise OptionError("The network's last layer has no bias, so it cannot be this map.")
        head.weight.copy_(weight.reshape(head.weight.shape))
        if head.bias is not None:
            head.bias.copy_(bias)
