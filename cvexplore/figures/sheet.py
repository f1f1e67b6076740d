"""Feature maps as pictures: all channels of a layer on one sheet, or one channel large.

A sheet is a PNG with a palette: one byte a pixel and the colour map beside it, so it is written in
milliseconds and no colour is computed twice. Byte 0 is transparent, the gaps between the tiles.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cvexplore.figures.pictures import png

Colours = Literal["viridis", "magma", "cividis", "grey"]
Scale = Literal["channel", "layer"]

COLOURS: tuple[Colours, ...] = get_args(Colours)

_GAP = 2  # pixels between tiles
_SMALLEST_TILE = 28  # smaller maps are enlarged by whole factors, so that a pixel stays a square


@dataclass(frozen=True)
class Sheet:
    """A PNG of tiles laid out row by row.

    Args:
        png: the picture.
        tiles: how many tiles it has.
        columns: how many stand in a row.
    """

    png: bytes
    tiles: int
    columns: int


def sheet(
    maps: np.ndarray,
    *,
    scale: Scale = "channel",
    colours: Colours = "viridis",
    columns: int | None = None,
    smallest: int = _SMALLEST_TILE,
) -> Sheet:
    """Return all channels on one sheet.

    Args:
        maps: the channels. Shape: (C, H, W)
        scale: "channel" stretches each channel over all colours, so faint ones can be seen too;
            "layer" uses one scale for all, so that they can be compared.
        colours: the colour map; all but grey keep their order for the colour-blind too.
        columns: in a row; by default as many as make the sheet about square.
        smallest: pixels; smaller maps are enlarged by whole factors to at least this.
    """
    levels = _levels(maps, scale)
    enlarge = max(1, math.ceil(smallest / levels.shape[1]))
    levels = levels.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    count, height, width = levels.shape
    columns = columns or _columns(count)
    rows = math.ceil(count / columns)
    padded = np.zeros((rows * columns, height + _GAP, width + _GAP), np.uint8)
    padded[:count, :height, :width] = levels
    grid = padded.reshape(rows, columns, height + _GAP, width + _GAP).transpose(0, 2, 1, 3)
    pixels = grid.reshape(rows * (height + _GAP), columns * (width + _GAP))
    return Sheet(_png(pixels, colours), count, columns)


def picture(channel: np.ndarray, *, colours: Colours = "viridis", side: int = 448) -> bytes:
    """Return one channel as a PNG at least ``side`` pixels wide.

    Shape: (H, W)
    """
    enlarge = max(1, side // channel.shape[1])
    levels = _levels(channel[None], "channel")[0].repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    return _png(levels, colours)


def mosaic(images: np.ndarray, *, columns: int, tile: int = 56) -> bytes:
    """Return pictures side by side as a PNG, enlarged by a whole factor to about ``tile`` pixels.

    Shape: (N, C, H, W) uint8, C being 1 or 3
    """
    from PIL import Image

    enlarge = max(1, tile // images.shape[-1])
    large = images.repeat(enlarge, axis=2).repeat(enlarge, axis=3)
    count, _, height, width = large.shape
    rows = math.ceil(count / columns)
    padded = np.zeros((rows * columns, height + _GAP, width + _GAP, 4), np.uint8)
    padded[:count, :height, :width, :3] = large.transpose(0, 2, 3, 1)
    padded[:count, :height, :width, 3] = 255  # opaque: only the gaps let the page through
    grid = padded.reshape(rows, columns, height + _GAP, width + _GAP, 4).transpose(0, 2, 1, 3, 4)
    pixels = np.ascontiguousarray(grid).reshape(rows * (height + _GAP), -1, 4)
    return png(Image.fromarray(pixels))


def _levels(maps: np.ndarray, scale: Scale) -> np.ndarray:
    """Return values as bytes, 1 for the least and 255 for the most.

    Shape: (C, H, W) float32 -> (C, H, W) uint8
    """
    finite = np.nan_to_num(maps.astype(np.float32, copy=False))
    axes = (1, 2) if scale == "channel" else None
    low = finite.min(axis=axes, keepdims=True)
    spread = finite.max(axis=axes, keepdims=True) - low
    return ((finite - low) * (254 / np.where(spread > 0, spread, 1)) + 1).astype(np.uint8)


def _columns(count: int) -> int:
    """Return a number of columns that makes the sheet about square."""
    return max(1, math.ceil(math.sqrt(count)))


def _png(pixels: np.ndarray, colours: Colours) -> bytes:
    from PIL import Image

    image = Image.frombytes("P", pixels.shape[::-1], np.ascontiguousarray(pixels).tobytes())
    image.putpalette(palette(colours).tobytes())
    return png(image, transparency=0)


def palette(colours: Colours) -> np.ndarray:
    """Return a colour map.

    Shape: (256, 3), uint8
    """
    if colours == "grey":
        return np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    import plotly.colors

    named = getattr(plotly.colors.sequential, colours.capitalize())
    anchors = np.array([plotly.colors.hex_to_rgb(colour) for colour in named], np.float32)
    places = np.linspace(0, 255, len(anchors))
    mixed = [np.interp(np.arange(256), places, anchors[:, band]) for band in range(3)]
    return np.stack(mixed, axis=1).round().astype(np.uint8)
