"""Ways to learn, one file each; a file beside this one is found by looking.

An approach is a network and the answers to three questions: which batches, which loss, which score.
The loop asks little else, so two views of an image, episodes or two domains need no case in it. All
other methods have an answer already, and few approaches give another.
"""

import zlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice, Registry
from cvexplore.training import heads, starting
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset, Objects
from cvexplore.training.precision import computing_in
from cvexplore.training.splits import Split, split
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

    Class attributes:
        card: what it is, in words.
        task: what the network it trains does: "classification" if it names a picture's class.
        shows: names of the views of what it learned, of ``ui.learned``.
        standard: fields of a recipe that it works with, and that differ from the usual ones.
    """

    card: ClassVar[Card]
    task: ClassVar[str] = "classification"
    shows: ClassVar[tuple[str, ...]] = ()
    standard: ClassVar[Mapping[str, Any]] = {}

    network: nn.Module
    strength: float  # of the augmentations, which are made while it learns
    _mean: Tensor
    _std: Tensor

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        super().__init__()
        self.dataset = dataset
        self.parts = self.divide(config, dataset)
        self.strength = config.strength
        options = network_options(config, dataset)
        self.preparation = starting.preparation(config, dataset, options)
        self.network = starting.build(config, options, len(dataset.classes))
        self._seed, self._precision = config.seed, config.precision
        self._head = ""  # its path, once it was asked for
        self._augmentations = [AUGMENTATIONS.bind(each) for each in config.augmentations]
        self.register_buffer("_mean", _per_channel(self.preparation.mean), persistent=False)
        self.register_buffer("_std", _per_channel(self.preparation.std), persistent=False)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn from this data set, or None if it can."""
        raise NotImplementedError

    @classmethod
    def divide(cls, config: RunConfig, dataset: Dataset) -> Split:
        """Return which pictures are learned from, measured on and kept for the end.

        Unless an approach says otherwise, it learns from pictures whose class is known.

        Raises:
            OptionError: the parts asked for leave nothing to learn from, or nothing to measure on.
        """
        parts = split(dataset.labels, config)
        return replace(parts, train=parts.labelled)

    @property
    def names(self) -> Sequence[str]:
        """What the network's scores are called."""
        return self.dataset.classes

    def trained(self) -> nn.Module:
        """Return the network that a run leaves behind."""
        return self.network

    # ------------------------------------------------------------------ how it descends

    def rates(self) -> Mapping[nn.Parameter, float]:
        """Return by what the learning rate of some parameters is multiplied; of others by 1."""
        return {}

    def undecayed(self) -> Sequence[nn.Parameter]:
        """Return parameters that weight decay leaves alone, whatever the recipe says."""
        return ()

    def frozen(self, progress: float) -> float:
        """Return the share of the layers that keep their weights, at a share of the run's steps.

        The recipe's own share is the least.
        """
        return 0.0

    # ------------------------------------------------------------------ pictures

    def random(self, number: int, what: str = "") -> torch.Generator:
        """Return the random numbers of a batch: the same after a kill.

        Args:
            number: how many batches the run has learned from.
            what: sets several uses in a batch apart.
        """
        random = torch.Generator(self._mean.device)
        return random.manual_seed(zlib.crc32(f"{self._seed} {number}{what}".encode()))

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Batch]:
        """Yield batches of the pictures with these indices, in this order.

        While it learns, pictures are augmented; ``first`` is how many batches the run has learned
        from, and decides the random numbers.
        """
        device = self._mean.device
        for number, chosen in enumerate(order.split(size), start=first):
            pictures = self.drawn(chosen)
            if self.training:
                pictures = self.augmented(pictures, self.random(number))
            objects = self.dataset.objects and self.dataset.objects.of(chosen, device)
            yield Batch(
                self.prepared(pictures.images),
                pictures.labels,
                objects,
                pictures.others,
                pictures.shares,
            )

    def drawn(self, chosen: Tensor) -> Pictures:
        """Return these pictures of the data set as they are. Shape: (B,) -> (B, C, H, W)"""
        device = self._mean.device
        images = self.dataset.images[chosen].to(device).float().div_(255)
        return Pictures(images, self.dataset.labels[chosen].to(device))

    def augmented(self, pictures: Pictures, random: torch.Generator) -> Pictures:
        """Return the pictures as the recipe's augmentations change them."""
        for augment in self._augmentations:
            pictures = augment(pictures, random, self.strength)
        return pictures

    def prepared(self, images: Tensor) -> Tensor:
        """Turn pictures on a scale of 0 to 1 into what the network takes.

        Shape: (B, C, H, W) -> (B, the network's channels, H, W)
        """
        channels = len(self.preparation.mean)
        if images.shape[1] != channels:  # grey is shown to each
            images = images.expand(-1, channels, -1, -1)
        pixels = (images - self._mean).div_(self._std)
        return pixels.contiguous(memory_format=torch.channels_last)

    def pictured(self, pixels: Tensor) -> Tensor:
        """Turn what a network takes back into pictures on a scale of 0 to 1, in their channels."""
        return (pixels * self._std + self._mean)[:, : self.dataset.channels]

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

    @property
    def head_path(self) -> str:
        """The path of the network's last layer, if it is a classifier.

        Raises:
            OptionError: it has none that can be told.
        """
        if not self._head:
            self._head = heads.find(self.network, self.example(), len(self.dataset.classes))
        return self._head

    @property
    def head(self) -> nn.Module:
        """The network's last layer, if it is a classifier."""
        return self.network.get_submodule(self.head_path)

    def features(self, images: Tensor) -> Tensor:
        """Return what comes into the head, in fp32. Shape: (B, C, H, W) -> (B, D)"""
        return self.features_and_scores(images)[0]

    def features_and_scores(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what comes into the head and what comes out of the network, of one pass.

        Shape: (B, C, H, W) -> (B, D) and (B, classes)
        """
        features, scores = heads.entering(self, self.head, images)
        return features.float(), scores

    def measured_batches(self, order: Tensor, size: int) -> int:
        """Return how many batches there are of these pictures while it is measured."""
        return len(order.split(size))

    def pictures_of_batch(self, order: Tensor, size: int, number: int) -> Tensor:
        """Return which pictures are in a batch of these while it is measured. Shape: (N,) -> (B,)

        Args:
            order: indices of the pictures that are measured.
            size: of a batch.
            number: of the batch, from 0.
        """
        return order.split(size)[number]

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


def standard(name: str) -> RunConfig:
    """Return a recipe with which the approach of this name works, on data that is here.

    Raises:
        UnknownName: there is no such approach.
    """
    return replace(RunConfig(), approach=Choice(name), **APPROACHES[name].standard)


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
        catalog.traced(config.architecture, **options)
    except CvexploreError as error:
        return f"On pictures of {dataset.image_size} pixels: {error}"
    network = catalog.build(config.architecture, device="meta", **options).train()
    (picture,) = catalog.example(config.architecture, **options)
    pictures = picture.repeat(min(2, config.batch_size), 1, 1, 1)
    try:
        network(pictures)  # learning needs more, such as Inception's helper
        answer = network.eval()(pictures)
    except Exception as error:  # whatever a library's network finds wrong
        reason = str(error).strip().partition("\n")[0]
        size = f"{dataset.image_size} pixels{', one at a time' if config.batch_size == 1 else ''}"
        return f"{architecture.name} cannot learn at {size}: {reason}"
    scores, classes = getattr(answer, "shape", ()), len(dataset.classes)
    if tuple(scores) != (len(pictures), classes):
        given = " × ".join(map(str, scores[1:])) or "several things"
        return f"{architecture.name} gives {given}, not one score for {classes} classes."
    return None


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1, 1)
