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
    """Return how much of each pixel its shape covers.

    Shape: (N,) -> (N, side, side)
    """

    def draw(low: float, high: float) -> Tensor:
        return torch.empty(len(labels), 1, 1).uniform_(low, high, generator=random)

    radius = draw(0.18, 0.38) * side
    turn = draw(0, 2 * torch.pi)
    axis = torch.arange(side) + 0.5
    middle = (
        side / 2 + draw(-1, 1) * (side / 2 - radius),
        side / 2 + draw(-1, 1) * (side / 2 - radius),
    )
    dx, dy = axis[None, None, :] - middle[0], axis[None, :, None] - middle[1]  # (N, H, W)
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
