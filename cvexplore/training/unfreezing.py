"""Which layers learn of a network that has learned before: groups, from the image to the head.

Early layers see edges and textures, which most tasks share; late ones see what the old task asked.
So the head learns first and fastest.

Source: Yosinski, Clune, Bengio, Lipson, "How transferable are features in deep neural networks?",
2014, arXiv 1411.1792.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from cvexplore.training import heads
from cvexplore.training.layers import Layer, weighted_layers

Way = Literal["frozen", "discriminative", "full", "gradual"]


class Depths:
    """A classifier's layers in groups by their depth; the last group is its head.

    Layers that are called after the head, such as helpers that only learning needs, are of its
    group. So are the heads beside it of networks that give the mean of several answers.

    Args:
        network: a classifier.
        example: what it takes. Shape: (1, C, H, W)
        classes: how many scores it gives.
        count: groups, fewer where the network has not as many layers.

    Raises:
        OptionError: the network has no head that can be told.
    """

    def __init__(self, network: nn.Module, example: Tensor, classes: int, count: int) -> None:
        layers = weighted_layers(network, example)
        path = heads.find(network, example, classes)
        before = next(place for place, layer in enumerate(layers) if layer.path == path)
        while before and _are_alike(network, layers[before - 1].path, path):
            before -= 1
        backbone, head = layers[:before], layers[before:]
        self._layers = len(layers)
        self.groups: tuple[Sequence[Layer], ...] = (*_parts(backbone, count - 1), head)
        self._parameters = _parameters(self.groups)

    def closed(self, way: Way, progress: float) -> int:
        """Return how many groups keep their weights, at this share of the run's steps.

        Unfreezing is gradual: each group gets the same share of the run to join those behind it.
        """
        count = len(self.groups)
        match way:
            case "frozen":
                return count - 1
            case "gradual":
                return count - 1 - min(int(progress * count + _ROUNDING), count - 1)
        return 0

    def frozen(self, way: Way, progress: float) -> float:
        """Return the same as ``Freezer`` takes it: as a share of all layers but the last."""
        closed = sum(map(len, self.groups[: self.closed(way, progress)]))
        return closed / max(1, self._layers - 1)

    def rates(self, decay: float) -> dict[nn.Parameter, float]:
        """Return by what each parameter's rate is multiplied: once more by ``decay`` each group."""
        last = len(self.groups) - 1
        return {
            each: decay ** (last - index)
            for index in range(len(self.groups))
            for each in self.parameters(index)
        }

    def parameters(self, index: int) -> Sequence[nn.Parameter]:
        """Return the parameters of a group; one of several groups is of the one at the image."""
        return self._parameters[index]

    def trained(self, way: Way, progress: float) -> int:
        """Return how many numbers learn, at this share of the run's steps."""
        open_groups = self._parameters[self.closed(way, progress) :]
        return sum(each.numel() for group in open_groups for each in group)

    def opening(self, way: Way) -> list[tuple[float, int]]:
        """Return from which shares of the run on how many numbers learn."""
        count = len(self.groups)
        shares = [index / count for index in range(count)] if way == "gradual" else [0.0]
        return [(share, self.trained(way, share)) for share in shares]


_ROUNDING = 1e-9  # 3 of 6 steps are half the run, whatever the division leaves


def _parameters(groups: Sequence[Sequence[Layer]]) -> tuple[Sequence[nn.Parameter], ...]:
    """Return each group's parameters that can learn, every one once."""
    seen: set[int] = set()
    found = []
    for group in groups:
        modules = (module for layer in group for module in layer.modules)
        own = {id(p): p for module in modules for p in module.parameters(recurse=False)}
        found.append([p for key, p in own.items() if p.requires_grad and key not in seen])
        seen |= own.keys()
    return tuple(found)


def _are_alike(network: nn.Module, one: str, other: str) -> bool:
    """Say whether two layers take and give the same shapes, as heads side by side do."""
    first, second = network.get_submodule(one), network.get_submodule(other)
    sizes = [tuple(each.shape) for each in first.parameters(recurse=False)]
    same = sizes == [tuple(each.shape) for each in second.parameters(recurse=False)]
    return type(first) is type(second) and same


def _parts(layers: Sequence[Layer], count: int) -> list[Sequence[Layer]]:
    """Return the layers in so many parts of a like size, in their order."""
    count = min(count, len(layers))
    ends = [round(len(layers) * index / count) for index in range(count + 1)] if count else [0]
    return [layers[start:end] for start, end in itertools.pairwise(ends)]
