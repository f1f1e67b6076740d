"""Common corruptions: what happens to pictures by themselves, at five strengths.

The corruptions and their strengths are those of the benchmarks' authors, who publish a table for
each size of image: CIFAR-10-C (32 pixels), Tiny ImageNet-C (64) and ImageNet-C (224). An image
takes the table whose size is nearest its shorter side, as a ratio. Unlike theirs, what comes out
is not rounded to eight bits or packed as JPEG once more.

Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions and
    perturbations", 2019, arXiv:1903.12261; the tables: github.com/hendrycks/robustness.
"""

import io
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from cvexplore.errors import OptionError
from cvexplore.plugins import Registry
from cvexplore.robustness.attacked import eight_bits

# A corruption takes pixels 0..1 (B, C, H, W) and one number of its table, and returns the same.
CORRUPTIONS: Registry[Callable[[Tensor, Any], Tensor]] = Registry("corruption")

# What each corruption is given at strength 1, 2, 3, 4 and 5, by the size of the image.
STRENGTHS: Mapping[str, Mapping[int, tuple[Any, ...]]] = {
    "gaussian noise": {  # standard deviation, of pixels 0..1
        32: (0.04, 0.06, 0.08, 0.09, 0.10),
        64: (0.04, 0.08, 0.12, 0.15, 0.18),
        224: (0.08, 0.12, 0.18, 0.26, 0.38),
    },
    "shot noise": {  # photons that make a white pixel
        32: (500, 250, 100, 75, 50),
        64: (250, 100, 50, 30, 15),
        224: (60, 25, 12, 5, 3),
    },
    "gaussian blur": {  # standard deviation, in pixels
        32: (0.4, 0.6, 0.7, 0.8, 1),
        64: (0.5, 0.75, 1, 1.25, 1.5),
        224: (1, 2, 3, 4, 6),
    },
    "defocus blur": {  # radius of the disk, and how much its rim is softened, in pixels
        32: ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
        64: ((0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)),
        224: ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
    },
    "brightness": {  # added to the value of hue, saturation, value
        32: (0.05, 0.1, 0.15, 0.2, 0.3),
        64: (0.1, 0.2, 0.3, 0.4, 0.5),
        224: (0.1, 0.2, 0.3, 0.4, 0.5),
    },
    "contrast": {  # what is left of it
        32: (0.75, 0.5, 0.4, 0.3, 0.15),
        64: (0.4, 0.3, 0.2, 0.1, 0.05),
        224: (0.4, 0.3, 0.2, 0.1, 0.05),
    },
    "pixelate": {  # what is left of the sides
        32: (0.95, 0.9, 0.85, 0.75, 0.65),
        64: (0.9, 0.8, 0.7, 0.6, 0.5),
        224: (0.6, 0.5, 0.4, 0.3, 0.25),
    },
    "jpeg": {  # quality, 1 to 95
        32: (80, 65, 58, 50, 40),
        64: (65, 58, 50, 40, 25),
        224: (25, 18, 15, 10, 7),
    },
}


def corrupt(name: str, pixels: Tensor, strength: int) -> Tensor:
    """Return images as a corruption leaves them; the same images come out the same each time.

    Args:
        name: one of ``CORRUPTIONS``.
        pixels: grey or colour. Shape: (B, C, H, W), values 0..1
        strength: 1 to 5.

    Raises:
        UnknownName: no such corruption.
        OptionError: no such strength, or JPEG of what is neither grey nor colour.
    """
    change = CORRUPTIONS[name]
    if strength not in (1, 2, 3, 4, 5):
        raise OptionError(f"The strength must be 1, 2, 3, 4 or 5, not {strength!r}.")
    amount = STRENGTHS[name][table(min(pixels.shape[-2:]))][strength - 1]
    return change(pixels, amount).clamp(0, 1)


def table(side: int) -> int:
    """Return the size of image whose table is used for images of this shorter side."""
    return min((32, 64, 224), key=lambda size: abs(math.log(side / size)))


# ------------------------------------------------------------------ noise


@CORRUPTIONS.register("gaussian noise")
def gaussian_noise(pixels: Tensor, deviation: float) -> Tensor:
    """Add noise to each pixel, as a sensor does in the dark."""

    def noisy(image: Tensor, generator: torch.Generator) -> Tensor:
        return image + deviation * torch.randn(image.shape, generator=generator)

    return _by_chance(pixels, noisy)


