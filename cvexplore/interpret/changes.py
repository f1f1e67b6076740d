"""Changes of an image, each with a strength: shift, rotate, scale, blur, recolour, occlude.

A change acts on the square that a network sees, before its values are normalised. Its first option
is its strength, whose default changes nothing. Changes that move things have a ``motion``, which
moves a layer's maps the same way; what comes in at the border has the image's mean colour.
"""

import math
from collections.abc import Callable
from dataclasses import Field, dataclass, fields
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from cvexplore.plugins import Option, Range, Registry


@dataclass(frozen=True)
class Motion:
    """Where everything in an image goes: turned and enlarged around its middle, then shifted.

    Args:
        right: pixels.
        down: pixels.
        degrees: against the clock.
        factor: more than one enlarges.
    """

    right: float = 0
    down: float = 0
    degrees: float = 0
    factor: float = 1


class Change:
    """One change of an image at one strength; calling it gives the changed image.

    Shape: (B, C, H, W), values 0..1 -> the same
    """

    @property
    def motion(self) -> Motion | None:
        """Where things go; None if they stay where they are."""
        return None

    def __call__(self, squares: Tensor) -> Tensor:
        """Return the images changed; the very same at the strength that changes nothing."""
        motion = self.motion
        if motion == Motion() or (motion is None and strength(self) == _first(self).default):
            return squares
        if motion is None:
            return self._changed(squares)
        arrived, known = moved(squares, motion)
        return arrived + (1 - known) * squares.mean((2, 3), keepdim=True)

    def _changed(self, squares: Tensor) -> Tensor:
        raise NotImplementedError


CHANGES: Registry[Callable[..., Change]] = Registry("change")


def stops(option: Option, side: int) -> tuple[float, ...]:
    """Return the values of a change's option from one end of its slider to the other.

    Args:
        option: one of a change's, with a range and a step.
        side: of the image; nothing is shifted or hidden by more than half of it.
    """
    bounds = option.range
    if bounds is None or bounds.step is None:
        raise ValueError(f"{option.name} has no steps")
    count = round((bounds.high - bounds.low) / bounds.step) + 1
    values = (round(bounds.low + place * bounds.step, 6) for place in range(count))
    return tuple(each for each in values if bounds.unit != "pixels" or each <= side / 2)


def strength(change: Change) -> float:
    """Return how strong a change is: the value of its first option."""
    return getattr(change, _first(change).name)


def _first(change: Change) -> "Field[float]":
    return fields(change)[0]  # type: ignore[arg-type]  # every change is a dataclass


def moved(maps: Tensor, motion: Motion, stride: float = 1) -> tuple[Tensor, Tensor]:
    """Return maps with everything moved, zero where it is unknown, and how far it is known there.

    Between cells, values are interpolated linearly. The middle of a map is taken to lie in the
    middle of the image.

    Args:
        maps: Shape: (B, C, H, W)
        motion: in pixels of the image.
        stride: pixels of the image from one cell of the maps to the next.

    Shape: (B, C, H, W) and (1, 1, H, W), from 0 unknown to 1 known
    """
    height, width = maps.shape[-2:]
    angle = math.radians(motion.degrees)
    cosine, sine = math.cos(angle) / motion.factor, math.sin(angle) / motion.factor
    right, down = motion.right / stride, motion.down / stride
    # From a place in the moved map back to where it was, in the coordinates -1..1 of grid_sample.
    back = torch.tensor(
        [
            [cosine, -sine * height / width, -(cosine * right - sine * down) * 2 / width],
            [sine * width / height, cosine, -(sine * right + cosine * down) * 2 / height],
        ],
        dtype=torch.float64,
    )
    grid = F.affine_grid(back[None], [1, 1, height, width], align_corners=False).to(maps.dtype)
    known = F.grid_sample(maps.new_ones(1, 1, height, width), grid, align_corners=False)
    arrived = F.grid_sample(maps, grid.expand(len(maps), -1, -1, -1), align_corners=False)
    return arrived, known


