"""Augmentations that change a picture's light and colours and leave everything in its place."""

from dataclasses import replace
from typing import Annotated

from cvexplore.plugins import Range
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.augmentations.chance import Generator, Tensor, chosen, uniform

_LIGHTNESS = (0.2989, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
_SHARPEST = 0.1  # pixels, the least standard deviation of a blur
_TAILS = 3  # standard deviations after which a blur's weights are cut off


@AUGMENTATIONS.register("brightness")
def brightness(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    most: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.2,
) -> Pictures:
    """Multiply all pixels by a factor.

    Options:
        most: how far that factor is from 1 at most
    """
    factors = uniform(batch, 1 - most * strength, 1 + most * strength, random)
    return replace(batch, images=brightened(batch.images, factors))


@AUGMENTATIONS.register("contrast")
def contrast(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    most: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.2,
) -> Pictures:
    """Multiply the difference of all pixels to the mean grey of the picture by a factor.

    Options:
        most: how far that factor is from 1 at most
    """
    factors = uniform(batch, 1 - most * strength, 1 + most * strength, random)
    return replace(batch, images=contrasted(batch.images, factors))


@AUGMENTATIONS.register("colour")
def colour(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    saturation: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.3,
    hue: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.05,
) -> Pictures:
    """Make colours stronger or paler, and turn their hue; grey pictures stay as they are.

    Options:
        saturation: how far the factor of the difference to grey is from 1 at most
        hue: the most the hue is turned, as a share of the whole circle of colours, either way
    """
    factors = uniform(batch, 1 - saturation * strength, 1 + saturation * strength, random)
    turns = uniform(batch, -hue * strength, hue * strength, random)
    if batch.images.shape[1] != 3 or not strength:
        return batch
    images = saturated(batch.images, factors)
    return replace(batch, images=hue_turned(images, turns) if hue else images)


@AUGMENTATIONS.register("grayscale")
def grayscale(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    share: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.1,
) -> Pictures:
    """Take the colour away.

    Options:
        share: of the pictures that lose it
    """
    some = chosen(batch, share * strength, random).flatten().nonzero()[:, 0]
    images = batch.images[some]
    grey = lightness(images).expand_as(images)
    return replace(batch, images=batch.images.index_copy(0, some, grey))


@AUGMENTATIONS.register("blur")
def blur(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    most: Annotated[float, Range(0.1, 5.0, step=0.1, unit="pixels")] = 1.0,
) -> Pictures:
    """Blur with a Gaussian.

    Options:
        most: standard deviation of the widest one
    """
    if not strength:
        return batch
    deviations = uniform(batch, _SHARPEST * strength, most * strength, random)
    reach = min(round(_TAILS * most), *(size - 1 for size in batch.images.shape[2:]))
    return replace(batch, images=blurred(batch.images, deviations, reach))


@AUGMENTATIONS.register("noise")
def noise(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    deviation: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.05,
) -> Pictures:
    """Add a random number to each pixel, from a normal distribution.

    Options:
        deviation: its standard deviation; black is 0 and white is 1
    """
    import torch

    images = batch.images
    drawn = torch.randn(images.shape, generator=random, device=random.device).to(images.device)
    return replace(batch, images=drawn.mul_(deviation * strength).add_(images).clamp_(0, 1))


def brightened(images: Tensor, factors: Tensor) -> Tensor:
    """Return pictures multiplied by these factors.

    Shape: (B, C, H, W), (B,) -> (B, C, H, W)
    """
    return images.mul(factors[:, None, None, None]).clamp_(0, 1)


def contrasted(images: Tensor, factors: Tensor) -> Tensor:
    """Return pictures whose distance to their mean grey is multiplied by these factors.

    Shape: (B, C, H, W), (B,) -> (B, C, H, W)
    """
    return _blended(images, lightness(images).mean((1, 2, 3), keepdim=True), factors)


def saturated(images: Tensor, factors: Tensor) -> Tensor:
    """Return pictures whose distance to grey is multiplied by these factors, pixel by pixel.

    Shape: (B, 3, H, W), (B,) -> (B, 3, H, W)
    """
    return _blended(images, lightness(images), factors)


def hue_turned(images: Tensor, turns: Tensor) -> Tensor:
    """Return pictures whose hues are turned by these shares of the circle.

    Shape: (B, 3, H, W), (B,) -> (B, 3, H, W)
    """
    import torch

    top = images.amax(1, keepdim=True)
    spread = top - images.amin(1, keepdim=True)
    red, green, blue = images.split(1, dim=1)
    divisor = torch.where(spread > 0, spread, 1)
    sixths = torch.where(
        top == red,
        (green - blue) / divisor,
        torch.where(top == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    sixths = sixths + 6 * turns[:, None, None, None]
    lag = images.new_tensor([5.0, 3.0, 1.0])[:, None, None]  # each colour's, along the circle
    along = (sixths + lag) % 6
    return top - spread * torch.minimum(along, 4 - along).clamp_(0, 1)


def lightness(images: Tensor) -> Tensor:
    """Return pictures in grey.

    Shape: (B, C, H, W) -> (B, 1, H, W)
    """
    if images.shape[1] == 1:
        return images
    red, green, blue = images.split(1, dim=1)
    grey = red * _LIGHTNESS[0]
    return grey.add_(green, alpha=_LIGHTNESS[1]).add_(blue, alpha=_LIGHTNESS[2])


def blurred(images: Tensor, deviations: Tensor, reach: int) -> Tensor:
    """Return pictures blurred by Gaussians of these standard deviations, mirrored at the edges.

    A Gaussian blurs rows and columns apart, and each of these is a product with a matrix.

    Args:
        images: Shape: (B, C, H, W)
        deviations: Shape: (B,), in pixels
        reach: pixels to either side that count, less than there are.
    """
    import torch

    places = torch.arange(-reach, reach + 1, device=images.device)
    weights = (places / deviations[:, None]).square_().mul_(-0.5).softmax(1)

    def rows_of(size: int) -> Tensor:
        """Return the weights of all pixels of a line for each of its pixels: (B, 1, size, size)."""
        along = (torch.arange(size, device=images.device)[:, None] + places).abs()
        mirrored = torch.minimum(along, 2 * (size - 1) - along)
        matrix = images.new_zeros(len(images), size, size)
        each = weights[:, None].expand(-1, size, -1)
        return matrix.scatter_add_(2, mirrored.expand_as(each), each)[:, None]

    height, width = images.shape[2:]
    return rows_of(height) @ images @ rows_of(width).transpose(2, 3)


def _blended(images: Tensor, others: Tensor, factors: Tensor) -> Tensor:
    import torch

    return torch.lerp(others, images, factors[:, None, None, None]).clamp_(0, 1)
