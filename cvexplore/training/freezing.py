"""Layers that keep their weights: the first ones find edges and textures that many tasks share."""

from collections.abc import Sequence

from torch import Tensor, nn

from cvexplore.training.layers import Layer, weighted_layers


class Freezer:
    """Keeps a share of the layers, from the image on, as they are.

    Args:
        layers: of the network, in the order they are called.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._trainable = {
            id(each): each
            for layer in layers
            for module in layer.modules
            for each in module.parameters(recurse=False)
            if each.requires_grad  # some networks fix weights of their own
        }
        self._frozen: Sequence[Layer] = ()
        self._count = 0  # of them

    def freeze(self, share: float) -> bool:
        """Let this share of the layers keep their weights, and all others learn.

        Returns:
            Whether that changes anything.
        """
        count = round(share * max(0, len(self._layers) - 1))  # the last one always learns
        if count == self._count:
            return False
        self._count, self._frozen = count, self._layers[:count]
        kept = {
            id(each)
            for layer in self._frozen
            for module in layer.modules
            for each in module.parameters(recurse=False)
        }
        for key, parameter in self._trainable.items():
            parameter.requires_grad_(key not in kept)
            if key in kept:
                parameter.grad = None
        return True

    def settle(self) -> None:
        """Let frozen normalisation keep its statistics, once the network is in training mode."""
        for layer in self._frozen:
            for module in layer.modules:
                if isinstance(module, nn.modules.batchnorm._NormBase):
                    module.eval()


def trained_parameters(network: nn.Module, example: Tensor, share: float) -> int:
    """Return how many numbers of a network learn while this share of its layers is frozen.

    The network and the example may be without memory, on the device "meta".
    """
    Freezer(weighted_layers(network, example)).freeze(share)
    return sum(each.numel() for each in network.parameters() if each.requires_grad)
