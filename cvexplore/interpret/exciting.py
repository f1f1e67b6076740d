"""Which images excite a channel most, and which of their pixels do.

Source: Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", 2014,
    arXiv:1311.2901 (the images); Luo, Li, Urtasun, Zemel, "Understanding the Effective Receptive
    Field in Deep Convolutional Neural Networks", 2016, arXiv:1701.04128 (the pixels).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from cvexplore.interpret.activations import capture, maps_at
from cvexplore.interpret.gradients import differentiable_maps

Measure = Literal["highest", "mean"]


@dataclass(frozen=True)
class Responses:
    """How strongly every channel of a layer answers to each of several images.

    Args:
        highest: each channel's highest value. Shape: (N, C), float32
        mean: each channel's mean over its map. Shape: (N, C), float32
        places: where the highest value stands, counted row by row. Shape: (N, C), int32
        width: places in a row of the map.
    """

    highest: Tensor
    mean: Tensor
    places: Tensor
    width: int

    def __len__(self) -> int:
        return len(self.highest)

    @property
    def channels(self) -> int:
        """How many the layer has."""
        return self.highest.shape[1]

    def by(self, measure: Measure) -> Tensor:
        """Return every image's value of every channel.

        Shape: (N, C)
        """
        return self.highest if measure == "highest" else self.mean

    @staticmethod
    def joined(parts: Sequence["Responses"]) -> "Responses":
        """Return the responses to all images of several parts, in their order."""
        return Responses(
            torch.cat([part.highest for part in parts]),
            torch.cat([part.mean for part in parts]),
            torch.cat([part.places for part in parts]),
            parts[0].width,
        )


@dataclass(frozen=True)
class Excitement:
    """One image's answer of one channel.

    Args:
        image: its place among the images.
        value: the channel's highest value or its mean.
        row: of the highest value in the map.
        column: of the highest value in the map.
    """

    image: int
    value: float
    row: int
    column: int


@dataclass(frozen=True)
class Region:
    """A rectangle of pixels; bottom and right are the first that lie outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def sides(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left


def responses(model: nn.Module, layer: str, batches: Iterable[Tensor]) -> Iterator[Responses]:
    """Yield how every channel of a layer answers, batch by batch.

    All channels at once: the forward pass is what costs, and any channel is at hand afterwards.

    Args:
        model: the network.
        layer: the layer's path.
        batches: prepared images. Shape: (B, C, H, W) each

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer is not called, or what it returns is not maps.
    """
    for batch in batches:
        maps = maps_at(capture(model, batch, [layer]), layer, model).maps.float()
        flat = maps.flatten(2)
        highest, places = flat.max(2)
        yield Responses(highest.cpu(), flat.mean(2).cpu(), places.int().cpu(), width=maps.shape[-1])


def strongest(
    seen: Responses, channel: int, most: int = 12, by: Measure = "highest"
) -> tuple[Excitement, ...]:
    """Return the images that excite a channel most, the strongest first."""
    values = seen.by(by)[:, channel]
    order = values.argsort(descending=True, stable=True)[:most].tolist()
    return tuple(excitement(seen, image, channel, by) for image in order)


def excitement(seen: Responses, image: int, channel: int, by: Measure = "highest") -> Excitement:
    """Return one image's answer of one channel."""
    row, column = divmod(int(seen.places[image, channel]), seen.width)
    return Excitement(image, float(seen.by(by)[image, channel]), row, column)


def standing_out(seen: Responses, own: Responses, most: int = 6) -> list[int]:
    """Return the channels whose answer to an image lies furthest above what others bring about.

    Measured in each channel's standard deviation over the others: raw values would always name the
    few channels with the largest scale. Channels that are the same for all stand out for nothing.

    Args:
        seen: the responses to the others.
        own: the responses to the one image.
        most: how many channels.
    """
    deviation, mean = torch.std_mean(seen.highest, 0, correction=0)
    score = (own.highest[0] - mean) / deviation
    score[deviation <= 1e-6 * mean.abs()] = -torch.inf
    best = score.topk(min(most, len(score)))
    return [index for value, index in zip(*map(Tensor.tolist, best), strict=True) if value > 0]


def effective_region(
    model: nn.Module, layer: str, image: Tensor, place: Excitement, channel: int, share: float = 0.9
) -> Region | None:
    """Return the pixels that one place of a map answers to: its effective receptive field.

    The gradient of the place's value says how much each pixel moves it. The rectangle holds at
    least ``share`` of the squared gradient: of what remains, no more than a quarter is cut off at
    each side. With a share of 1 it is every pixel that moves the value at all.

    Args:
        model: the network.
        layer: the layer's path.
        image: prepared. Shape: (1, C, H, W)
        place: the place of the map.
        channel: the channel.
        share: of the squared gradient.

    Returns:
        None where no pixel moves it: a unit that is silent.
    """
    pixels = image.detach().clone().requires_grad_()
    maps = differentiable_maps(model, pixels, layer).maps
    value = maps[0, channel, place.row, place.column]
    (gradient,) = torch.autograd.grad(value, pixels)
    energy = gradient[0].double().square().sum(0)
    if not energy.any():
        return None
    cut = (1 - share) / 4
    top, bottom = _middle(energy.sum(1), cut)
    left, right = _middle(energy.sum(0), cut)
    return Region(top, left, bottom, right)


def _middle(energy: Tensor, cut: float) -> tuple[int, int]:
    """Return where a line begins and ends without this share of it at either end."""
    most = cut * float(energy.sum())
    begin = int((energy.cumsum(0) <= most).sum())
    end = len(energy) - int((energy.flip(0).cumsum(0) <= most).sum())
    return begin, end
