"""This project's own readable builders, as the catalog sees them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from cvexplore.architectures import BUILDERS
from cvexplore.images import Preparation
from cvexplore.plugins import Choice, Option, Range

# The photos these networks were published for; a network without an image_size option takes any.
_PUBLISHED_SIZE = 224
_DETECTION_SIZE = 800
_SMALL_SIZE = 32  # CIFAR-10's
_TASKS = {"detr": "detection", "unet": "segmentation"}  # of all others it is classification


def names() -> list[str]:
    """Return the names of all builders."""
    return list(BUILDERS)


def task(name: str) -> str:
    """Return what the model is for."""
    return _TASKS.get(name, "classification")


def options(name: str) -> tuple[Option, ...]:
    """Return the builder's keyword-only parameters, and the image size it is run at."""
    own = BUILDERS.options(name)
    if any(option.name == "image_size" for option in own):
        return own
    size = Option(
        "image_size",
        int,
        image_size(name),
        Range(8, 1024, unit="pixels"),
        help="pixels a side; the network takes any, its weights do not change",
    )
    return (*own, size)


def image_size(name: str) -> int:
    """Return the pixels a side that the standard options are for."""
    for option in BUILDERS.options(name):
        if option.name == "image_size":
            return option.default
    if name == "resnet_cifar":
        return _SMALL_SIZE
    return _DETECTION_SIZE if task(name) == "detection" else _PUBLISHED_SIZE


def build(name: str, chosen: Mapping[str, Any]) -> nn.Module:
    """Build the network with random weights.

    Raises:
        BuildError: the options do not make a network together.
    """
    own = {option.name for option in BUILDERS.options(name)}
    return BUILDERS.bind(Choice(name, {k: v for k, v in chosen.items() if k in own}))()


def example(name: str, size: int, channels: int, device: str = "meta") -> tuple[Any, ...]:
    """Return the arguments of one forward pass."""
    return (torch.empty(1, channels, size, size, device=device),)


def preparation(name: str) -> Preparation:
    """Return what is done to a picture before the network sees it."""
    defaults = {option.name: option.default for option in BUILDERS.options(name)}
    channels = defaults.get("channels", 3)
    if channels == 1:
        return Preparation(image_size(name), 1, mean=(0.0,), std=(1.0,), crop=1.0)
    return Preparation(image_size(name))


def labels(name: str) -> tuple[str, ...]:
    """Return no names: these networks have no published weights."""
    return ()


def weights_address(name: str) -> None:
    """Return nothing: these networks are trained here."""
    return None
