"""Semantic segmentation: each pixel is told what it shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice, Range
from cvexplore.training import pixel_scores
from cvexplore.training.approaches import APPROACHES, Approach, Batch, cannot_take, network_options
from cvexplore.training.augmentations import kind
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset

GROUND = "ground"


@dataclass(frozen=True)
class Masked(Batch):
    """A batch with what each pixel shows.

    Args:
        masks: 0 for the ground, 1 for the first class, … Shape: (B, H, W), int64
    """

    masks: Tensor | None = None


@APPROACHES.register("segmentation")
class Segmentation(Approach):
    """Learn to say of each pixel what it shows: the ground, or a thing of one of the classes.

    The loss is the cross-entropy of each pixel's answer, averaged over all pixels. As most show the
    ground, the overlap of whole classes (Dice) can count beside it.

    Options:
        dice: share of the loss that is one minus the classes' overlap, the rest is cross-entropy

    Source: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation",
    2014, arXiv 1411.4038; the Dice loss from Milletari, Navab, Ahmadi, "V-Net", 2016,
    arXiv 1606.04797.
    """

    card = Card(
        title="Segmentation",
        family="Supervised",
        year=2014,
        idea="Every pixel comes with its class. A network that keeps the picture's size answers "
        "for all of them at once, and is told how far off each answer is.",
        formula=r"L = -\frac{1}{HW} \sum_{i,j} \log p_\theta(y_{ij} \mid x)",
        source="Long, Shelhamer, Darrell, Fully Convolutional Networks for Semantic Segmentation, "
        "2014, arXiv 1411.4038",
        data="pictures with the class of every pixel",
        annotation="mask",
        helps="where the outline matters, or the area: 1,600 shapes of 32 pixels and their masks "
        "give a mean overlap of 95 % in 44 seconds of one core",
        fails="for the first hundreds of steps all things look alike: the network finds where they "
        "are long before it tells which; and a mask costs forty times a class",
        applications="organs in scans, roads and fields from above, cutting out people",
    )
    task = "segmentation"
    shows = ("masks",)
    standard: ClassVar[Mapping[str, Any]] = {
        "architecture": "cvexplore/unet",
        "options": {"width": 12, "depth": 3},
        "dataset": Choice("shapes"),
        "learning_rate": 5e-3,
        "batch_size": 32,
        "epochs": 12,
        "every": 3,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        dice: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.0,
    ) -> None:
        super().__init__(config, dataset)
        self._dice = dice

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot tell these pixels apart, or None if it can."""
        return _cannot_segment(config, dataset)

    @property
    def names(self) -> Sequence[str]:
        """What the network's scores are called: the ground comes first."""
        return (GROUND, *self.dataset.classes)

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Masked]:
        """Yield the same batches as ever, with the class of each pixel."""
        assert self.dataset.masks is not None  # not_applicable has seen to it
        parts = order.split(size)
        for chosen, batch in zip(parts, super().batches(order, size, first), strict=True):
            masks = self.dataset.masks[chosen].to(batch.images.device).long()
            yield Masked(batch.images, batch.labels, batch.objects, masks=masks)

    def pixels(self, images: Tensor) -> Tensor:
        """Return one score a kind for each pixel, the ground's first.

        Shape: (B, C, H, W) -> (B, classes + 1, H, W)
        """
        return _scores(self(images))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, and the share of pixels that are told right."""
        assert isinstance(batch, Masked)
        assert batch.masks is not None
        scores = self.pixels(batch.images)
        loss = F.cross_entropy(scores, batch.masks)
        if self._dice:
            loss = torch.lerp(loss, pixel_scores.dice_loss(scores, batch.masks), self._dice)
        right = scores.detach().argmax(1) == batch.masks
        return {"loss": loss, "accuracy": right.float().mean()}

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy, and each picture's counts of what was taken for what."""
        assert isinstance(batch, Masked)
        assert batch.masks is not None
        scores = self.pixels(batch.images)
        counts = pixel_scores.counted(scores.argmax(1), batch.masks, len(self.names))
        return {"loss": F.cross_entropy(scores, batch.masks), "pixels": counts}

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the share of right pixels, and the mean over the kinds of their overlap (IoU)."""
        counts = answers["pixels"].sum(0)
        overlaps = pixel_scores.overlaps(counts)
        accuracy = counts.diagonal().sum().double() / counts.sum()
        return {"accuracy": accuracy, "mean_iou": overlaps.nanmean(), "iou": overlaps}


def _scores(answer: Any) -> Tensor:
    return answer["out"] if isinstance(answer, Mapping) else answer  # torchvision's


def _cannot_segment(config: RunConfig, dataset: Dataset) -> str | None:
    name, data = config.architecture, config.dataset.name
    if dataset.masks is None:
        return f"The pictures of {data} come without masks: choose the data set shapes."
    if catalog.find(name).task != "segmentation":
        return f"{name} does not label pixels: choose a segmenter, such as cvexplore/unet."
    for each in config.augmentations:
        if kind(each.name) not in ("photometric", "occlusion"):
            return (
                f"The augmentation {each.name} moves or mixes pixels, but not their masks: "
                "choose photometric ones, which change colours, or occlusion."
            )
    options = network_options(config, dataset)
    if reason := cannot_take(options, dataset):
        return reason
    (picture,) = catalog.example(name, **options)
    try:
        network = catalog.build(name, device="meta", **options).train()
        found = tuple(_scores(network(picture.repeat(2, 1, 1, 1))).shape[1:])
    except CvexploreError as error:  # its options do not make a network
        return str(error)
    except Exception as error:  # whatever a library's network finds wrong
        reason = str(error).strip().partition("\n")[0]
        return f"{name} cannot learn at {dataset.image_size} pixels: {reason}"
    count = len(dataset.classes)
    wanted = (count + 1, dataset.image_size, dataset.image_size)
    if found == (count, *wanted[1:]):
        return f"{name} counts the ground as a class: set its option classes to {count + 1}."
    if found != wanted:
        return (
            f"{name} gives {found} for a picture, but {wanted} are needed: a score for each of "
            f"{count} classes and the ground at each pixel."
        )
    return None
