"""What one place of a layer's output sees: of the layer's input, and in the end of the image.

Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill,
    2019. A normalisation's statistics over the whole image are left aside, as everybody does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.trace.functions import ARITHMETIC, MOVES, SAME_SHAPE, Function, argument
from cvexplore.trace.records import Shape

Pair = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """What one place sees of another map.

    Args:
        size: places it sees (height, width).
        step: places of that map from its window to its neighbour's (height, width); less than one
            where a map grows.
    """

    size: Pair = (1, 1)
    step: Pair = (1, 1)

    def then(self, later: "Window") -> "Window":
        """Return what a place sees through two layers, this one first."""
        return Window(
            _each(
                lambda size, more, step: size + (more - 1) * step, self.size, later.size, self.step
            ),
            _each(lambda step, more: step * more, self.step, later.step),
        )


POINT = Window()

_POINTWISE = (
    MOVES
    | ARITHMETIC
    | {f for f in SAME_SHAPE if "softm" not in f.__name__}
    | {F.linear, F.prelu, torch.prelu, torch.clamp, Tensor.clamp, Tensor.clamp_, torch.where}
    | {torch.cat, torch.concat, torch.concatenate, torch.pow, Tensor.pow, Tensor.__pow__}
)
_CONVOLUTIONS = frozenset({F.conv1d, F.conv2d, F.conv3d})
_TRANSPOSED = frozenset({F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d})
_MAX_POOLS = frozenset(
    {F.max_pool1d, F.max_pool2d, F.max_pool3d}
    | {torch.max_pool1d, torch.max_pool2d, torch.max_pool3d}
)
_MEAN_POOLS = frozenset({F.avg_pool1d, F.avg_pool2d, F.avg_pool3d})
_ADAPTIVE = frozenset({F.adaptive_avg_pool2d, F.adaptive_max_pool2d, F.adaptive_avg_pool3d})
_TAPS = {"nearest": 1, "nearest-exact": 1, "linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}


def window(func: Function, args: tuple, kwargs: Mapping[str, Any], output: Any) -> Window | None:
    """Return what a place of a function's output sees of its input.

    None stands for the whole input, or for a function that this module does not know.
    """
    given = dict(kwargs)
    if func in _POINTWISE:
        return POINT
    if func in _CONVOLUTIONS:
        kernel = argument(args, given, 1, "weight").shape[2:]
        return _sliding(
            kernel, _get(args, given, 3, "stride", 1), _get(args, given, 5, "dilation", 1)
        )
    if func in _TRANSPOSED:
        kernel = argument(args, given, 1, "weight").shape[2:]
        step = _pair(_get(args, given, 3, "stride", 1))
        return Window(
            _each(lambda k, s: math.ceil(k / s), _pair(kernel), step), _each(lambda s: 1 / s, step)
        )
    if func in _MAX_POOLS or func in _MEAN_POOLS:
        kernel = argument(args, given, 1, "kernel_size")
        dilation = _get(args, given, 4, "dilation", 1) if func in _MAX_POOLS else 1
        return _sliding(kernel, _get(args, given, 2, "stride", None) or kernel, dilation)
    if func is F.pixel_unshuffle or func is torch.pixel_unshuffle:
        side = _pair(argument(args, given, 1, "downscale_factor"))
        return Window(side, side)
    if func is F.pixel_shuffle or func is torch.pixel_shuffle:
        side = 1 / argument(args, given, 1, "upscale_factor")
        return Window(step=(side, side))
    if func in _ADAPTIVE or func is F.interpolate:
        return _resizing(func, argument(args, given, 0, "input"), output, args, given)
    return None


def _resizing(func: Function, data: Tensor, output: Tensor, args: tuple, given: dict) -> Any:
    if data.dim() < 4:
        return None
    scale = _each(lambda before, after: before / after, data.shape[-2:], output.shape[-2:])
    if func in _ADAPTIVE:
        even = all(each == int(each) for each in scale)
        return Window(scale, scale) if even and max(output.shape[-2:]) > 1 else None
    taps = _TAPS.get(_get(args, given, 3, "mode", "nearest"), 4)
    return Window((taps, taps), scale) if max(scale) <= 1 else None


def _sliding(kernel: Any, stride: Any, dilation: Any) -> Window:
    size = _each(lambda k, d: 1 + (k - 1) * d, _pair(kernel), _pair(dilation))
    return Window(size, _pair(stride))


# ------------------------------------------------------------------ from layer to layer


@dataclass(frozen=True)
class Field:
    """A map's window on the image, and the map's sides (height, width)."""

    window: Window
    sides: tuple[int, int]


def field(
    window: Window | None,
    inputs: Sequence[Shape],
    output: Shape | None,
    sources: Sequence[Field | None],
) -> Field | None:
    """Return what a place of a layer's output sees of the image, if that is a part of it.

    Args:
        window: what the layer itself sees of its input.
        inputs: the shapes it was given. (B, C, H, W), (B, C, T, H, W), or channels last
        output: the shape it returned.
        sources: the fields of the layers its input comes from; none for the image itself.
    """
    if window is None or output is None or any(source is None for source in sources):
        return None
    known = [source for source in sources if source is not None]
    widest = max((shape for shape in inputs if len(shape) in (4, 5)), key=math.prod, default=None)
    if widest is None:
        return None
    start = Field(POINT, (widest[-2], widest[-1]))
    before = known[0] if known else start
    if any(not _alike(each.window.step, before.window.step) for each in known):
        return None
    had = _sides(
        widest, *(_each(lambda s: s / 1.5, before.sides), _each(lambda s: s * 1.5, before.sides))
    )
    if had is None:
        return None
    low = _each(lambda s, k, t: (s - k) / t, had, window.size, window.step)
    high = _each(lambda s, k, t: (s + k) / t + 1, had, window.size, window.step)
    sides = _sides(output, low, high)
    if sides is None:
        return None
    size = tuple(max(each.window.size[axis] for each in known or [start]) for axis in (0, 1))
    return Field(Window((size[0], size[1]), before.window.step).then(window), sides)


def _sides(shape: Shape, low: Pair, high: Pair) -> tuple[int, int] | None:
    """Return a map's height and width, which lie within bounds wherever its channels stand."""
    for place in [-2, 1] if len(shape) == 4 else [-2] if len(shape) == 5 else []:
        height, width = shape[place], shape[place + 1]
        if low[0] <= height <= high[0] and low[1] <= width <= high[1]:
            return height, width
    return None


def _alike(one: Pair, other: Pair) -> bool:
    return all(abs(a - b) <= 0.2 * b for a, b in zip(one, other, strict=True))


def _get(args: tuple, kwargs: Mapping[str, Any], place: int, name: str, default: Any) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, default)


def _pair(value: Any) -> Pair:
    """Return (height, width) of a setting that may be one number, or have time before them."""
    if isinstance(value, int):
        return value, value
    values = list(value)
    return (values[-2], values[-1]) if len(values) > 1 else (values[0], values[0])


def _each(function: Any, *pairs: Any) -> Pair:
    first, second = (function(*values) for values in zip(*pairs, strict=True))
    return first, second
