"""The weights of one network: how each tensor's numbers are distributed, and its first filters.

Tensors are read in pieces that stay in the processor's cache: for their mean and spread, and once
more, with those known, for the histogram.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from cvexplore.errors import LayerError

NEAR = 0.01  # of the root mean square: a normal distribution around zero has 0.8 % nearer to zero

_PIECE = 2**17  # numbers read at once
_WINDOW = 8  # standard deviations to each side that a histogram shows at most
_MOST_BINS = 128


@dataclass(frozen=True)
class Histogram:
    """How many numbers lie in each of equally wide bins.

    Args:
        counts: in each bin; its lower edge belongs to it, of the last one the upper edge too.
            Shape: (bins,)
        low: the first bin's lower edge.
        high: the last bin's upper edge.
        below: numbers that lie further down.
        above: numbers that lie further up.
    """

    counts: np.ndarray
    low: float
    high: float
    below: int = 0
    above: int = 0

    @property
    def edges(self) -> np.ndarray:
        """The bins' edges.

        Shape: (bins + 1,)
        """
        return np.linspace(self.low, self.high, len(self.counts) + 1)

    @property
    def density(self) -> np.ndarray:
        """Share of all numbers in each bin, divided by the bin's width.

        Shape: (bins,)
        """
        whole = self.below + self.counts.sum() + self.above
        return self.counts / (max(1, whole) * (self.high - self.low) / len(self.counts))

    def share_below(self, values: np.ndarray) -> np.ndarray:
        """Return the share of all numbers that lie below each value, evenly spread in their bins.

        Shape: (N,) -> (N,)
        """
        upto = self.below + np.concatenate([[0], self.counts.cumsum()])
        return np.interp(values, self.edges, upto / max(1, upto[-1] + self.above))


@dataclass(frozen=True)
class TensorStatistics:
    """One tensor of parameters, in numbers; those that are not finite count nowhere but there.

    Args:
        name: as in ``named_parameters``.
        kind: the class of the module it belongs to.
        shape: of the tensor.
        mean: of its numbers.
        std: their standard deviation, as of a whole population.
        low: the least.
        high: the greatest.
        zeros: share that is exactly zero.
        near_zeros: share whose magnitude is below ``NEAR`` of the root mean square, zeros included.
        not_finite: how many are infinite or not a number.
        histogram: at most eight standard deviations to each side of the mean.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    mean: float
    std: float
    low: float
    high: float
    zeros: float
    near_zeros: float
    not_finite: int
    histogram: Histogram

    @property
    def numbers(self) -> int:
        """How many numbers the tensor has."""
        return math.prod(self.shape)

    @property
    def is_vector(self) -> bool:
        """Whether it has one number a channel: a bias, a normalisation's scale or shift, a gate."""
        return max(self.shape, default=1) == self.numbers


def statistics(model: nn.Module) -> tuple[TensorStatistics, ...]:
    """Return every parameter tensor's statistics, in the order the network declares them.

    A tensor that several modules share is told once. Buffers, such as the means that batch
    normalisation keeps, are not learned and are left out.
    """
    kinds = {path: type(module).__name__ for path, module in model.named_modules()}
    return tuple(
        _statistics(name, kinds[name.rpartition(".")[0]], tensor.detach())
        for name, tensor in model.named_parameters()
        if tensor.numel() and tensor.is_floating_point()
    )


def _statistics(name: str, kind: str, tensor: Tensor) -> TensorStatistics:
    seen = _moments(tensor)
    near, histogram = _spread(tensor, seen)
    return TensorStatistics(
        name=name,
        kind=kind,
        shape=tuple(tensor.shape),
        mean=seen.mean,
        std=seen.std,
        low=seen.low,
        high=seen.high,
        zeros=seen.zeros / max(1, seen.count),
        near_zeros=max(seen.zeros, near) / max(1, seen.count),
        not_finite=tensor.numel() - seen.count,
        histogram=histogram,
    )


@dataclass(frozen=True)
class _Moments:
    """What the first reading tells: of how many finite numbers, and how many of them are zero."""

    count: int
    zeros: int
    mean: float
    std: float
    low: float
    high: float


def _pieces(tensor: Tensor) -> Iterator[Tensor]:
    """Yield the tensor's finite numbers in pieces, in single precision."""
    for piece in tensor.reshape(-1).split(_PIECE):
        numbers = piece.float()
        if not all(map(math.isfinite, map(float, numbers.aminmax()))):
            numbers = numbers[numbers.isfinite()]
        if len(numbers):
            yield numbers


def _moments(tensor: Tensor) -> _Moments:
    count = zeros = 0
    total = squares = shift = 0.0
    low, high = math.inf, -math.inf
    for piece in _pieces(tensor):
        least, greatest = map(float, piece.aminmax())
        # Sums of squares lose digits far from zero; any number of the tensor is near its mean.
        shift = shift if count else least
        shifted = piece.double().sub_(shift)
        total += float(shifted.sum())
        squares += float(shifted.dot(shifted))
        low, high = min(low, least), max(high, greatest)
        zeros += len(piece) - int(piece.count_nonzero())
        count += len(piece)
    if not count:
        return _Moments(0, 0, math.nan, math.nan, math.nan, math.nan)
    mean = total / count
    std = math.sqrt(max(0.0, squares / count - mean**2))
    return _Moments(count, zeros, shift + mean, std, low, high)


