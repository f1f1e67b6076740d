"""The channels of one layer, in numbers: how active each is, which are silent, which are alike."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from torch import nn
from torch.nn.modules.conv import _ConvNd

Order = Literal["index", "activity", "variance", "similarity"]

ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True)
class ChannelFacts:
    """What the maps of one image hold, a number a channel.

    Args:
        mean: over the map. Shape: (C,)
        std: over the map. Shape: (C,)
        low: the least value. Shape: (C,)
        high: the highest value. Shape: (C,)
        zeros: share of places that are exactly zero, as a ReLU leaves them. Shape: (C,)
    """

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    zeros: np.ndarray

    @property
    def silent(self) -> np.ndarray:
        """Whether a channel is zero everywhere: a dead unit, if it is so for every image.

        Shape: (C,) bool
        """
        return self.zeros == 1


def facts(maps: np.ndarray) -> ChannelFacts:
    """Return each channel's facts.

    Shape: (C, H, W)
    """
    flat = maps.reshape(len(maps), -1)
    return ChannelFacts(
        flat.mean(1), flat.std(1), flat.min(1), flat.max(1), (flat == 0).mean(1, dtype=np.float64)
    )


def ordered(maps: np.ndarray, by: Order) -> np.ndarray:
    """Return the channels' numbers in this order.

    "activity" is the mean of absolute values, "variance" that over the map, the highest first;
    "similarity" puts channels next to each other whose maps are correlated, whatever their scale
    and sign, by average-linkage clustering; those that are flat stand last.

    Shape: (C, H, W) -> (C,)
    """
    flat = maps.reshape(len(maps), -1)
    match by:
        case "activity":
            return np.argsort(-np.abs(flat).mean(1), kind="stable")
        case "variance":
            return np.argsort(-flat.var(1), kind="stable")
        case "similarity":
            return _by_similarity(flat)
    return np.arange(len(flat))


def correlations(flat: np.ndarray) -> np.ndarray:
    """Return how alike every two channels are: Pearson's correlation over their places.

    Shape: (C, places) -> (C, C)
    """
    centred = flat - flat.mean(1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return np.clip(unit @ unit.T, -1, 1)


def _by_similarity(flat: np.ndarray) -> np.ndarray:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    flat = flat.astype(np.float64)
    varies = flat.std(1) > 1e-9 * np.abs(flat).max(initial=0)
    moving, flats = np.flatnonzero(varies), np.flatnonzero(~varies)
    if len(moving) < 3:
        return np.concatenate([moving, flats])
    distance = 1 - np.abs(correlations(flat[moving]))
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    return np.concatenate([moving[leaves_list(tree)], flats])


def peaks(channel: np.ndarray, most: int = 4) -> list[tuple[int, int]]:
    """Return the highest places (row, column) of a map, no two of them next to each other.

    Shape: (H, W)
    """
    left = channel.astype(np.float64)  # a copy
    found: list[tuple[int, int]] = []
    while len(found) < most and np.isfinite(left).any():
        row, column = divmod(int(left.argmax()), left.shape[1])
        if found and channel[row, column] == channel.min():
            break
        found.append((row, column))
        left[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = -np.inf
    return found


def filter_weights(module: nn.Module, channel: int) -> np.ndarray | None:
    """Return the weights that make a channel of a 2-D convolution, one plane an input channel.

    Shape: (input channels of its group, kernel height, kernel width); None of other modules.
    """
    if not isinstance(module, _ConvNd) or module.weight.dim() != 4 or module.transposed:
        return None
    return module.weight[channel].detach().float().cpu().numpy()
