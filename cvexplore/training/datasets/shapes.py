"""Coloured shapes, drawn on the fly."""

from typing import TYPE_CHECKING, Annotated, Literal

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Axis, Dataset, Objects

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NAMES = (
    *("circle", "square", "triangle", "cross", "ring", "star", "bar", "crescent", "arrow"),
    *("letter L", "letter T", "half disc", "rhombus", "four-pointed star", "letter U", "hexagon"),
    *("chevron", "letter Z", "pentagon", "house", "trapezoid", "letter H", "bolt", "gear"),
)
CLASSES = NAMES[:4]
COLOURS = (
    (230, 60, 50),
    (60, 160, 70),
    (60, 100, 220),
    (240, 190, 40),
    (150, 70, 190),
    (40, 180, 200),
)
COLOUR_NAMES = ("red", "green", "blue", "yellow", "purple", "cyan")

_TEXTURE = 7_919  # sets the stripes' random numbers apart from those of the shapes
_STRIPES = (0.35, 0.6)  # brightness of a ground's stripes; the ground itself is darker
_SHADE = 0.5  # what the stripes of a shape make of its colour


@DATASETS.register("shapes")
def shapes(
    *,
    count: Annotated[int, Range(40, 20_000, unit="images")] = 2000,
    image_size: Annotated[int, Range(16, 224, unit="pixels")] = 32,
    noise: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.1,
    classes: Annotated[int, Range(2, len(NAMES))] = len(CLASSES),
    domain: Literal["clean", "textured", "both"] = "clean",
    contrast: Annotated[float, Range(0.0, 1.0, step=0.05)] = 1.0,
    seed: Annotated[int, Range(0, 10_000)] = 0,
) -> Dataset:
    """Shapes such as circles and crosses of any colour, size, place and turn, drawn by us.

    Options:
        count: pictures to draw
        image_size: pixels a side
        noise: standard deviation of the noise, 1 being from black to white
        classes: how many kinds of shapes
        domain: textured pictures are the same shapes with stripes; both: every other one has them
        contrast: of the stripes; with 0 there are none
        seed: draws the same pictures again

    Source: drawn by this project from signed distances; nothing is downloaded.
    """
    import torch

    from cvexplore.training.drawing import parts

    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    place = _placed(count, image_size, random)
    colour = torch.randint(len(COLOURS), (count,), generator=random)
    ground = torch.rand((count, 3), generator=random) * 0.35
    textured = _textured(count, classes, domain)
    stripe_random = torch.Generator().manual_seed(seed + _TEXTURE)
    images = torch.empty(count, 3, image_size, image_size, dtype=torch.uint8)
    masks = torch.zeros(count, image_size, image_size, dtype=torch.uint8)
    boxes = torch.empty(count, 1, 4)
    for part in parts(count, 3 * image_size**2):
        inside = _inside(labels[part], place[:, part], image_size)
        masks[part] = ((inside > 0.5) * (labels[part, None, None] + 1)).to(torch.uint8)
        boxes[part, 0] = _boxes(inside)
        behind = ground[part, :, None, None]
        paint = torch.tensor(COLOURS)[colour[part]][:, :, None, None] / 255
        if domain != "clean":
            strength = contrast * textured[part]
            behind, paint = _striped(behind, paint, strength, image_size, stripe_random)
        picture = torch.lerp(behind, paint, inside[:, None])
        picture += noise * torch.randn(picture.shape, generator=random)
        images[part] = picture.clamp_(0, 1).mul_(255).round_().to(torch.uint8)
    axes = {"colour": Axis(colour, COLOUR_NAMES)}
    if domain == "both":
        axes["domain"] = Axis(textured.long(), ("clean", "textured"))
    stripes = {"clean": "", "textured": ", striped", "both": ", every other one striped"}
    return Dataset(
        images=images,
        labels=labels,
        classes=NAMES[:classes],
        source="Drawn by this project: any colour, size, place and turn, on a dark noisy ground"
        f"{stripes[domain]}.",
        objects=Objects(labels[:, None], boxes),
        masks=masks,
        axes=axes,
    )


def _placed(count: int, side: int, random: "torch.Generator") -> "Tensor":
    """Return a middle (x and y), a radius and a turn for each shape, in pixels and radians.

    Shape: () -> (4, count, 1, 1)
    """
    import torch

    def draw(low: float, high: float) -> "Tensor":
        return torch.empty(count, 1, 1).uniform_(low, high, generator=random)

    radius = draw(0.18, 0.38) * side
    turn = draw(0, 2 * torch.pi)
    x = side / 2 + draw(-1, 1) * (side / 2 - radius)
    y = side / 2 + draw(-1, 1) * (side / 2 - radius)
    return torch.stack([x, y, radius, turn])


def _inside(labels: "Tensor", place: "Tensor", side: int) -> "Tensor":
    """Return how much of each pixel its shape covers. Shape: (N,), (4, N, 1, 1) -> (N, H, W)"""
    from cvexplore.training.drawing import covered

    x, y, radius, turn = place
    return covered(labels, x, y, radius, turn, side)


def _boxes(inside: "Tensor") -> "Tensor":
    """Return the box of the pixels that are covered by half or more, or by the most of all.

    Shape: (N, H, W) -> (N, 4): centre x, centre y, width and height as shares of the side
    """
    import torch

    side = inside.shape[-1]
    seen = inside >= inside.amax((1, 2), keepdim=True).clamp(max=0.5)
    ends = []
    for line in (seen.any(1), seen.any(2)):  # across, down
        line = line.to(torch.uint8)
        ends.append((line.argmax(1), side - line.flip(1).argmax(1)))
    (left, right), (top, bottom) = ends
    box = torch.stack([left + right, top + bottom, 2 * (right - left), 2 * (bottom - top)], 1)
    return box / (2 * side)


def _textured(count: int, classes: int, domain: str) -> "Tensor":
    """Return which pictures have stripes: of each class every other one, if both domains are asked.

    Shape: () -> (count,), bool
    """
    import torch

    rounds = torch.arange(count) // classes
    return (rounds % 2 == 1) if domain == "both" else torch.full((count,), domain == "textured")


def _striped(
    ground: "Tensor", paint: "Tensor", strength: "Tensor", side: int, random: "torch.Generator"
) -> "tuple[Tensor, Tensor]":
    """Return grounds and paints with stripes of this strength, from 0 to 1.

    Shape: (N, 3, 1, 1) twice, (N,) -> (N, 3, side, side) twice
    """
    import torch

    from cvexplore.training.drawing import stripes

    count, share = len(strength), strength[:, None, None, None]
    other = torch.empty(count, 3, 1, 1).uniform_(*_STRIPES, generator=random)
    behind = torch.lerp(ground, other, share * stripes(count, side, random))
    on = torch.lerp(paint, paint * _SHADE, share * stripes(count, side, random))
    return behind, on
