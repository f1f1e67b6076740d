"""Blocks that look at places and their neighbours: convolution and pooling."""

from typing import Annotated, Literal

from torch import nn

from cvexplore.designs.blocks import BLOCKS, Data, Misfit, divisible, fits
from cvexplore.designs.parts import Part, chain, part
from cvexplore.plugins import Range

Channels = Annotated[int, Range(0, 8192)]
Side = Annotated[int, Range(1, 64)]
Padding = Annotated[int, Range(0, 64)]


@BLOCKS.register("convolution")
def convolution(
    incoming: Data,
    *,
    channels: Channels = 32,
    kernel: Side = 3,
    stride: Annotated[int, Range(1, 64)] = 1,
    padding: Padding = 1,
    dilation: Annotated[int, Range(1, 64)] = 1,
    groups: Annotated[int, Range(1, 8192)] = 1,
    depthwise: bool = False,
    bias: bool = True,
) -> Part:
    """Filters that slide over the maps and see the same pattern at every place.

    Options:
        channels: filters, each makes one map; 0 for as many as come in
        kernel: places a side that a filter sees
        stride: places from one look to the next; 2 halves the sides
        padding: zeros around the map; half the kernel keeps the sides
        dilation: places between those that a filter sees; 1 leaves no gaps
        groups: parts of the channels that do not see each other
        depthwise: one group a channel, so that no channel sees another
        bias: whether each filter adds a number; batch norm after it makes it needless
    """
    inputs, height, width = incoming.maps()
    outputs = channels or inputs
    parts = inputs if depthwise else groups
    if depthwise and outputs % inputs:
        raise Misfit(
            f"makes {outputs} maps of {inputs}, each from one: channels must be a multiple of "
            f"{inputs}, or 0 for as many."
        )
    divisible("incoming channels", inputs, parts, "groups", 8192)
    divisible("filters", outputs, parts, "groups", 8192)
    fits(min(height, width) + 2 * padding, dilation * (kernel - 1) + 1, "kernel or dilation")
    return part(
        nn.Conv2d,
        inputs,
        outputs,
        kernel_size=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=parts,
        bias=bias,
    )


@BLOCKS.register("max_pooling")
def max_pooling(
    incoming: Data, *, kernel: Side = 2, stride: Side = 2, padding: Padding = 0
) -> Part:
    """The largest value of each window: the maps get smaller, what was found stays.

    Options:
        kernel: places a side of a window
        stride: places from one window to the next; 2 halves the sides
        padding: places around the map that never are the largest
    """
    _slides(incoming, kernel, padding)
    return part(nn.MaxPool2d, kernel_size=kernel, stride=stride, padding=padding)


@BLOCKS.register("average_pooling")
def average_pooling(
    incoming: Data, *, kernel: Side = 2, stride: Side = 2, padding: Padding = 0
) -> Part:
    """The mean of each window: the maps get smaller and smoother.

    Options:
        kernel: places a side of a window
        stride: places from one window to the next; 2 halves the sides
        padding: zeros around the map
    """
    _slides(incoming, kernel, padding)
    return part(nn.AvgPool2d, kernel_size=kernel, stride=stride, padding=padding)


def _slides(incoming: Data, kernel: int, padding: int) -> None:
    _, height, width = incoming.maps()
    if 2 * padding > kernel:
        raise Misfit(f"has more padding than half its kernel: {kernel // 2} is the most.")
    fits(min(height, width) + 2 * padding, kernel, "kernel")


@BLOCKS.register("adaptive_pooling")
def adaptive_pooling(
    incoming: Data,
    *,
    side: Annotated[int, Range(1, 64, unit="places")] = 7,
    method: Literal["average", "max"] = "average",
) -> Part:
    """Windows of just the size that leaves so many places a side, whatever the image's size.

    Options:
        side: places a side that are left
        method: what stands for a window
    """
    incoming.maps()
    return part(nn.AdaptiveAvgPool2d if method == "average" else nn.AdaptiveMaxPool2d, side)


@BLOCKS.register("global_pooling")
def global_pooling(incoming: Data, *, method: Literal["average", "max"] = "average") -> Part:
    """One number a map: what was found, no matter where.

    Options:
        method: what stands for a whole map
    """
    incoming.maps()
    pool = nn.AdaptiveAvgPool2d if method == "average" else nn.AdaptiveMaxPool2d
    return chain({"pool": part(pool, 1), "flatten": part(nn.Flatten)})
