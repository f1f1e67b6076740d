"""Which pixels decided, as a picture: the map over what the network saw, or alone.

Red speaks for the class, blue against it, violet for one or the other. The picture shows through
where the map is low, and fades to grey as the map grows stronger, so that colours are the map's.
"""

import functools
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.pictures import SIDE, enlarged, png_of_photo

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attribution.explanation import Explanation, Sign

# What stands at the ends of a legend.
ENDS: "dict[Sign, tuple[str, str]]" = {
    "positive": ("nothing", "most for the class"),
    "negative": ("nothing", "most against the class"),
    "absolute": ("nothing", "most, for or against"),
    "both": ("most against the class", "most for the class"),
}
_ZERO = 128  # the level of zero among those of both signs

_WHITE = (255, 255, 255)
_FOR = (_WHITE, (255, 176, 32), (240, 80, 20), (214, 8, 32))
_AGAINST = (_WHITE, (64, 196, 255), (24, 112, 240), (20, 48, 214))
_EITHER = (_WHITE, (214, 150, 255), (160, 70, 230), (108, 8, 178))
_COLOURS: "dict[Sign, tuple[tuple[int, int, int], ...]]" = {  # from the lowest level to the highest
    "positive": _FOR,
    "negative": _AGAINST,
    "absolute": _EITHER,
    "both": (*_AGAINST[:0:-1], *_FOR),
}


def explanation_over(
    square: "Image",
    explanation: "Explanation",
    *,
    strength: float = 0.6,
    sign: "Sign" = "positive",
    clip: float = 99,
) -> bytes:
    """Return the map over the picture that the network saw, as a PNG.

    Args:
        square: the picture; a small one is enlarged by a whole factor, so its pixels stay squares.
        explanation: what a method found.
        strength: how much the strongest places cover of the picture, from 0, which leaves it as
            it is, to 1; weaker ones cover less, and places that had no part nothing.
        sign: what is drawn: what speaks for the class, against it, either without its sign, or
            both with theirs.
        clip: the percentile of sizes from which on places count as the strongest.
    """
    from PIL import Image

    large = enlarged(square.convert("RGB"))
    grey = Image.blend(large, large.convert("L").convert("RGB"), strength)
    levels = _resized(_levels(explanation, sign, clip), large.size, explanation.smooth)
    cover = levels.point((_cover(sign) * (255 * strength)).round().astype(int).tolist())
    return png_of_photo(Image.composite(_coloured(levels, sign), grey, cover))


def explanation_alone(
    explanation: "Explanation",
    size: tuple[int, int] = (SIDE, SIDE),
    *,
    sign: "Sign" = "positive",
    clip: float = 99,
) -> bytes:
    """Return the map without the picture, as a PNG.

    Args:
        explanation: what a method found.
        size: width and height in pixels, those of the picture or a multiple.
        sign: what is drawn.
        clip: the percentile of sizes from which on places count as the strongest.
    """
    levels = _resized(_levels(explanation, sign, clip), size, explanation.smooth)
    return png_of_photo(_coloured(levels, sign))


def legend(sign: "Sign" = "positive", width: int = 256, height: int = 12) -> bytes:
    """Return the colours from one end to the other as a PNG; ``ENDS`` says what ends mean."""
    from PIL import Image

    first = 1 if sign == "both" else 0
    ramp = np.linspace(first, 255, width).round().astype(np.uint8)
    return png_of_photo(_coloured(Image.fromarray(ramp[None].repeat(height, axis=0)), sign))


def _levels(explanation: "Explanation", sign: "Sign", clip: float) -> np.ndarray:
    """Return the map as bytes: from 0, or around _ZERO if it has both signs. Shape: (h, w)"""
    heat = explanation.heat(sign, clip).numpy()
    scaled = heat * (255 - _ZERO) + _ZERO if sign == "both" else heat * 255
    return scaled.round().astype(np.uint8)


def _cover(sign: "Sign") -> np.ndarray:
    """Return how much of the picture each level covers, as a share of the most. Shape: (256,)

    It grows with the root of the size, so that weak places can be seen too.
    """
    levels = np.arange(256)
    sizes = abs(levels - _ZERO) / (255 - _ZERO) if sign == "both" else levels / 255
    return np.sqrt(sizes.clip(max=1))


def _resized(levels: np.ndarray, size: tuple[int, int], smooth: bool) -> "Image":
    from PIL import Image

    how = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return Image.fromarray(levels).resize(size, how)


def _coloured(levels: "Image", sign: "Sign") -> "Image":
    painted = levels.copy()
    painted.putpalette(_palette(sign))
    return painted.convert("RGB")


@functools.cache
def _palette(sign: "Sign") -> bytes:
    """Return the colour of each level, three bytes each."""
    anchors = np.array(_COLOURS[sign], np.float32)
    places = np.linspace(1 if sign == "both" else 0, 255, len(anchors))  # white is on zero
    mixed = [np.interp(np.arange(256), places, anchors[:, band]) for band in range(3)]
    return np.stack(mixed, axis=1).round().astype(np.uint8).tobytes()
