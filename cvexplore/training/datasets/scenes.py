"""Pictures of one to four shapes, each with its box."""

from typing import Annotated

import torch
from torch import Tensor

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Dataset, Objects
from cvexplore.training.datasets.shapes import CLASSES, COLOURS, covered, half_sides

MOST = 4  # objects a scene
_RADII = (0.1, 0.2)  # as shares of the side
_TRIES = 60  # places to choose from, so that a shape touches no other
_AT_ONCE = 256  # scenes painted together, which bounds memory


@DATASETS.register("scenes")
def scenes(
    *,
    count: Annotated[int, Range(40, 20_000, unit="images")] = 2000,
    image_size: Annotated[int, Range(16, 224, unit="pixels")] = 64,
    noise: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.05,
    seed: Annotated[int, Range(0, 10_000)] = 0,
) -> Dataset:
    """One to four circles, squares, triangles and crosses a picture, each with its box.

    As a data set to classify, the class of a picture is that of its largest shape.

    Options:
        count: pictures to draw
        image_size: pixels a side
        noise: standard deviation of the noise, 1 being from black to white
        seed: draws the same pictures again

    Source: drawn by this project from signed distances; nothing is downloaded.
    """
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(len(CLASSES), (count, MOST), generator=random)
    shown = torch.arange(MOST) < torch.randint(1, MOST + 1, (count, 1), generator=random)
    radius = torch.empty(count, MOST).uniform_(*_RADII, generator=random)
    turn = torch.empty(count, MOST).uniform_(0, 2 * torch.pi, generator=random)
    middle = _apart(radius, shown, random)
    painted = _painted(labels, shown, middle, radius, turn, image_size, noise, random)
    left, up, right, down = (radius[..., None] * half_sides(labels, turn)).unbind(-1)
    x, y = middle.unbind(-1)
    boxes = torch.stack([x + (right - left) / 2, y + (down - up) / 2, left + right, up + down], -1)
    largest = (radius * shown).argmax(1)
    return Dataset(
        images=painted,
        labels=labels.gather(1, largest[:, None])[:, 0],
        classes=CLASSES,
        source="Drawn by this project: 1 to 4 shapes of any colour, size, place and turn.",
        objects=Objects(torch.where(shown, labels, -1), boxes * shown[..., None]),
    )


def _apart(radius: Tensor, shown: Tensor, random: torch.Generator) -> Tensor:
    """Return a middle for each shape, such that those shown overlap as little as can be.

    Shape: (N, M) -> (N, M, 2), as shares of the side
    """
    count, most = radius.shape
    margin = 1.07 * radius[..., None]  # a square's corner is 0.75 sqrt(2) from its middle
    places = torch.rand(count, most, _TRIES, 2, generator=random)
    places = margin[..., None] + places * (1 - 2 * margin[..., None])
    middles = places[:, :1, 0]
    for index in range(1, most):
        tried = places[:, index]  # (N, tries, 2)
        away = torch.cdist(tried, middles) - margin[:, None, :index, 0] - margin[:, index, None]
        away = away.masked_fill(~shown[:, None, :index], 1.0)
        best = away.amin(2).clamp(max=0).argmax(1)  # the first that touches none
        middles = torch.cat([middles, tried[torch.arange(count), best][:, None]], 1)
    return middles


def _painted(
    labels: Tensor,
    shown: Tensor,
    middle: Tensor,
    radius: Tensor,
    turn: Tensor,
    side: int,
    noise: float,
    random: torch.Generator,
) -> Tensor:
    """Return the scenes as bytes.

    Shape: labels, shown, radius, turn (N, M), middle (N, M, 2) -> (N, 3, side, side)
    """
    count, most = labels.shape
    colours = torch.tensor(COLOURS) / 255
    paint = colours[torch.randint(len(colours), (count, most), generator=random)]
    ground = torch.rand((count, 3), generator=random) * 0.35
    images = torch.empty(count, 3, side, side, dtype=torch.uint8)
    for part in torch.arange(count).split(_AT_ONCE):
        picture = ground[part, :, None, None].repeat(1, 1, side, side)
        for index in range(most):
            there = part[shown[part, index]]
            x, y = side * middle[there, index, :, None, None].transpose(0, 1)
            size, angle = side * radius[there, index, None, None], turn[there, index, None, None]
            inside = covered(labels[there, index], x, y, size, angle, side)[:, None]
            rows = there - part[0]
            picture[rows] = picture[rows].lerp(paint[there, index, :, None, None], inside)
        picture += noise * torch.randn(picture.shape, generator=random)
        images[part] = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
    return images
