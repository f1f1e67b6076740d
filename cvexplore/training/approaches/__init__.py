"""Ways to learn, one file each; a file beside this one is found by looking.

An approach is a network and the answers to three questions: which batches, which loss, which score.
The loop asks nothing else, so two views of an image, episodes or two domains need no case in it.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.images import Preparation
from cvexplore.plugins import Registry
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset, Objects

APPROACHES: Registry[type["Approach"]] = Registry("approach", folder=__name__)


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    Args:
        images: (B, C, H, W), float32.
        labels: (B,), int64.
        objects: what is where in them, if the data set knows.
    """

    images: Tensor
    labels: Tensor
    objects: Objects | None = None


class Approach(nn.Module):
    """A way to learn from a data set with a network.

    Args:
        config: the run's recipe.
        dataset: what to learn from.
    """

    network: nn.Module
    _mean: Tensor
    _std: Tensor

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        super().__init__()
        self.dataset = dataset
        options = network_options(config, dataset)
        self.preparation = _preparation(config, dataset, options)
        self.network = catalog.build(config.architecture, **options)
        self.register_buffer("_mean", _per_channel(self.preparation.mean), persistent=False)
        self.register_buffer("_std", _per_channel(self.preparation.std), persistent=False)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from this data set, or None if it can."""
        raise NotImplementedError

    def batches(self, order: Tensor, size: int) -> Iterator[Batch]:
        """Yield batches of the pictures with these indices, in this order."""
        device = self._mean.device
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            images = self.dataset.images[chosen].to(device)
            labels = self.dataset.labels[chosen].to(device)
            objects = self.dataset.objects and self.dataset.objects.of(chosen, device)
            yield Batch(self._floats(images), labels, objects)

    def _floats(self, images: Tensor) -> Tensor:
        """Turn bytes into what the network takes.

        Shape: (B, C, H, W) uint8 -> (B, the network's channels, H, W) float32
        """
        channels = len(self.preparation.mean)
        pixels = images.float().div_(255).sub_(self._mean[:, : images.shape[1]])
        pixels = pixels.div_(self._std[:, : images.shape[1]])
        if images.shape[1] != channels:
            pixels = pixels.expand(-1, channels, -1, -1)
        return pixels.contiguous(memory_format=torch.channels_last)

    @abstractmethod
    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", a scalar to descend, and whatever else is worth a curve."""

    @abstractmethod
    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return means over the batch, measured in evaluation mode."""

    def score_of_all(self, order: Tensor) -> dict[str, Tensor]:
        """Return what is measured on these pictures together and is no mean over them."""
        return {}


def network_options(config: RunConfig, dataset: Dataset) -> dict[str, Any]:
    """Return the architecture's options, fitted to the data set where the recipe is silent."""
    known = {option.name for option in catalog.options(config.architecture)}
    fitting = {
        "classes": len(dataset.classes),
        "channels": dataset.channels,
        "image_size": dataset.image_size,
    }
    return {k: v for k, v in fitting.items() if k in known} | dict(config.options)


def cannot_take(options: Mapping[str, Any], dataset: Dataset) -> str | None:
    """Return why a network of these options is not for such pictures, or None if it is."""
    for name, have in (("channels", dataset.channels), ("image_size", dataset.image_size)):
        wanted = options.get(name, have)
        if wanted != have and not (name == "channels" and have == 1):  # grey is shown to each
            return f"The network's {name} is {wanted}, but that of the pictures is {have}."
    return None


def cannot_classify(config: RunConfig, dataset: Dataset) -> str | None:
    """Return why a network gives no score a class on these pictures, or None if it does."""
    architecture = catalog.find(config.architecture)
    if architecture.task != "classification":
        return f"{architecture.name} is a network for {architecture.task}, not a classifier."
    options = network_options(config, dataset)
    if reason := cannot_take(options, dataset):
        return reason
    try:
        seen = catalog.traced(config.architecture, **options)
    except CvexploreError as error:
        return f"On pictures of {dataset.image_size} pixels: {error}"
    scores = [layer.output_shape for layer in seen.layers if layer.output_shape][-1]
    if scores != (1, len(dataset.classes)):
        return (
            f"{architecture.name} gives {scores}, not one score for {len(dataset.classes)} classes."
        )
    network = catalog.build(config.architecture, device="meta", **options).train()
    (picture,) = catalog.example(config.architecture, **options)
    try:
        network(picture.repeat(2, 1, 1, 1))  # such as Inception's helper, which only learning needs
    except Exception as error:  # whatever a library's network finds wrong
        reason = str(error).strip().partition("\n")[0]
        return f"{architecture.name} cannot learn at {dataset.image_size} pixels: {reason}"
    return None


def _preparation(config: RunConfig, dataset: Dataset, options: Mapping[str, Any]) -> Preparation:
    mean, std = dataset.mean_and_std()
    channels = catalog.preparation(config.architecture, **options).channels
    if channels != dataset.channels:
        mean, std = mean[:1] * channels, std[:1] * channels
    size = dataset.image_size
    return Preparation(size, channels, mean, std, crop=1.0, interpolation="bilinear")


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1, 1)
