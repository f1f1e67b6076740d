"""Augmentations that move a picture: what a thing is does not depend on where it stands.

Whether that is so is for the data to say: a mirrored 2 is no digit.
"""

import math
from dataclasses import replace
from typing import Annotated

from cvexplore.plugins import Range
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.augmentations.chance import Generator, Tensor, chosen, uniform, whole
from cvexplore.training.augmentations.rectangles import drawn_corner, drawn_sides


@AUGMENTATIONS.register("horizontal_flip")
def horizontal_flip(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    share: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.5,
) -> Pictures:
    """Mirror left and right: right for most photos, wrong for digits and letters.

    Options:
        share: of the pictures that are mirrored
    """
    import torch

    flipped = chosen(batch, share * strength, random)
    return replace(batch, images=torch.where(flipped, batch.images.flip(3), batch.images))


@AUGMENTATIONS.register("vertical_flip")
def vertical_flip(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    share: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.5,
) -> Pictures:
    """Mirror top and bottom: for pictures without an up, such as those from above.

    Options:
        share: of the pictures that are mirrored
    """
    import torch

    flipped = chosen(batch, share * strength, random)
    return replace(batch, images=torch.where(flipped, batch.images.flip(2), batch.images))


@AUGMENTATIONS.register("rotate")
def rotate(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    degrees: Annotated[float, Range(0.0, 180.0, step=1.0, unit="°")] = 15.0,
) -> Pictures:
    """Turn about the middle; what comes in at the corners is black.

    Options:
        degrees: the furthest it is turned, either way
    """
    return affine(batch, random, strength, degrees=degrees, shift=0.0, scale=0.0)


@AUGMENTATIONS.register("crop")
def crop(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    padding: Annotated[int, Range(0, 32, unit="pixels")] = 4,
) -> Pictures:
    """Shift by whole pixels: a black border all around, of which a crop of the old size is kept.

    Options:
        padding: how wide the border is, so how far a picture is shifted at most

    Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015,
        arXiv 1512.03385.
    """
    border = round(padding * strength)
    top, left = (whole(batch, 2 * border + 1, random) for _ in range(2))
    return replace(batch, images=cropped(batch.images, border, top, left))


@AUGMENTATIONS.register("resized_crop")
def resized_crop(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    smallest: Annotated[float, Range(0.05, 1.0, step=0.05)] = 0.5,
    aspect: Annotated[float, Range(1.0, 2.0, step=0.05)] = 1.35,
) -> Pictures:
    """Enlarge a part of the picture to all of it.

    Options:
        smallest: share of the picture's area that a part has at least
        aspect: how many times a part may be wider than it is high, or higher than wide

    Source: Szegedy and others, "Going Deeper with Convolutions", 2014, arXiv 1409.4842.
    """
    if not strength:
        return batch
    import torch

    height, width = batch.images.shape[2:]
    area, ratio = 1 - (1 - smallest) * strength, aspect**strength
    size = (height, width)
    tall, wide, fits = drawn_sides(batch, (area, 1.0), (1 / ratio, ratio), size, random)
    sides = torch.where(fits, tall, height), torch.where(fits, wide, width)
    top, left = drawn_corner(batch, sides, random)
    return replace(batch, images=enlarged(batch.images, top, left, *sides))


@AUGMENTATIONS.register("affine")
def affine(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    degrees: Annotated[float, Range(0.0, 180.0, step=1.0, unit="°")] = 10.0,
    shift: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.08,
    scale: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.1,
    shear: Annotated[float, Range(0.0, 45.0, step=1.0, unit="°")] = 0.0,
) -> Pictures:
    """Turn, shift, enlarge and slant at once, as handwriting does.

    Options:
        degrees: the furthest it is turned, either way
        shift: the furthest it is shifted, as a share of the picture's side
        scale: the most it is enlarged or made smaller; 0.1 is from 0.9 to 1.1 times
        shear: the furthest it is slanted, either way
    """
    if not strength:
        return batch
    height, width = batch.images.shape[2:]

    def either_way(most: float) -> Tensor:
        return uniform(batch, -most * strength, most * strength, random)

    matrices = inverses(
        degrees=either_way(degrees),
        across=either_way(shift * width).round_(),
        down=either_way(shift * height).round_(),
        scale=1 + either_way(scale),
        shear=either_way(shear),
    )
    return replace(batch, images=warped(batch.images, matrices))


def cropped(images: Tensor, border: int, top: Tensor, left: Tensor) -> Tensor:
    """Return pictures with a black border, cropped to their old size at these corners.

    Shape: (B, C, H, W), (B,), (B,) -> (B, C, H, W)
    """
    import torch
    from torch.nn.functional import pad

    height, width = images.shape[2:]
    windows = pad(images, (border,) * 4).unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(len(images), device=images.device), :, top, left]


def enlarged(images: Tensor, top: Tensor, left: Tensor, tall: Tensor, wide: Tensor) -> Tensor:
    """Return a rectangle of each picture, drawn as large as the picture was.

    Shape: (B, C, H, W) and four of (B,), in pixels -> (B, C, H, W)
    """
    import torch
    from torch.nn.functional import grid_sample

    def places(size: int, start: Tensor, side: Tensor) -> Tensor:
        """Return where pixels come from, never beyond the rectangle, from −1 to 1 of the whole."""
        middle = (torch.arange(size, device=images.device) + 0.5) / size * side[:, None]
        inside = middle.clamp(min=0.5).minimum(side[:, None] - 0.5)
        return (start[:, None] + inside) * (2 / size) - 1

    count, _, height, width = images.shape
    down = places(height, top, tall)[:, :, None].expand(count, height, width)
    across = places(width, left, wide)[:, None, :].expand(count, height, width)
    grid = torch.stack((across, down), dim=-1)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


def inverses(degrees: Tensor, across: Tensor, down: Tensor, scale: Tensor, shear: Tensor) -> Tensor:
    """Return where each pixel of the moved picture comes from, in pixels from the middle.

    The picture is slanted, turned clockwise and scaled about its middle, and then shifted.

    Shape: five of (B,) -> (B, 2, 3)
    """
    import torch

    turn = degrees * (math.pi / 180)
    slant = (shear * (math.pi / 180)).tan()
    cosine, sine = turn.cos() / scale, turn.sin() / scale
    upper = torch.stack((cosine - sine * slant, sine + cosine * slant), dim=1)
    linear = torch.stack((upper, torch.stack((-sine, cosine), dim=1)), dim=1)
    shift = linear @ torch.stack((across, down), dim=1)[:, :, None]
    return torch.cat((linear, -shift), dim=2)


def warped(images: Tensor, matrices: Tensor) -> Tensor:
    """Return pictures moved by these matrices, with black where nothing comes from.

    Shape: (B, C, H, W), (B, 2, 3) as ``inverses`` returns them -> (B, C, H, W)
    """
    from torch.nn.functional import affine_grid, grid_sample

    height, width = images.shape[2:]
    to_shares = matrices.new_tensor(
        [[1.0, height / width, 2 / width], [width / height, 1.0, 2 / height]]
    )
    grid = affine_grid(matrices * to_shares, list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)
