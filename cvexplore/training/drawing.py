"""Drawing shapes from their signed distances: negative inside, zero on the edge."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Point = tuple[float, float]

_ROWS = 16  # pictures a time are a multiple of it, as torch draws normal numbers sixteen by sixteen
_VALUES = 1 << 22  # floats a time, which bounds memory


def parts(count: int, values: int) -> Sequence[Tensor]:
    """Return the indices 0..count-1 in parts that are drawn one after the other.

    Random numbers that are drawn part by part are the same as if they were drawn at once.

    Args:
        count: pictures.
        values: numbers in one of them.
    """
    at_once = max(_ROWS, _VALUES // values // _ROWS * _ROWS)
    return torch.arange(count).split(at_once)


def covered(
    labels: Tensor, middle_x: Tensor, middle_y: Tensor, radius: Tensor, turn: Tensor, side: int
) -> Tensor:
    """Return how much of each pixel a shape covers, with one pixel of soft edge.

    Shape: labels (N,), the others (N, 1, 1), in pixels and radians -> (N, side, side), 0 to 1
    """
    axis = torch.arange(side) + 0.5
    cos, sin = turn.cos(), turn.sin()
    found = torch.empty(len(labels), side, side)
    for label in labels.unique().tolist():
        mine = (labels == label).nonzero()[:, 0]
        dx, dy = axis[None, None, :] - middle_x[mine], axis[None, :, None] - middle_y[mine]
        x = cos[mine] * dx + sin[mine] * dy
        y = cos[mine] * dy - sin[mine] * dx
        found[mine] = (0.5 - DISTANCES[label](x, y, radius[mine])).clamp_(0, 1)
    return found


# ------------------------------------------------------------------ distances
# of points (x, y) from the edge of a shape of this radius. Shape: (N, H, W) and (N, 1, 1)

Distance = Callable[[Tensor, Tensor, Tensor], Tensor]


def _circle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return (x**2 + y**2).sqrt() - radius * 0.9


def _square(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - radius * 0.75


def _triangle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    edges = torch.stack([x * c + y * s for c, s in ((0, 1), (0.866, -0.5), (-0.866, -0.5))])
    return edges.amax(0) - radius * 0.5


def _cross(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    arm = radius * 0.28
    return torch.minimum(
        torch.maximum(x.abs() - radius * 0.9, y.abs() - arm),
        torch.maximum(y.abs() - radius * 0.9, x.abs() - arm),
    )


def _ring(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return ((x**2 + y**2).sqrt() - radius * 0.7).abs() - radius * 0.2


def _crescent(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    bite = ((x - radius * 0.45) ** 2 + y**2).sqrt() - radius * 0.75
    return torch.maximum(_circle(x, y, radius), -bite)


def polygon(points: Sequence[Point]) -> Distance:
    """Return the distance from a polygon with these corners, for a radius of 1.

    Source: Quilez, "2D distance functions", 2020, iquilezles.org.
    """

    def distance(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
        x, y = x / radius, y / radius
        nearest = torch.full_like(x, torch.inf)
        inside = torch.zeros_like(x, dtype=torch.bool)
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            across, down = x1 - x0, y1 - y0
            along = ((x - x0) * across + (y - y0) * down) / (across**2 + down**2)
            along = along.clamp_(0, 1)
            away = (x - x0 - along * across) ** 2 + (y - y0 - along * down) ** 2
            nearest = torch.minimum(nearest, away)
            if down:  # a ray to the right crosses this edge
                crossed = (y < max(y0, y1)) & (y >= min(y0, y1))
                inside ^= crossed & (x < x0 + (y - y0) * (across / down))
        return torch.where(inside, -1.0, 1.0) * nearest.sqrt() * radius

    return distance


def _regular(corners: int, inner: float = 0.0) -> Distance:
    """Return the distance from a regular polygon, or from a star whose notches are ``inner``."""
    radii = (0.95, inner) if inner else (0.95,)
    count = corners * len(radii)
    turns = [2 * math.pi * index / count for index in range(count)]
    reach = [radii[index % len(radii)] for index in range(count)]
    return polygon([(r * math.sin(t), -r * math.cos(t)) for r, t in zip(reach, turns, strict=True)])


def _half_disc() -> Distance:
    turns = [math.pi * index / 24 for index in range(25)]
    return polygon([(0.95 * math.cos(t), 0.95 * math.sin(t) - 0.4) for t in turns])


DISTANCES: tuple[Distance, ...] = (
    *(_circle, _square, _triangle, _cross),
    _ring,
    _regular(5, 0.4),
    polygon([(-0.9, -0.2), (0.9, -0.2), (0.9, 0.2), (-0.9, 0.2)]),
    _crescent,
    polygon(
        [
            (0, -0.95),
            (0.75, -0.2),
            (0.3, -0.2),
            (0.3, 0.9),
            (-0.3, 0.9),
            (-0.3, -0.2),
            (-0.75, -0.2),
        ]
    ),
    polygon([(-0.6, -0.8), (-0.1, -0.8), (-0.1, 0.35), (0.65, 0.35), (0.65, 0.8), (-0.6, 0.8)]),
    polygon(
        [
            (-0.75, -0.75),
            (0.75, -0.75),
            (0.75, -0.3),
            (0.22, -0.3),
            (0.22, 0.8),
            (-0.22, 0.8),
            (-0.22, -0.3),
            (-0.75, -0.3),
        ]
    ),
    _half_disc(),
    polygon([(0, -0.95), (0.55, 0), (0, 0.95), (-0.55, 0)]),
    _regular(4, 0.35),
    polygon(
        [
            (-0.7, -0.75),
            (-0.25, -0.75),
            (-0.25, 0.3),
            (0.25, 0.3),
            (0.25, -0.75),
            (0.7, -0.75),
            (0.7, 0.75),
            (-0.7, 0.75),
        ]
    ),
    _regular(6),
    polygon([(-0.85, 0.35), (0, -0.5), (0.85, 0.35), (0.85, 0.8), (0, -0.02), (-0.85, 0.8)]),
    polygon(
        [
            (-0.75, -0.7),
            (0.25, -0.7),
            (0.25, 0.25),
            (0.75, 0.25),
            (0.75, 0.7),
            (-0.25, 0.7),
            (-0.25, -0.25),
            (-0.75, -0.25),
        ]
    ),
    _regular(5),
    polygon([(0, -0.9), (0.7, -0.2), (0.7, 0.75), (-0.7, 0.75), (-0.7, -0.2)]),
    polygon([(-0.4, -0.55), (0.4, -0.55), (0.85, 0.55), (-0.85, 0.55)]),
    polygon(
        [
            (-0.7, -0.8),
            (-0.25, -0.8),
            (-0.25, -0.2),
            (0.25, -0.2),
            (0.25, -0.8),
            (0.7, -0.8),
            (0.7, 0.8),
            (0.25, 0.8),
            (0.25, 0.2),
            (-0.25, 0.2),
            (-0.25, 0.8),
            (-0.7, 0.8),
        ]
    ),
    polygon([(0.3, -0.95), (-0.55, 0.15), (0.0, 0.15), (-0.3, 0.95), (0.55, -0.15), (0.0, -0.15)]),
    _regular(8, 0.6),
)  # in the order of their names in datasets/shapes.py


# ------------------------------------------------------------------ textures


def stripes(count: int, side: int, random: torch.Generator) -> Tensor:
    """Return soft stripes, of any direction and three to eight of them, for each picture.

    Shape: () -> (count, 1, side, side), 0 to 1
    """

    def draw(low: float, high: float) -> Tensor:
        return torch.empty(count, 1, 1, 1).uniform_(low, high, generator=random)

    turn, waves, phase = draw(0, 2 * torch.pi), draw(3, 8), draw(0, 2 * torch.pi)
    axis = torch.linspace(0, 1, side)
    along = turn.cos() * axis[None, None, None, :] + turn.sin() * axis[None, None, :, None]
    return 0.5 + 0.5 * (2 * torch.pi * waves * along + phase).sin()
