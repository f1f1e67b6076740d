"""How often a network is right under each corruption at each strength."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from scipy.special import ndtri
from torch import Tensor

from cvexplore.errors import LayerError, OptionError
from cvexplore.robustness.corruptions import CORRUPTIONS, corrupt

ALL_STRENGTHS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Count:
    """How many of some images a network is right about."""

    correct: int = 0
    images: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.correct + other.correct, self.images + other.images)

    @property
    def accuracy(self) -> float:
        """The share of images it is right about; not a number before the first."""
        return self.correct / self.images if self.images else float("nan")

    @property
    def error(self) -> float:
        """The share of images it is wrong about."""
        return 1 - self.accuracy

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return between what the accuracy on all images of this kind lies: Wilson's interval.

        Source: Wilson, "Probable inference, the law of succession, and statistical inference",
            1927, doi:10.1080/01621459.1927.10502953.
        """
        if not self.images:
            return 0.0, 1.0
        z = float(ndtri((1 + confidence) / 2))
        share, spread = self.accuracy, z * z / self.images
        middle = (share + spread / 2) / (1 + spread)
        reach = math.sqrt(spread * (share * self.error + spread / 4)) / (1 + spread)
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Accuracies:
    """What has been counted so far.

    Args:
        clean: on the images as they are.
        corrupted: under each corruption at each strength, (name, strength) -> count.
        images: how many images there are in all.
        corruptions, strengths: what is asked.
    """

    clean: Count
    corrupted: Mapping[tuple[str, int], Count]
    images: int
    corruptions: tuple[str, ...]
    strengths: tuple[int, ...] = ALL_STRENGTHS

    @property
    def passes(self) -> int:
        """How many images have gone through the network."""
        return self.clean.images + sum(count.images for count in self.corrupted.values())

    @property
    def all_passes(self) -> int:
        """How many will have gone through it in the end."""
        return self.images * (1 + len(self.corruptions) * len(self.strengths))

    @property
    def done(self) -> bool:
        """Whether everything has been counted."""
        return self.passes == self.all_passes

    def curve(self, corruption: str) -> tuple[Count, ...]:
        """Return the counts under one corruption, strength by strength."""
        return tuple(self.corrupted[corruption, strength] for strength in self.strengths)

    def error(self, corruption: str) -> float:
        """Return the mean error under one corruption, over the strengths.

        The paper divides it by AlexNet's on the same images; nothing is divided here.
        """
        return _mean([count.error for count in self.curve(corruption)])

    def relative_error(self, corruption: str) -> float:
        """Return by how much the corruption raises the error above that of the clean images."""
        return self.error(corruption) - self.clean.error

    @property
    def mean_error(self) -> float:
        """The mean corruption error: the mean of ``error`` over all corruptions."""
        return _mean([self.error(corruption) for corruption in self.corruptions])

    @property
    def mean_relative_error(self) -> float:
        """The mean of ``relative_error`` over all corruptions."""
        return self.mean_error - self.clean.error


@dataclass
class _Tally:
    """The counts while they are made."""

    clean: Count = field(default_factory=Count)
    corrupted: dict[tuple[str, int], Count] = field(default_factory=dict)


def accuracies(
    scores: Callable[[Tensor], Tensor],
    pixels: Tensor,
    labels: Tensor,
    corruptions: Sequence[str] | None = None,
    *,
    strengths: Sequence[int] = ALL_STRENGTHS,
    batch: int = 32,
) -> Iterator[Accuracies]:
    """Yield the counts so far after every pass; the last ones are of all images.

    A batch of images goes through clean, then under each corruption at each strength, before the
    next: so all curves become exact together, and who stops early has them all on the same images.

    Args:
        scores: the network of pixels 0..1, which it shifts and scales itself: (B, C, H, W) to one
            score a class (B, K). It is called without gradients.
        pixels: Shape: (N, C, H, W), uint8 0..255 or floats 0..1
        labels: the right classes, as the network counts them. Shape: (N,)
        corruptions: names in ``CORRUPTIONS``; None means all.
        strengths: of 1 to 5.
        batch: so many images go through at once.

    Raises:
        UnknownName: no such corruption.
        OptionError: no images, or not one label for each.
        LayerError: the network does not return one score a class.

    Source: Hendrycks & Dietterich, 2019, arXiv:1903.12261.
    """
    names = tuple(CORRUPTIONS) if corruptions is None else tuple(corruptions)
    for name in names:
        CORRUPTIONS[name]
    if not len(pixels) or len(pixels) != len(labels):
        raise OptionError(f"{len(pixels)} images have {len(labels)} labels; give one for each.")
    tally = _Tally(corrupted={(name, each): Count() for name in names for each in strengths})

    def so_far() -> Accuracies:
        counts = dict(tally.corrupted)
        return Accuracies(tally.clean, counts, len(pixels), names, tuple(strengths))

    for images, right in zip(pixels.split(batch), labels.split(batch), strict=True):
        images = images.float() / 255 if images.dtype == torch.uint8 else images
        tally.clean += _counted(scores, images, right)
        yield so_far()
        for name, strength in tally.corrupted:
            tally.corrupted[name, strength] += _counted(
                scores, corrupt(name, images, strength), right
            )
            yield so_far()


@torch.no_grad()
def _counted(scores: Callable[[Tensor], Tensor], images: Tensor, right: Tensor) -> Count:
    found = scores(images)
    if not isinstance(found, Tensor) or found.dim() != 2:
        raise LayerError("This network does not return one score a class; choose a classifier.")
    return Count(int((found.argmax(1).cpu() == right.cpu()).sum()), len(images))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
