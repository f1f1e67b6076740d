"""Augmentations that hide a part of each picture, so that no single part decides."""

from dataclasses import replace
from typing import Annotated, Literal

from cvexplore.plugins import Range
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.augmentations.chance import Generator, Tensor, chosen, whole
from cvexplore.training.augmentations.rectangles import drawn_corner, drawn_sides, inside

Fill = Literal["black", "mean", "noise"]

_ASPECT = (0.3, 3.3)  # of what is erased, width / height


@AUGMENTATIONS.register("cutout")
def cutout(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    side: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.35,
    fill: Fill = "mean",
) -> Pictures:
    """Cover a square; its middle is anywhere in the picture, so some squares are cut off.

    Options:
        side: of the square, as a share of the picture's
        fill: what covers it: black, the picture's mean colour, or noise

    Source: DeVries, Taylor, "Improved Regularization of Convolutional Neural Networks with
        Cutout", 2017, arXiv 1708.04552.
    """
    height, width = batch.images.shape[2:]
    long = round(side * strength * height)
    top = whole(batch, height, random) - long // 2
    left = whole(batch, width, random) - long // 2
    hidden = inside(batch.images, top, left, top + long, left + long)
    return replace(batch, images=_covered(batch.images, hidden, fill, random))


@AUGMENTATIONS.register("random_erasing")
def random_erasing(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    share: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.5,
    smallest: Annotated[float, Range(0.01, 0.5, step=0.01)] = 0.02,
    largest: Annotated[float, Range(0.01, 0.8, step=0.01)] = 0.33,
    fill: Fill = "noise",
) -> Pictures:
    """Cover a rectangle of any size and proportion that lies wholly in the picture.

    Options:
        share: of the pictures in which one is covered
        smallest: the least it covers, as a share of the picture's area
        largest: the most it covers
        fill: what covers it: black, the picture's mean colour, or noise

    Source: Zhong, Zheng, Kang, Li, Yang, "Random Erasing Data Augmentation", 2017,
        arXiv 1708.04896.
    """
    picked = chosen(batch, share * strength, random)
    height, width = batch.images.shape[2:]
    size = (height - 1, width - 1)
    area = (min(smallest, largest), largest)
    tall, wide, fits = drawn_sides(batch, area, _ASPECT, size, random)
    top, left = drawn_corner(batch, (tall, wide), random)
    hidden = inside(batch.images, top, left, top + tall, left + wide)
    hidden &= picked & fits[:, None, None, None]
    return replace(batch, images=_covered(batch.images, hidden, fill, random))


def _covered(images: Tensor, hidden: Tensor, fill: Fill, random: Generator) -> Tensor:
    import torch

    match fill:
        case "black":
            return images.masked_fill(hidden, 0.0)
        case "mean":
            return torch.where(hidden, images.mean((2, 3), keepdim=True), images)
        case "noise":
            some = hidden.flatten(1).any(1).nonzero()[:, 0]  # noise costs most: none for the others
            shape = (len(some), *images.shape[1:])
            noise = torch.rand(shape, generator=random, device=random.device).to(images.device)
            return images.index_copy(0, some, torch.where(hidden[some], noise, images[some]))
