"""Pictures of one to four shapes, each with its box."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Axis, Dataset, Objects
from cvexplore.training.datasets.shapes import CLASSES, COLOUR_NAMES, COLOURS

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MOST = 4  # objects a scene
_RADII = (0.1, 0.2)  # as shares of the side
_TRIES = 60  # places to choose from, so that a shape touches no other
_AT_ONCE = 256  # scenes painted together, which bounds memory

# Points that reach furthest, for a radius of 1: of the circle at no turn, else all corners.
_BAR = [(0.9, 0.28), (0.9, -0.28), (-0.9, 0.28), (-0.9, -0.28)]
_CORNERS = (
    [(0.9, 0.0), (-0.9, 0.0), (0.0, 0.9), (0.0, -0.9)] * 2,
    [(0.75, 0.75), (0.75, -0.75), (-0.75, 0.75), (-0.75, -0.75)] * 2,
    [(0.0, -1.0), (0.866, 0.5), (-0.866, 0.5), (0.0, -1.0)] * 2,
    [*_BAR, *((y, x) for x, y in _BAR)],
)


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
    import torch

    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(len(CLASSES), (count, MOST), generator=random)
    shown = torch.arange(MOST) < torch.randint(1, MOST + 1, (count, 1), generator=random)
    radius = torch.empty(count, MOST).uniform_(*_RADII, generator=random)
    turn = torch.empty(count, MOST).uniform_(0, 2 * torch.pi, generator=random)
    middle = _apart(radius, shown, random)
    colours = torch.randint(len(COLOURS), (count, MOST), generator=random)
    shapes = _Shapes(labels, shown, middle, radius, turn, colours)
    painted, masks = _painted(shapes, image_size, noise, random)
    left, up, right, down = (radius[..., None] * half_sides(labels, turn)).unbind(-1)
    x, y = middle.unbind(-1)
    boxes = torch.stack([x + (right - left) / 2, y + (down - up) / 2, left + right, up + down], -1)
    by_size = (radius * shown).argsort(1, descending=True)  # those not shown come last
    labels, colours, shown = (each.gather(1, by_size) for each in (labels, colours, shown))
    boxes = boxes.gather(1, by_size[..., None].expand_as(boxes))
    return Dataset(
        images=painted,
        labels=labels[:, 0],
        classes=CLASSES,
        source="Drawn by this project: 1 to 4 shapes of any colour, size, place and turn.",
        objects=Objects(torch.where(shown, labels, -1), boxes * shown[..., None]),
        masks=masks,
        axes={
            "objects": Axis(shown.sum(1) - 1, tuple(str(each) for each in range(1, MOST + 1))),
            "colour": Axis(colours[:, 0], COLOUR_NAMES),
        },
    )


class _Shapes(NamedTuple):
    """The shapes of all scenes, at most M each. Shape: (N, M), the middle (N, M, 2)"""

    labels: "Tensor"
    shown: "Tensor"
    middle: "Tensor"
    radius: "Tensor"
    turn: "Tensor"
    colours: "Tensor"


def _apart(radius: "Tensor", shown: "Tensor", random: "torch.Generator") -> "Tensor":
    """Return a middle for each shape, such that those shown overlap as little as can be.

    Shape: (N, M) -> (N, M, 2), as shares of the side
    """
    import torch

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
    shapes: _Shapes, side: int, noise: float, random: "torch.Generator"
) -> "tuple[Tensor, Tensor]":
    """Return the scenes as bytes, and the class of each pixel, 0 for the ground.

    Shape: () -> (N, 3, side, side) and (N, side, side)
    """
    import torch

    from cvexplore.training.drawing import covered

    labels, shown, middle, radius, turn, colours = shapes
    count, most = labels.shape
    paint = (torch.tensor(COLOURS) / 255)[colours]
    ground = torch.rand((count, 3), generator=random) * 0.35
    images = torch.empty(count, 3, side, side, dtype=torch.uint8)
    masks = torch.zeros(count, side, side, dtype=torch.uint8)
    for part in torch.arange(count).split(_AT_ONCE):
        picture = ground[part, :, None, None].repeat(1, 1, side, side)
        for index in range(most):
            there = part[shown[part, index]]
            x, y = side * middle[there, index, :, None, None].transpose(0, 1)
            size, angle = side * radius[there, index, None, None], turn[there, index, None, None]
            inside = covered(labels[there, index], x, y, size, angle, side)
            rows = there - part[0]
            picture[rows] = picture[rows].lerp(paint[there, index, :, None, None], inside[:, None])
            seen = (labels[there, index, None, None] + 1).to(torch.uint8)
            masks[there] = torch.where(inside > 0.5, seen, masks[there])
        picture += noise * torch.randn(picture.shape, generator=random)
        images[part] = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
    return images, masks


def half_sides(labels: "Tensor", turn: "Tensor") -> "Tensor":
    """Return how far shapes of radius 1 reach from their middle: left, up, right and down.

    Shape: labels and turn, both of any shape (...) -> (..., 4)
    """
    import torch

    points = torch.tensor(_CORNERS)[labels]  # (..., 4 corners and 4 more, 2)
    turn = torch.where(labels == 0, 0.0, turn)[..., None]  # a circle is the same at every turn
    x = turn.cos() * points[..., 0] - turn.sin() * points[..., 1]
    y = turn.sin() * points[..., 0] + turn.cos() * points[..., 1]
    return torch.stack([-x.amin(-1), -y.amin(-1), x.amax(-1), y.amax(-1)], -1)
