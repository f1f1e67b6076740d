"""A film: sheets of tiles, one a moment, each with its caption, as an animated GIF.

Every frame is drawn with one palette, byte 0 being the ground between the tiles and byte 255 the
writing, so that a colour means the same in all frames. A GIF plays wherever pictures are shown.
"""

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.pictures import png
from cvexplore.figures.sheet import Colours, Scale, palette
from cvexplore.figures.weights import filter_tiles

if TYPE_CHECKING:
    from PIL.Image import Image

_GAP = 2  # pixels between tiles
_WIDTH = 480  # pixels that a frame's tiles are enlarged to at most, by a whole factor
_STRIP = 26  # pixels of the caption below
_LINE = 3  # pixels of the line that grows with the film
_GROUND = (24, 24, 27)
_INK = (244, 244, 245)


# ------------------------------------------------------------------ frames


def map_frames(
    maps: np.ndarray,
    captions: Sequence[str],
    *,
    scale: Scale = "channel",
    fixed: bool = True,
    colours: Colours = "viridis",
) -> "list[Image]":
    """Return a frame a moment, with all channels of a layer.

    Args:
        maps: Shape: (moments, C, H, W)
        captions: what to write below each.
        scale: "channel" stretches each channel over all colours, "layer" takes one scale for all.
        fixed: one scale over all moments, so that they compare; else each moment has its own.
        colours: the colour map.
    """
    return _frames(_levels(maps, scale, fixed), _with_ground(palette(colours)), captions)


def filter_frames(
    filters: np.ndarray, captions: Sequence[str], *, fixed: bool = True
) -> "list[Image]":
    """Return a frame a moment, with the first layer's filters; mid grey is zero.

    Args:
        filters: Shape: (moments, filters, 3 or 1, H, W)
        captions: what to write below each.
        fixed: each filter has one scale over all moments; else each moment has its own.
    """
    if fixed:  # a filter's moments below each other are one tall picture with one scale
        moments, count, bands, height, width = filters.shape
        tall = filters.transpose(1, 2, 0, 3, 4).reshape(count, bands, moments * height, width)
        split = filter_tiles(tall).reshape(count, bands, moments, height, width)
        tiles = split.transpose(2, 0, 1, 3, 4)
    else:
        tiles = np.stack([filter_tiles(each) for each in filters])
    if tiles.shape[2] == 1:
        return _frames(tiles[:, :, 0].clip(1, 254), _with_ground(palette("grey")), captions)
    return _frames(*_few_colours(tiles), captions)


def _levels(maps: np.ndarray, scale: Scale, fixed: bool) -> np.ndarray:
    """Return values as bytes, 1 for the least and 254 for the most; 0 and 255 are not colours.

    Shape: (moments, C, H, W) -> (moments, C, H, W) uint8
    """
    finite = np.nan_to_num(maps.astype(np.float32, copy=False))
    shared = (0,) * fixed + (1,) * (scale == "layer") + (2, 3)
    low = finite.min(axis=shared, keepdims=True)
    spread = finite.max(axis=shared, keepdims=True) - low
    return (1 + (finite - low) * (253 / np.where(spread > 0, spread, 1))).astype(np.uint8)


def _with_ground(colours: np.ndarray) -> np.ndarray:
    """Return a palette whose first and last colour are those of ground and ink."""
    return np.concatenate([[_GROUND], colours[1:255], [_INK]]).astype(np.uint8)


def _few_colours(tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return colour pictures as bytes, and the 254 colours that stand for theirs.

    Shape: (moments, N, 3, H, W) -> (moments, N, H, W) and (256, 3)
    """
    from PIL import Image

    moments, count, _, height, width = tiles.shape
    pixels = np.ascontiguousarray(tiles.transpose(0, 1, 3, 4, 2)).reshape(moments, -1, 3)
    few = Image.fromarray(pixels).quantize(254, Image.Quantize.MEDIANCUT, kmeans=1)
    colours = np.zeros((256, 3), np.uint8)
    found = np.array(few.getpalette(), np.uint8).reshape(-1, 3)[:254]
    colours[1 : 1 + len(found)] = found
    levels = np.asarray(few).reshape(moments, count, height, width) + 1
    return levels.astype(np.uint8), _with_ground(colours)


def _frames(levels: np.ndarray, colours: np.ndarray, captions: Sequence[str]) -> "list[Image]":
    """Lay tiles out in frames.

    Shape: levels (moments, N, H, W), colours (256, 3)
    """
    moments, count, height, width = levels.shape
    columns = _columns(count, height / width)
    rows = math.ceil(count / columns)
    enlarge = max(1, (_WIDTH // columns - _GAP) // width)
    large = levels.repeat(enlarge, axis=2).repeat(enlarge, axis=3)
    _, _, height, width = large.shape
    padded = np.zeros((moments, rows * columns, height + _GAP, width + _GAP), np.uint8)
    padded[:, :count, :height, :width] = large
    grid = padded.reshape(moments, rows, columns, height + _GAP, width + _GAP)
    pixels = grid.transpose(0, 1, 3, 2, 4).reshape(moments, rows * (height + _GAP), -1)
    shares = np.linspace(0, 1, moments) if moments > 1 else np.ones(1)
    return [
        _captioned(*each, colours) for each in zip(pixels, captions, shares.tolist(), strict=True)
    ]


def _columns(count: int, tall: float) -> int:
    """Return the columns that make a frame about square, or wider where that leaves fewer gaps."""
    square = math.ceil(math.sqrt(count * tall))
    return min(range(square, 2 * square), key=lambda columns: (-count % columns, columns))


def _captioned(pixels: np.ndarray, caption: str, share: float, colours: np.ndarray) -> "Image":
    from PIL import Image, ImageDraw, ImageFont

    height, width = pixels.shape
    frame = Image.new("P", (max(width, _WIDTH // 2), height + _STRIP), 0)
    frame.putpalette(colours.tobytes())
    frame.paste(Image.frombytes("P", (width, height), np.ascontiguousarray(pixels).tobytes()))
    draw = ImageDraw.Draw(frame)
    draw.fontmode = "1"  # no in-between shades: they would be colours of the palette
    draw.text((6, height + 3), caption, 255, font=ImageFont.load_default(15))
    bottom = height + _STRIP
    draw.rectangle((0, bottom - _LINE, round(share * (frame.width - 1)), bottom - 1), 255)
    return frame


# ------------------------------------------------------------------ files


def still(frame: "Image") -> bytes:
    """Return one frame as a PNG."""
    return png(frame)


def film(frames: "Sequence[Image]", *, seconds: float = 6.0) -> bytes:
    """Return frames as an animated GIF that begins anew when it is through.

    Args:
        frames: of one size and one palette.
        seconds: that it takes; the last frame stands a fifth of them longer.
    """
    each = max(40, round(800 * seconds / len(frames)))  # browsers slow down what is faster
    durations = [each] * (len(frames) - 1) + [each + round(200 * seconds)]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        optimize=False,
    )
    return buffer.getvalue()
