"""Random numbers for augmentations: one a picture, all from the generator that is handed in."""

from typing import TYPE_CHECKING, Any

from cvexplore.training.augmentations import Pictures

if TYPE_CHECKING:
    from torch import Generator, Tensor
else:
    Generator = Tensor = Any  # a form reads the signatures of augmentations without torch


def uniform(batch: Pictures, low: float, high: float, random: Generator, times: int = 0) -> Tensor:
    """Return an evenly distributed number for each picture, or several.

    Shape: (B,), or (B, times)
    """
    import torch

    size = (len(batch.labels), times) if times else (len(batch.labels),)
    drawn = torch.rand(size, generator=random, device=random.device)
    return drawn.mul_(high - low).add_(low).to(batch.images.device)


def whole(batch: Pictures, count: int, random: Generator) -> Tensor:
    """Return one of 0 … ``count`` − 1 for each picture, all alike likely.

    Shape: (B,), int64
    """
    import torch

    size = (len(batch.labels),)
    drawn = torch.randint(count, size, generator=random, device=random.device)
    return drawn.to(batch.images.device)


def chosen(batch: Pictures, share: float, random: Generator) -> Tensor:
    """Return which pictures are chosen when each is with this probability.

    Shape: (B, 1, 1, 1), bool
    """
    return (uniform(batch, 0.0, 1.0, random) < share)[:, None, None, None]
