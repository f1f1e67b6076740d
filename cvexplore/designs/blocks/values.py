"""Blocks that change values and no shapes: normalisation, activation, dropout."""

from typing import Annotated, Literal

from torch import nn

from cvexplore.architectures.detr import FrozenBatchNorm
from cvexplore.designs.blocks import BLOCKS, Data, Misfit, divisible
from cvexplore.designs.modules import MapsLayerNorm
from cvexplore.designs.parts import Part, same
from cvexplore.plugins import Range

Activation = Literal[
    "relu",
    "leaky relu",
    "elu",
    "gelu",
    "silu",
    "mish",
    "hardswish",
    "softplus",
    "tanh",
    "sigmoid",
]
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


@BLOCKS.register("activation")
def activation(incoming: Data, *, function: Activation = "relu") -> Part:
    """A bend in every value: without it, all layers together would be one.

    Options:
        function: what is done to each value
    """
    incoming.something()
    return same(ACTIVATIONS[function])


@BLOCKS.register("batch_norm")
def batch_norm(incoming: Data, *, frozen: bool = False) -> Part:
    """Each channel brought to mean 0 and deviation 1 over the batch, then scaled and moved.

    Options:
        frozen: whether its numbers are fixed, as in DETR, whose batches are too small
    """
    shape = incoming.something()
    if len(shape) == 2:
        raise Misfit(f"takes maps or features, but gets {incoming}: use layer norm for tokens.")
    if frozen:
        return same(FrozenBatchNorm, incoming.maps()[0])
    return same(nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d, shape[0])


@BLOCKS.register("layer_norm")
def layer_norm(incoming: Data, *, epsilon: Annotated[float, Range(1e-8, 1e-2)] = 1e-6) -> Part:
    """Each token, or each place of the maps, brought to mean 0 and deviation 1 on its own.

    Options:
        epsilon: added to the variance, so that nothing is divided by zero
    """
    shape = incoming.something()
    if len(shape) == 3:
        return same(MapsLayerNorm, shape[0], eps=epsilon)
    return same(nn.LayerNorm, shape[-1], eps=epsilon)


@BLOCKS.register("group_norm")
def group_norm(incoming: Data, *, groups: Annotated[int, Range(1, 1024)] = 8) -> Part:
    """Groups of channels brought to mean 0 and deviation 1, image by image.

    Options:
        groups: parts that the channels are dealt out to
    """
    channels, _, _ = incoming.maps()
    divisible("channels", channels, groups, "groups", 1024)
    return same(nn.GroupNorm, groups, channels)


@BLOCKS.register("dropout")
def dropout(incoming: Data, *, share: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.5) -> Part:
    """Some values, others at each training step, are zero: no layer can rely on one of them.

    Options:
        share: of the values that a training step switches off
    """
    incoming.something()
    return same(nn.Dropout, share)