def _spread(tensor: Tensor, seen: _Moments) -> tuple[int, Histogram]:
    """Return how many numbers are near zero, and the histogram."""
    if not seen.count:
        return 0, Histogram(np.zeros(1, np.int64), 0.0, 1.0)
    start, end = _window(seen)
    bins = min(_MOST_BINS, math.ceil(2 * seen.count ** (1 / 3)))  # Rice's rule
    bound = NEAR * math.hypot(seen.mean, seen.std)  # of the root mean square
    near, counts = 0, torch.zeros(bins + 2, dtype=torch.int64)
    for piece in _pieces(tensor):
        near += int((piece.abs() < bound).count_nonzero())
        # Five times faster than torch.histc; the first and the last place take what lies outside.
        places = piece.sub(start).mul_(bins / (end - start)).add_(1).clamp_(0, bins + 1)
        counts += places.int().bincount(minlength=bins + 2)
    below, inside, above = int(counts[0]), counts[1:-1].numpy(), int(counts[-1])
    if end >= seen.high:  # the greatest number stands on the last edge
        inside[-1] += above
        above = 0
    return near, Histogram(inside, start, end, below, above)


def _window(seen: _Moments) -> tuple[float, float]:
    """Return where a histogram starts and ends."""
    reach = _WINDOW * seen.std
    start, end = max(seen.low, seen.mean - reach), min(seen.high, seen.mean + reach)
    if start < end:
        return start, end
    half = abs(seen.mean) / 2 or 0.5  # all are the same number
    return seen.mean - half, seen.mean + half


# ------------------------------------------------------------------ the first layer


@dataclass(frozen=True)
class Filters:
    """The filters of the layer that reads the image.

    Args:
        layer: its path.
        values: one frame but for clips. Shape: (filters, C, T, H, W), float32
    """

    layer: str
    values: np.ndarray

    @property
    def norms(self) -> np.ndarray:
        """Root of the sum of squares of each filter's weights.

        Shape: (filters,)
        """
        return np.sqrt(np.square(self.values).sum((1, 2, 3, 4)))

    def pictures(self) -> Mapping[str, np.ndarray]:
        """Return what can be looked at, by what to call it: frame by frame, and grey or in colour.

        Filters that read neither one nor three channels have one picture a channel.

        Shape: (filters, 3 or 1, H, W) each
        """
        _, channels, frames, _, _ = self.values.shape
        if channels in (1, 3):
            groups = {"colour" if channels == 3 else "grey": slice(None)}
        else:
            groups = {f"channel {each}": slice(each, each + 1) for each in range(channels)}
        return {
            f"{name}, frame {frame}" if frames > 1 else name: self.values[:, group, frame]
            for frame in range(frames)
            for name, group in groups.items()
        }


def first_filters(model: nn.Module, channels: int = 3) -> Filters:
    """Return the filters of the layer that reads the image.

    That is the first convolution of so many channels; else the first layer, if it is a convolution
    (of an image rearranged before) or a dense layer over square patches.

    Args:
        model: the network.
        channels: of its images.

    Raises:
        LayerError: the network begins with neither.
    """
    layers = {path: m for path, m in model.named_modules() if isinstance(m, (_ConvNd, nn.Linear))}
    reads = (p for p, m in layers.items() if isinstance(m, _ConvNd) and m.in_channels == channels)
    path = next(reads, next(iter(layers), ""))
    layer = layers.get(path)
    if isinstance(layer, _ConvNd):
        return _filters(path, layer.weight)
    side = math.isqrt(layer.in_features // channels) if layer else 0
    if layer and channels * side**2 == layer.in_features:
        return _filters(path, _patches(model, path, layer.weight, channels, side))
    raise LayerError(
        "This network begins neither with a convolution nor with a dense layer over square "
        "patches, so it has no filters that are pictures."
    )


def _patches(model: nn.Module, path: str, weight: Tensor, channels: int, side: int) -> Tensor:
    """Lay a dense layer's rows out as the patches they weigh.

    Shape: (D, channels * side * side) -> (D, channels, side, side)
    """
    # timm's dense patch embeddings read pixel by pixel; flattened images lie channel by channel.
    if hasattr(model.get_submodule(path.rpartition(".")[0]), "patch_size"):
        return weight.unflatten(1, (side, side, channels)).permute(0, 3, 1, 2)
    return weight.unflatten(1, (channels, side, side))


def _filters(path: str, weight: Tensor) -> Filters:
    count, channels, *kernel = weight.shape
    values = weight.detach().float().reshape(count, channels, *[1] * (3 - len(kernel)), *kernel)
    return Filters(path, values.cpu().numpy().copy())