# ------------------------------------------------------------------ changes that move things


@CHANGES.register("shift")
@dataclass(frozen=True, kw_only=True)
class Shift(Change):
    """Shift the image; what comes in at the border has the image's mean colour.

    Options:
        right: by how much
        down: by how much
    """

    right: Annotated[float, Range(0, 32, 1, "pixels")] = 0
    down: Annotated[float, Range(0, 32, 1, "pixels")] = 0

    @property
    def motion(self) -> Motion:
        """Where things go."""
        return Motion(right=self.right, down=self.down)


@CHANGES.register("rotate")
@dataclass(frozen=True, kw_only=True)
class Rotate(Change):
    """Turn the image around its middle; the corners that come in have its mean colour.

    Options:
        angle: against the clock
    """

    angle: Annotated[float, Range(-90, 90, 7.5, "degrees")] = 0

    @property
    def motion(self) -> Motion:
        """Where things go."""
        return Motion(degrees=self.angle)


@CHANGES.register("scale")
@dataclass(frozen=True, kw_only=True)
class Scale(Change):
    """Enlarge or shrink the image around its middle; a border that comes in has its mean colour.

    Options:
        factor: more than one enlarges
    """

    factor: Annotated[float, Range(0.5, 2, 0.05, "times")] = 1

    @property
    def motion(self) -> Motion:
        """Where things go."""
        return Motion(factor=self.factor)


# ------------------------------------------------------------------ changes that leave all in place


@CHANGES.register("blur")
@dataclass(frozen=True, kw_only=True)
class Blur(Change):
    """Blur the image by a Gaussian; it goes on past the border as its mirror image.

    Options:
        sigma: standard deviation of the Gaussian
    """

    sigma: Annotated[float, Range(0, 8, 0.5, "pixels")] = 0

    def _changed(self, squares: Tensor) -> Tensor:
        reach = min(math.ceil(3 * self.sigma), min(squares.shape[-2:]) - 1)
        rows = transforms.gaussian_blur(squares, [2 * reach + 1, 1], [self.sigma] * 2)
        return transforms.gaussian_blur(rows, [1, 2 * reach + 1], [self.sigma] * 2)


@CHANGES.register("recolour")
@dataclass(frozen=True, kw_only=True)
class Recolour(Change):
    """Change the colours: -100 % of brightness is black, of contrast and saturation is grey.

    Options:
        amount: of the hue, 100 % is the opposite colour
        what: what is changed
    """

    amount: Annotated[float, Range(-100, 100, 10, "%")] = 0
    what: Literal["brightness", "contrast", "saturation", "hue"] = "brightness"

    def _changed(self, squares: Tensor) -> Tensor:
        share = self.amount / 100
        if self.what == "hue":
            return transforms.adjust_hue(squares, share / 2)
        adjust = {
            "brightness": transforms.adjust_brightness,
            "contrast": transforms.adjust_contrast,
            "saturation": transforms.adjust_saturation,
        }[self.what]
        return adjust(squares, 1 + share)


@CHANGES.register("occlude")
@dataclass(frozen=True, kw_only=True)
class Occlude(Change):
    """Hide a part of the image behind a grey square.

    Source: Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2014,
        arXiv:1311.2901.

    Options:
        size: side of the square
        across: where its middle lies, from the left border to the right
        along: where its middle lies, from the upper border to the lower
    """

    size: Annotated[float, Range(0, 112, 4, "pixels")] = 0
    across: Annotated[float, Range(0, 100, 5, "%")] = 50
    along: Annotated[float, Range(0, 100, 5, "%")] = 50

    def _changed(self, squares: Tensor) -> Tensor:
        height, width = squares.shape[-2:]
        top = round(height * self.along / 100 - self.size / 2)
        left = round(width * self.across / 100 - self.size / 2)
        hidden = squares.clone()
        size = round(self.size)
        hidden[..., max(0, top) : top + size, max(0, left) : left + size] = 0.5
        return hidden