@CORRUPTIONS.register("shot noise")
def shot_noise(pixels: Tensor, photons: float) -> Tensor:
    """Count the photons that happen to arrive at each pixel: Poisson noise."""

    def counted(image: Tensor, generator: torch.Generator) -> Tensor:
        return torch.poisson(image * photons, generator) / photons

    return _by_chance(pixels, counted)


def _by_chance(pixels: Tensor, change: Callable[[Tensor, torch.Generator], Tensor]) -> Tensor:
    """Change each image by a generator that its own pixels seed, whichever batch it is in."""
    images = pixels.float().cpu()
    seeds = (zlib.crc32(eight_bits(image).numpy().tobytes()) for image in images)
    generators = (torch.Generator().manual_seed(seed) for seed in seeds)
    return torch.stack([change(*each) for each in zip(images, generators, strict=True)]).to(pixels)


# ------------------------------------------------------------------ blur


@CORRUPTIONS.register("gaussian blur")
def gaussian_blur(pixels: Tensor, deviation: float) -> Tensor:
    """Spread each pixel by a Gaussian."""
    from scipy.ndimage import gaussian_filter

    sigma = (0, 0, deviation, deviation)
    blurred = gaussian_filter(pixels.float().cpu().numpy(), sigma, mode="nearest", truncate=4)
    return torch.from_numpy(blurred).to(pixels)


@CORRUPTIONS.register("defocus blur")
def defocus_blur(pixels: Tensor, lens: tuple[float, float]) -> Tensor:
    """Spread each pixel over a disk, as a lens out of focus does."""
    kernel = disk(*lens).to(pixels)
    reach = len(kernel) // 2
    padded = F.pad(pixels, (reach,) * 4, mode="reflect")
    each = padded.flatten(0, 1)[:, None]
    return F.conv2d(each, kernel[None, None]).view(pixels.shape)


def disk(radius: float, softness: float) -> Tensor:
    """Return a disk that sums to one, its rim softened by a small Gaussian. Shape: (K, K)"""
    reach = math.ceil(radius)
    around = torch.arange(-reach, reach + 1.0)
    inside = (around[:, None] ** 2 + around**2 <= radius**2).float()
    rim = 1 if radius <= 8 else 2
    across = torch.arange(-rim, rim + 1.0)
    bell = torch.exp(-(across**2) / (2 * softness**2))
    bell = bell / bell.sum()
    soft = F.conv2d(inside[None, None], torch.outer(bell, bell)[None, None], padding=2 * rim)
    return soft[0, 0] / soft.sum()


# ------------------------------------------------------------------ light


@CORRUPTIONS.register("brightness")
def brightness(pixels: Tensor, amount: float) -> Tensor:
    """Brighten the image and keep hue and saturation: more value, the largest of its colours."""
    value = pixels.amax(1, keepdim=True)
    brighter = (value + amount).clamp(max=1)
    return torch.where(value > 0, pixels * brighter / value.clamp(min=1e-8), brighter)


@CORRUPTIONS.register("contrast")
def contrast(pixels: Tensor, share: float) -> Tensor:
    """Bring each pixel nearer to the mean colour."""
    mean = pixels.mean((2, 3), keepdim=True)
    return (pixels - mean) * share + mean


# ------------------------------------------------------------------ files


@CORRUPTIONS.register("pixelate")
def pixelate(pixels: Tensor, share: float) -> Tensor:
    """Show the image with fewer, larger pixels."""

    def coarse(picture: Image.Image) -> Image.Image:
        few = (max(1, int(picture.width * share)), max(1, int(picture.height * share)))
        return picture.resize(few, Image.Resampling.BOX).resize(picture.size, Image.Resampling.BOX)

    return _as_pictures(pixels, coarse)


@CORRUPTIONS.register("jpeg")
def jpeg(pixels: Tensor, quality: int) -> Tensor:
    """Pack the image as a JPEG file of this quality, and unpack it."""

    def packed(picture: Image.Image) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return _as_pictures(pixels, packed)


def _as_pictures(pixels: Tensor, change: Callable[[Image.Image], Image.Image]) -> Tensor:
    """Change each image as a picture of eight bits, grey or in colour."""
    if pixels.shape[1] not in (1, 3):
        raise OptionError(
            f"A picture file is grey or in colour; these images have {pixels.shape[1]} channels."
        )
    arrays = eight_bits(pixels).cpu().permute(0, 2, 3, 1).numpy()
    pictures = [
        Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array) for array in arrays
    ]
    changed = np.stack([np.array(change(each)) for each in pictures])
    changed = torch.from_numpy(changed).view(arrays.shape).permute(0, 3, 1, 2)
    return (changed.float() / 255).to(pixels)
