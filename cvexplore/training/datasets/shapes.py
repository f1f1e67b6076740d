"""Coloured shapes, drawn on the fly."""

from typing import Annotated

import torch
from torch import Tensor

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Dataset

CLASSES = ("circle", "square", "triangle", "cross")
COLOURS = (
    (230, 60, 50),
    (60, 160, 70),
    (60, 100, 220),
    (240, 190, 40),
    (150, 70, 190),
    (40, 180, 200),
)

# Points that reach furthest, for a radius of 1: of the circle at no turn, else all corners.
_BAR = [(0.9, 0.28), (0.9, -0.28), (-0.9, 0.28), (-0.9, -0.28)]
_CORNERS = (
    [(0.9, 0.0), (-0.9, 0.0), (0.0, 0.9), (0.0, -0.9)] * 2,
    [(0.75, 0.75), (0.75, -0.75), (-0.75, 0.75), (-0.75, -0.75)] * 2,
    [(0.0, -1.0), (0.866, 0.5), (-0.866, 0.5), (0.0, -1.0)] * 2,
    [*_BAR, *((y, x) for x, y in _BAR)],
)


@DATASETS.register("shapes")
def shapes(
    *,
    count: Annotated[int, Range(40, 20_000, unit="images")] = 2000,
    image_size: Annotated[int, Range(16, 224, unit="pixels")] = 32,
    noise: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.1,
    seed: Annotated[int, Range(0, 10_000)] = 0,
) -> Dataset:
    """Circles, squares, triangles and crosses of any colour, size, place and turn, drawn by us.

    Options:
        count: pictures to draw
        image_size: pixels a side
        noise: standard deviation of the noise, 1 being from black to white
        seed: draws the same pictures again

    Source: drawn by this project from signed distances; nothing is downloaded.
    """
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % len(CLASSES)
    inside = _inside(labels, image_size, random)  # (N, H, W), 0 outside to 1 inside
    paint = torch.tensor(COLOURS)[torch.randint(len(COLOURS), (count,), generator=random)] / 255
    ground = torch.rand((count, 3), generator=random) * 0.35
    picture = torch.lerp(ground[:, :, None, None], paint[:, :, None, None], inside[:, None])
    picture += noise * torch.randn(picture.shape, generator=random)
    return Dataset(
        images=(picture.clamp(0, 1) * 255).round().to(torch.uint8),
        labels=labels,
        classes=CLASSES,
        source="Drawn by this project: any colour, size, place and turn, on a dark noisy ground.",
    )


def _inside(labels: Tensor, side: int, random: torch.Generator) -> Tensor:
    """Return how much of each pixel its shape covers, each shape of any size, place and turn.

    Shape: (N,) -> (N, side, side)
    """

    def draw(low: float, high: float) -> Tensor:
        return torch.empty(len(labels), 1, 1).uniform_(low, high, generator=random)

    radius = draw(0.18, 0.38) * side
    turn = draw(0, 2 * torch.pi)
    x = side / 2 + draw(-1, 1) * (side / 2 - radius)
    y = side / 2 + draw(-1, 1) * (side / 2 - radius)
    return covered(labels, x, y, radius, turn, side)


def covered(
    labels: Tensor, middle_x: Tensor, middle_y: Tensor, radius: Tensor, turn: Tensor, side: int
) -> Tensor:
    """Return how much of each pixel a shape covers, from its signed distance.

    Shape: labels (N,), the others (N, 1, 1), in pixels and radians -> (N, side, side), 0 to 1
    """
    axis = torch.arange(side) + 0.5
    dx, dy = axis[None, None, :] - middle_x, axis[None, :, None] - middle_y  # (N, H, W)
    x = turn.cos() * dx + turn.sin() * dy
    y = turn.cos() * dy - turn.sin() * dx
    half, arm = radius * 0.75, radius * 0.28
    edges = torch.stack([x * c + y * s for c, s in ((0, 1), (0.866, -0.5), (-0.866, -0.5))])
    distances = torch.stack(  # below zero inside
        [
            (x**2 + y**2).sqrt() - radius * 0.9,
            torch.maximum(x.abs(), y.abs()) - half,
            edges.amax(0) - radius * 0.5,
            torch.minimum(
                torch.maximum(x.abs() - radius * 0.9, y.abs() - arm),
                torch.maximum(y.abs() - radius * 0.9, x.abs() - arm),
            ),
        ]
    )
    chosen = distances.gather(0, labels[None, :, None, None].expand(1, *x.shape))[0]
    return (0.5 - chosen).clamp(0, 1)  # one pixel of soft edge


def half_sides(labels: Tensor, turn: Tensor) -> Tensor:
    """Return how far shapes of radius 1 reach from their middle: left, up, right and down.

    Shape: labels and turn, both of any shape (...) -> (..., 4)
    """
    points = torch.tensor(_CORNERS)[labels]  # (..., 4 corners and 4 more, 2)
    turn = torch.where(labels == 0, 0.0, turn)[..., None]  # a circle is the same at every turn
    x = turn.cos() * points[..., 0] - turn.sin() * points[..., 1]
    y = turn.sin() * points[..., 0] + turn.cos() * points[..., 1]
    return torch.stack([-x.amin(-1), -y.amin(-1), x.amax(-1), y.amax(-1)], -1)
