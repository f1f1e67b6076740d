"""Pictures that are measured on, but whose twin was learned from.

Such a score says how well a network remembers, not how well it sees. Frames of one film, several
uploads of one photo or the same photo in two sizes are the common reasons.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from cvexplore.training.splits import Split

ALIKE = 0.985  # a copy of another size, brightness or quality mostly reaches it, see ``Twin``
_SIDE = 16  # pixels a side of what is compared
_AT_ONCE = 1024  # pictures compared with all others together, which bounds memory


@dataclass(frozen=True)
class Twin:
    """A held-out picture and the one most like it among those that it should not resemble.

    Args:
        held_out: its index, in the validation or the test part.
        other: the index of the other one; of a picture to validate on it is learned from, of one
            to test on it is learned from or validated on.
        likeness: the correlation of the two as thumbnails of 16 pixels: 1 for a picture that is the
            same but for its size, brightness and contrast, 0 for two that share nothing.
    """

    held_out: int
    other: int
    likeness: float


def twins(
    images: Tensor, split: Split, tell: Callable[[int, int], None] = lambda done, whole: None
) -> list[Twin]:
    """Return the nearest picture across the parts for each held-out one, the likest first.

    Args:
        images: (N, C, H, W), uint8.
        split: its parts.
        tell: called with the pictures compared so far, and in all; an exception in it cancels.
    """
    whole = len(split.validation) + len(split.test)
    codes = thumbnails(images)
    found: list[Twin] = []
    earlier = split.train
    for part in (split.validation, split.test):
        for asked in part.split(_AT_ONCE):
            likeness, place = (codes[asked] @ codes[earlier].T).max(1)
            found += map(Twin, asked.tolist(), earlier[place].tolist(), likeness.tolist())
            tell(len(found), whole)
        earlier = torch.cat([earlier, part])
    return sorted(found, key=lambda twin: -twin.likeness)


def thumbnails(images: Tensor) -> Tensor:
    """Return pictures as vectors of length 1 whose products are their correlations.

    Shape: (N, C, H, W) uint8 -> (N, C · 16 · 16); next to zero for a picture of one colour
    """
    size = (_SIDE, _SIDE)
    small = [
        interpolate(part.float(), size, mode="bilinear", align_corners=False, antialias=True)
        for part in images.split(_AT_ONCE)
    ]
    values = torch.cat(small).flatten(1)
    values -= values.mean(1, keepdim=True)
    return values / values.norm(dim=1, keepdim=True).clamp(min=1.0)
