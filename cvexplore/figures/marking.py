"""Boxes and masks drawn onto a data set's small pictures."""

import html
from collections.abc import Sequence

import numpy as np

# A colour a class, alike in strength; after the last they begin anew.
_COLOURS = (
    *((255, 90, 90), (80, 200, 120), (90, 150, 255), (255, 200, 60)),
    *((200, 110, 255), (60, 220, 230), (255, 140, 200), (190, 220, 90)),
)
_SHOWS = 0.55  # how much of a mask's colour is seen


def colour_of(label: int) -> tuple[int, int, int]:
    """Return the colour of a class in boxes and masks."""
    return _COLOURS[label % len(_COLOURS)]


def legend(names: Sequence[str], said: Sequence[str] = ()) -> str:
    """Return HTML that tells the classes' colours, and perhaps a number of each.

    Args:
        names: of the classes, in their order.
        said: what stands beside each name.
    """
    rows = []
    for label, name in enumerate(names):
        red, green, blue = colour_of(label)
        beside = f" <b>{html.escape(said[label])}</b>" if said else ""
        rows.append(
            '<span style="display: inline-flex; align-items: center; gap: 0.35rem; '
            'margin: 0 1rem 0.25rem 0"><i style="width: 0.9rem; height: 0.9rem; border-radius: '
            f'3px; background: rgb({red} {green} {blue})"></i>{html.escape(name)}{beside}</span>'
        )
    return f"<div>{''.join(rows)}</div>"


def enlarged(images: np.ndarray, least: int = 112) -> np.ndarray:
    """Return pictures in colour, enlarged by a whole factor to about ``least`` pixels.

    Shape: (N, C, H, W) uint8, C being 1 or 3 -> (N, 3, k H, k W)
    """
    times = max(1, least // images.shape[-1])
    large = images.repeat(times, axis=2).repeat(times, axis=3)
    return large if large.shape[1] == 3 else large.repeat(3, axis=1)


def in_grey(images: np.ndarray) -> np.ndarray:
    """Return pictures without their colours, so that those of masks can be told apart on them.

    Shape: (N, 3, H, W) uint8 -> (N, 3, H, W) uint8
    """
    return images.mean(1, keepdims=True).round().astype(np.uint8).repeat(3, axis=1)


def with_boxes(
    images: np.ndarray, boxes: Sequence[np.ndarray], labels: Sequence[np.ndarray]
) -> np.ndarray:
    """Return pictures with a frame around each object, in its class's colour.

    Args:
        images: the pictures. Shape: (N, 3, H, W), uint8
        boxes: of each picture: centre x, centre y, width and height, as shares. Shape: (M, 4)
        labels: their classes; below 0 for no object. Shape: (M,)
    """
    drawn = images.copy()
    height, width = images.shape[2:]
    for picture, places, classes in zip(drawn, boxes, labels, strict=True):
        for (x, y, w, h), label in zip(places, classes, strict=True):
            if label >= 0:
                left, right = _span(x, w, width)
                top, bottom = _span(y, h, height)
                colour = np.array(colour_of(int(label)), np.uint8)[:, None]
                picture[:, top, left : right + 1] = colour
                picture[:, bottom, left : right + 1] = colour
                picture[:, top : bottom + 1, left] = colour
                picture[:, top : bottom + 1, right] = colour
    return drawn


def with_masks(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return pictures with each class's pixels tinted in its colour.

    Args:
        images: the pictures. Shape: (N, 3, k H, k W), uint8
        masks: 0 for the ground, 1 for the first class, … Shape: (N, H, W), uint8
    """
    times = images.shape[-1] // masks.shape[-1]
    large = masks.repeat(times, axis=1).repeat(times, axis=2)[:, None]
    colours = np.array(_COLOURS, np.float32)[(large[:, 0].astype(int) - 1) % len(_COLOURS)]
    tinted = images * (1 - _SHOWS) + colours.transpose(0, 3, 1, 2) * _SHOWS
    return np.where(large > 0, tinted, images).astype(np.uint8)


def _span(middle: float, length: float, side: int) -> tuple[int, int]:
    low, high = (middle - length / 2) * side, (middle + length / 2) * side
    return max(0, round(float(low))), min(side - 1, round(float(high)) - 1)
