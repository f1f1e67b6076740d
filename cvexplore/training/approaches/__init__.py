"""Ways to learn, one file each; a file beside this one is found by looking.

An approach is a network and the answers to three questions: which batches, which loss, which score.
The loop asks nothing else, so two views of an image, episodes or two domains need no case in it.
"""

import zlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.plugins import Registry
from cvexplore.training import starting
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset, Objects
from cvexplore.training.precision import computing_in
from cvexplore.training.starting import network_options

APPROACHES: Registry[type["Approach"]] = Registry("approach", folder=__name__)


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    Args:
        images: (B, C, H, W), float32.
        labels: (B,), int64.
        objects: what is where in them, if the data set knows.
        others: the class mixed into each, if an augmentation mixes. Shape: (B,), int64
        shares: how much of each is of ``labels``, the rest of ``others``. Shape: (B,)
    """

    images: Tensor
    labels: Tensor
    objects: Objects | None = None
    others: Tensor | None = None
    shares: Tensor | None = None


class Approach(nn.Module):
    """A way to learn from a data set with a network.

    Args:
        config: the run's recipe.
        dataset: what to learn from.
    """

    network: nn.Module
    strength: float  # of the augmentations, which are made while it learns
    _mean: Tensor
    _std: Tensor

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        super().__init__()
        self.dataset = dataset
        self.strength = config.strength
        options = network_options(config, dataset)
        self.preparation = starting.preparation(config, dataset, options)
        self.network = starting.build(config, options, len(dataset.classes))
        self._seed, self._precision = config.seed, config.precision
        self._augmentations = [AUGMENTATIONS.bind(each) for each in config.augmentations]
        self.register_buffer("_mean", _per_channel(self.preparation.mean), persistent=False)
        self.register_buffer("_std", _per_channel(self.preparation.std), persistent=False)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from this data set, or None if it can."""
        raise NotImplementedError

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Batch]:
        """Yield batches of the pictures with these indices, in this order.

        While it learns, pictures are augmented; ``first`` is how many batches the run has learned
        from, and decides the random numbers.
        """
        device = self._mean.device
        for number, start in enumerate(range(0, len(order), size), start=first):
            chosen = order[start : start + size]
            images = self.dataset.images[chosen].to(device).float().div_(255)
            pictures = Pictures(images, self.dataset.labels[chosen].to(device))
            if self.training and self._augmentations:
                pictures = self._augmented(pictures, number)
            objects = self.dataset.objects and self.dataset.objects.of(chosen, device)
            yield Batch(
                self._prepared(pictures.images),
                pictures.labels,
                objects,
                pictures.others,
                pictures.shares,
            )

    def _augmented(self, pictures: Pictures, number: int) -> Pictures:
        random = torch.Generator(pictures.images.device)
        random.manual_seed(zlib.crc32(f"{self._seed} {number}".encode()))  # the same after a kill
        for augment in self._augmentations:
            pictures = augment(pictures, random, self.strength)
        return pictures

    def _prepared(self, images: Tensor) -> Tensor:
        """Turn pictures on a scale of 0 to 1 into what the network takes.

        Shape: (B, C, H, W) -> (B, the network's channels, H, W)
        """
        channels = len(self.preparation.mean)
        if images.shape[1] != channels:  # grey is shown to each
            images = images.expand(-1, channels, -1, -1)
        pixels = (images - self._mean).div_(self._std)
        return pixels.contiguous(memory_format=torch.channels_last)

    def example(self) -> Tensor:
        """Return an empty picture as the network takes it. Shape: (1, C, H, W)"""
        done = self.preparation
        size = (1, done.channels, done.image_size, done.image_size)
        return torch.zeros(size, device=self._mean.device)

    def forward(self, images: Tensor) -> Any:
        """Return the network's answer in fp32, whatever it computes in."""
        if self._precision == "fp32":
            return self.network(images)
        with computing_in(self._precision, str(images.device)):
            answer = self.network(images)
        return tree_map_only(Tensor, Tensor.float, answer)

    @abstractmethod
    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", a scalar to descend, and whatever else is worth a curve."""

    @abstractmethod
    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return what is measured in evaluation mode: means over the batch, "loss" among them.

        What has a first axis of pictures is collected for ``score_of_all``.
        """

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what is measured on all these pictures together and is no mean over them.

        Args:
            order: indices of the pictures.
            answers: what ``score`` gave for each. Shape: (N, …)

        Returns:
            Scalars, and vectors of several values such as "confusion".
        """
        return {}


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


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1, 1)
