"""The smallest square that, laid on the image, changes what the network says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from cvexplore.attribution import Asked
from cvexplore.errors import OptionError
from cvexplore.robustness.attacks import original_pixels

Cover = Literal["grey", "mean", "black", "white"]


@dataclass(frozen=True)
class Patch:
    """A square on the image, and what the network says with it.

    Args:
        side: in pixels.
        top, left: where its upper left corner lies.
        label: the class predicted then.
        probability: that class's.
        kept: the probability of the class predicted without it.
    """

    side: int
    top: int
    left: int
    label: int
    probability: float
    kept: float


@dataclass(frozen=True)
class Squares:
    """What the network says with a square of one size at each place, as far as it was asked.

    Args:
        side: of the square, in pixels.
        tops, lefts: where its upper left corner was laid; every top with every left.
        label: the class predicted without it.
        target: the class that ``kept`` is of.
        kept: that class's probability with the square there; NaN where it was not asked yet.
            Shape: (tops, lefts)
        labels: the class predicted with the square there; -1 where not asked. Shape: (tops, lefts)
        probabilities: the predicted class's probability, likewise.
    """

    side: int
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    label: int
    target: int
    kept: Tensor
    labels: Tensor
    probabilities: Tensor

    @property
    def count(self) -> int:
        """How many places there are."""
        return len(self.tops) * len(self.lefts)

    @property
    def asked(self) -> int:
        """How many of them the network has been asked about."""
        return int((self.labels >= 0).sum())

    @property
    def done(self) -> bool:
        """Whether every place has been asked about."""
        return self.asked == self.count

    @property
    def flips(self) -> Tensor:
        """Where the square changes the prediction. Shape: (tops, lefts), bool"""
        return (self.labels >= 0) & (self.labels != self.label)

    @property
    def flip(self) -> Patch | None:
        """Of the squares that change it, the one whose new class is likeliest; None if none do."""
        if not self.flips.any():
            return None
        best = int(self.probabilities.masked_fill(~self.flips, -1).argmax())
        return self._patch(best)

    @property
    def lowest(self) -> Patch:
        """The square that leaves the target class the least probability, of those asked about."""
        return self._patch(int(self.kept.nan_to_num(2).argmin()))

    def _patch(self, place: int) -> Patch:
        row, column = divmod(place, len(self.lefts))
        return Patch(
            self.side,
            self.tops[row],
            self.lefts[column],
            int(self.labels[row, column]),
            float(self.probabilities[row, column]),
            float(self.kept[row, column]),
        )


def occlusion_map(
    asked: Asked, side: int, *, stride: int | None = None, cover: Cover = "grey"
) -> Iterator[Squares]:
    """Yield what the network says with a square at each place, after each batch of places.

    Args:
        asked: the network, the image, and the class whose probability is mapped.
        side: of the square, in pixels.
        stride: from one place to the next, in pixels; None means half the side. The last row and
            column lie at the border, however far that is.
        cover: the square's colour; "mean" is the image's mean colour.

    Raises:
        OptionError: the square or the stride does not fit the image.
        LayerError: the network is no classifier of images.

    Source: Zeiler & Fergus, "Visualizing and understanding convolutional networks", 2014,
        arXiv:1311.2901.
    """
    pixels = original_pixels(asked)
    height, width = pixels.shape[-2:]
    stride = max(1, side // 2) if stride is None else stride
    if not (1 <= side <= min(height, width) and stride >= 1):
        raise OptionError(
            f"A square of {side} pixels every {stride} does not fit an image of "
            f"{height} × {width}; take 1 to {min(height, width)}, and a stride of at least 1."
        )
    network = asked.network()

    @torch.no_grad()
    def probabilities(images: Tensor) -> Tensor:
        return network(asked.normalised(images)).float().softmax(1).cpu()

    label = int(probabilities(pixels).argmax())
    squares = _unasked(
        side, _starts(height, side, stride), _starts(width, side, stride), label, asked.target
    )
    corners = [(top, left) for top in squares.tops for left in squares.lefts]
    for first in range(0, len(corners), asked.batch):
        some = corners[first : first + asked.batch]
        found = probabilities(covered(pixels, some, side, cover))
        squares = _with(squares, first, found)
        yield squares


def smallest_patch(
    asked: Asked, *, tried: Sequence[int] | None = None, cover: Cover = "grey"
) -> Iterator[Squares]:
    """Yield what the network says of ever larger squares, up to the first size that changes it.

    Every size is laid at every place, half its side apart, before the next size is tried. A larger
    square need not change what a smaller one does, so nothing is halved: the answer, ``flip`` of
    the last value, is the smallest of the sizes tried. A size or place between those tried may do
    with less.

    Args:
        asked: the network and the image; its target is the class that is mapped on the way.
        tried: sides of the square in pixels; None means ``sides`` of the image.
        cover: the square's colour.

    Raises:
        OptionError: a side does not fit the image.
        LayerError: the network is no classifier of images.
    """
    height, width = asked.image.shape[-2:]
    for side in sorted(set(sides(min(height, width)) if tried is None else tried)):
        squares = None
        for squares in occlusion_map(asked, side, cover=cover):
            yield squares
        if squares is not None and squares.flip:
            return


def sides(image: int) -> tuple[int, ...]:
    """Return sides of squares to try on an image, in pixels: from 1/16 of it to half of it.

    Each is about a fifth longer than the one before.
    """
    shares = (1 / 16 * 2 ** (place / 4) for place in range(13))
    return tuple(dict.fromkeys(max(1, round(share * image)) for share in shares))


def places(image: tuple[int, int], side: int, stride: int | None = None) -> int:
    """Return how many places a square has on an image of this height and width."""
    stride = max(1, side // 2) if stride is None else stride
    return len(_starts(image[0], side, stride)) * len(_starts(image[1], side, stride))


def covered(
    pixels: Tensor, corners: Sequence[tuple[int, int]], side: int, cover: Cover = "grey"
) -> Tensor:
    """Return the image with a square at each of these places, one image a place.

    Args:
        pixels: Shape: (1, C, H, W), values 0..1
        corners: top and left of each square.
        side: of the square, in pixels.
        cover: its colour; "mean" is the image's mean colour.

    Shape: (places, C, H, W)
    """
    mean = pixels.mean((2, 3))
    plain = {"black": 0.0, "grey": 0.5, "white": 1.0}
    colour = mean if cover == "mean" else torch.full_like(mean, plain[cover])
    images = pixels.repeat(len(corners), 1, 1, 1)
    for image, (top, left) in zip(images, corners, strict=True):
        image[:, top : top + side, left : left + side] = colour[0, :, None, None]
    return images


def _starts(whole: int, side: int, stride: int) -> tuple[int, ...]:
    last = whole - side
    return tuple(dict.fromkeys([*range(0, last, stride), last]))


def _unasked(
    side: int, tops: tuple[int, ...], lefts: tuple[int, ...], label: int, target: int
) -> Squares:
    shape = (len(tops), len(lefts))
    unknown = torch.full(shape, float("nan"))
    return Squares(
        side, tops, lefts, label, target, unknown, torch.full(shape, -1), unknown.clone()
    )


def _with(squares: Squares, first: int, found: Tensor) -> Squares:
    """Return the squares with the probabilities of some more places. Shape: (places, classes)"""
    places = slice(first, first + len(found))
    kept, labels = squares.kept.clone(), squares.labels.clone()
    probabilities = squares.probabilities.clone()
    kept.view(-1)[places] = found[:, squares.target]
    probabilities.view(-1)[places], labels.view(-1)[places] = found.max(1)
    return replace(squares, kept=kept, labels=labels, probabilities=probabilities)
