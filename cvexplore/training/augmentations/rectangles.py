"""Rectangles in pictures, one in each: what is cropped, covered or cut out."""

import math

from cvexplore.training.augmentations import Pictures
from cvexplore.training.augmentations.chance import Generator, Tensor, uniform

_TRIES = 10  # at a rectangle that fits into the picture, as torchvision tries


def drawn_sides(
    batch: Pictures,
    area: tuple[float, float],
    aspect: tuple[float, float],
    largest: tuple[int, int],
    random: Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return heights, widths and whether they fit: the first try that fits, if one does.

    Args:
        batch: the pictures.
        area: least and most, as shares of the picture's; all between are alike likely.
        aspect: least and most of width / height; all between are alike likely in their logarithm.
        largest: height and width that fit.
        random: where the numbers come from.

    Shape: (B,), (B,), float32 of whole numbers; (B,), bool
    """
    height, width = batch.images.shape[2:]
    logs = math.log(aspect[0]), math.log(aspect[1])
    pixels = uniform(batch, *area, random, _TRIES) * (height * width)
    ratio = uniform(batch, *logs, random, _TRIES).exp()
    tall, wide = (pixels / ratio).sqrt().round(), (pixels * ratio).sqrt().round()
    fits = (tall > 0) & (wide > 0) & (tall <= largest[0]) & (wide <= largest[1])
    first = fits.byte().argmax(1, keepdim=True)
    tall, wide, fits = (each.gather(1, first)[:, 0] for each in (tall, wide, fits))
    return tall, wide, fits


def drawn_corner(
    batch: Pictures, sides: tuple[Tensor, Tensor], random: Generator
) -> tuple[Tensor, Tensor]:
    """Return tops and lefts of rectangles that lie wholly in the pictures.

    Shape: two of (B,), float32 of whole numbers
    """
    height, width = batch.images.shape[2:]
    top = uniform(batch, 0.0, 1.0, random) * (height - sides[0] + 1)
    left = uniform(batch, 0.0, 1.0, random) * (width - sides[1] + 1)
    return top.floor(), left.floor()


def inside(images: Tensor, top: Tensor, left: Tensor, bottom: Tensor, right: Tensor) -> Tensor:
    """Return which pixels lie in each picture's rectangle, its lower and right edge left out.

    Shape: (B, C, H, W), four of (B,) -> (B, 1, H, W), bool
    """
    import torch

    down = torch.arange(images.shape[2], device=images.device)
    across = torch.arange(images.shape[3], device=images.device)
    rows = (down >= top[:, None]) & (down < bottom[:, None])
    columns = (across >= left[:, None]) & (across < right[:, None])
    return (rows[:, :, None] & columns[:, None, :])[:, None]
