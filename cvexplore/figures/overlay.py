"""What a network found, drawn over the picture it saw: a heat map, boxes, or a mask a class.

Everything refers to the square that the network saw, so a drawing has that square's size.
"""

import colorsys
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.pictures import enlarged, png_of_photo
from cvexplore.figures.sheet import Colours, palette

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from cvexplore.interpret.dense import Box, Segmentation

_COVER = 140  # of 255: how much a mask hides of the picture
_GOLDEN = 0.618034  # hues this far apart around the circle never come close to one another


def heat_over(
    square: "Image",
    channel: np.ndarray,
    *,
    colours: Colours = "viridis",
    strength: float = 0.6,
    smooth: bool = True,
    clear_zero: bool = False,
) -> bytes:
    """Return one channel over the picture, as a PNG of the picture's size.

    Args:
        square: the picture as the network saw it.
        channel: what the layer made of it, stretched over all colours. Shape: (H, W)
        colours: the colour map.
        strength: how much of the picture the heat map covers, from 0 to 1.
        smooth: whether to blend between the map's points; otherwise each is a rectangle.
        clear_zero: whether the picture shows through where the map is low: where it is zero, if it
            has no negative values, or else at its lowest.
    """
    from PIL import Image

    levels = Image.fromarray(_stretched(channel, from_zero=clear_zero))
    how = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    heat = levels.resize(square.size, how)
    cover = heat.point(lambda level: level * strength if clear_zero else 255 * strength)
    heat.putpalette(palette(colours).tobytes())
    drawn = square.convert("RGB")
    return png_of_photo(Image.composite(heat.convert("RGB"), drawn, cover))


def _stretched(channel: np.ndarray, from_zero: bool) -> np.ndarray:
    """Return values stretched over 0..255; a map of one value is all 0.

    Shape: (H, W) -> (H, W) uint8
    """
    finite = np.nan_to_num(channel.astype(np.float32))
    low = min(0.0, finite.min()) if from_zero else finite.min()
    spread = finite.max() - low
    return ((finite - low) * (255 / (spread if spread > 0 else 1))).round().astype(np.uint8)


def boxes_over(square: "Image", boxes: Sequence["Box"]) -> bytes:
    """Return the picture with a frame, label and score for each box, and its mask and keypoints.

    A small picture is enlarged by a whole factor, so that labels can be read.
    """
    from PIL import Image, ImageDraw

    drawn = square.convert("RGB")
    for each in boxes:
        if each.mask is not None and each.mask.inside.size:
            cover = Image.fromarray(each.mask.inside.astype(np.uint8) * _COVER)
            drawn.paste(class_colour(each.index), (each.mask.left, each.mask.top), cover)
    drawn = enlarged(drawn)  # on fewer pixels no label could be read
    enlarge = drawn.width // square.width
    draw = ImageDraw.Draw(drawn)
    for each in reversed(boxes):  # the surest last, on top
        _frame(draw, each, enlarge)
    for each in reversed(boxes):
        _label(draw, each, enlarge, drawn.size)
    return png_of_photo(drawn)


def _frame(draw: "ImageDraw", box: "Box", enlarge: int) -> None:
    colour = class_colour(box.index)
    x0, y0, x1, y1 = (round(side * enlarge) for side in box.corners)
    draw.rectangle((x0, y0, max(x0, x1), max(y0, y1)), outline=colour, width=2)
    for x, y in box.keypoints:
        draw.circle((x * enlarge, y * enlarge), 3, fill=colour, outline="white")


def _label(draw: "ImageDraw", box: "Box", enlarge: int, size: tuple[int, int]) -> None:
    """Write class and score on the box's upper edge, inside the picture."""
    from PIL import ImageFont

    font = ImageFont.load_default(13)
    text = f"{box.label} {box.score:.0%}"
    wide, high = round(draw.textlength(text, font)) + 8, 18
    x = min(max(round(box.x0 * enlarge), 0), max(0, size[0] - wide))
    y = min(max(round(box.y0 * enlarge) - high, 0), max(0, size[1] - high))
    colour = class_colour(box.index)
    draw.rectangle((x, y, x + wide, y + high), fill=colour)
    draw.text((x + 4, y + high // 2), text, ink(colour), font, anchor="lm")


def mask_over(square: "Image", found: "Segmentation") -> bytes:
    """Return the picture with every pixel in the colour of its class; background stays clear."""
    from PIL import Image

    colours = np.zeros((256, 3), np.uint8)
    numbers = found.classes % 256  # a palette has 256 colours; classes beyond share them
    for index in np.unique(numbers).tolist():
        colours[index] = class_colour(index)
    drawn = square.convert("RGB")
    tinted = Image.fromarray(numbers.astype(np.uint8))
    tinted.putpalette(colours.tobytes())
    cover = Image.fromarray(np.where(found.classes == found.background, 0, _COVER).astype(np.uint8))
    tinted, cover = (each.resize(square.size, Image.Resampling.NEAREST) for each in (tinted, cover))
    return png_of_photo(Image.composite(tinted.convert("RGB"), drawn, cover))


@functools.cache
def class_colour(index: int) -> tuple[int, int, int]:
    """Return a class's own colour: hues as far apart as they can be, in two lightnesses."""
    hue = (index * _GOLDEN) % 1
    red, green, blue = colorsys.hls_to_rgb(hue, 0.48 + 0.14 * (index % 2), 0.85)
    return round(red * 255), round(green * 255), round(blue * 255)


def ink(colour: tuple[int, int, int]) -> str:
    """Return whether black or white is read better on a colour (WCAG 2.1, relative luminance)."""
    linear = [
        (each / 255 / 12.92) if each <= 10 else ((each / 255 + 0.055) / 1.055) ** 2.4
        for each in colour
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"
