"""What a layer returned, laid out as one map a channel: convolutions' maps, tokens, windows.

Networks hold their features in several orders. Which one a tensor is in shows in its shape, given
the shape of the images: of an image that is square, the two equal sides are height and width.
"""

import math
from dataclasses import dataclass

from torch import Tensor

from cvexplore.errors import LayerError


@dataclass(frozen=True)
class Laid:
    """A layer's output for each image, over the image's height and width.

    Args:
        maps: one map a channel; a vector is maps of a single point. Shape: (B, C, H, W)
        extra: tokens that stand for no place, such as class token and registers. Shape: (B, P, C)
        note: what a person should know of how it was laid out; empty where it was so from the
            start.
        in_windows: whether they are windows side by side, which may not be where they lie.
    """

    maps: Tensor
    extra: Tensor
    note: str = ""
    in_windows: bool = False


def lay_out(output: Tensor, layer: str, images: tuple[int, ...], prefix: int = 0) -> Laid:
    """Return a layer's output as one map a channel.

    Args:
        output: what the layer returned, in any of these orders: (B, C, H, W), (B, H, W, C),
            (B, N, C), (N, B, C), (B, C), or windows of tokens, (B × windows, N, C),
            (B × windows, H, W, C), (B, windows, N, C).
        layer: its path, for messages.
        images: the shape of what the network was given: (B, channels, height, width).
        prefix: tokens before those of the patches.

    Raises:
        LayerError: these are not maps of the images.
    """
    batch, (height, width) = images[0], images[-2:]
    aspect = height / width
    shape = tuple(output.shape)
    if output.dim() == 2 and shape[0] == batch:
        return _as_is(output[:, :, None, None])
    if output.dim() == 3 and batch not in shape[:1] and shape[1] == batch:
        output = output.transpose(0, 1)
        shape = tuple(output.shape)
    if output.dim() == 3:
        return _tokens(output, layer, batch, aspect, prefix)
    if output.dim() == 4 and shape[0] == batch:
        if _fits(shape[2], shape[3], aspect):
            return _as_is(output)
        if _fits(shape[1], shape[2], aspect):
            return _as_is(output.permute(0, 3, 1, 2))
        return _windows(output, layer, batch, aspect)
    if output.dim() == 4 and shape[0] % batch == 0 and shape[1] == shape[2]:
        return _windows(output.flatten(1, 2), layer, batch, aspect)
    raise LayerError(f"{layer} returns {shape}, which are not maps of an image.")


def _as_is(maps: Tensor) -> Laid:
    return Laid(maps, maps.new_empty(len(maps), 0, maps.shape[1]))


def _tokens(tokens: Tensor, layer: str, batch: int, aspect: float, prefix: int) -> Laid:
    """Lay tokens out as their patches lie.

    Shape: (B, N, C), or (B × windows, N, C)
    """
    if len(tokens) != batch:
        return _windows(tokens, layer, batch, aspect)
    count = tokens.shape[1]
    if count == 1:
        return _as_is(tokens.transpose(1, 2)[..., None])
    for before in dict.fromkeys((prefix, 0)):
        sides = _grid(count - before, aspect)
        if sides:
            maps = tokens[:, before:].transpose(1, 2).unflatten(2, sides)
            apart = f"; {before} that stand for no place apart" if before else ""
            note = f"{count} tokens: {sides[0]} × {sides[1]} laid out as their patches lie{apart}."
            return Laid(maps, tokens[:, :before], note)
    raise LayerError(
        f"{layer} returns {count} tokens, which do not lie on a grid as the image's patches do."
    )


def _windows(tokens: Tensor, layer: str, batch: int, aspect: float) -> Laid:
    """Lay windows of tokens side by side.

    Shape: (B × windows, N, C), or (B, windows, N, C)
    """
    shape = tuple(tokens.shape)
    windows = tokens.reshape(batch, -1, *shape[-2:]) if len(shape[:-2]) == 1 else tokens
    sides, inner = _grid(windows.shape[1], aspect), _grid(windows.shape[2], 1.0)
    if shape[0] % batch or not sides or not inner:
        raise LayerError(f"{layer} returns {shape}, which are not maps of an image.")
    split = windows.unflatten(2, inner).unflatten(1, sides)  # (B, rows, columns, h, w, C)
    maps = split.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)
    note = f"{sides[0]} × {sides[1]} windows side by side, as the layer was given them."
    return Laid(maps, maps.new_empty(batch, 0, maps.shape[1]), note, in_windows=True)


def _fits(height: int, width: int, aspect: float) -> bool:
    """Say whether maps of these sides can be of an image of this aspect, to one row of padding."""
    return height == width if aspect == 1 else abs(height - width * aspect) <= max(1.0, aspect)


def _grid(count: int, aspect: float) -> tuple[int, int] | None:
    """Return (rows, columns) of this many places in an image of this aspect, if they can be."""
    if count < 2:
        return None
    if aspect == 1:
        side = math.isqrt(count)
        return (side, side) if side * side == count else None
    pairs = [(rows, count // rows) for rows in range(1, count + 1) if count % rows == 0]
    return min(
        (pair for pair in pairs if _fits(*pair, aspect)),
        key=lambda pair: abs(pair[0] / pair[1] - aspect),
        default=None,
    )
