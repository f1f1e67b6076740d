"""Blocks that decide: flatten, dense layers, the classifier."""

from typing import Annotated

from torch import nn

from cvexplore.designs.blocks import BLOCKS, Data
from cvexplore.designs.blocks.values import ACTIVATIONS, Activation
from cvexplore.designs.modules import MLP
from cvexplore.designs.parts import Part, part
from cvexplore.plugins import Range


@BLOCKS.register("flatten")
def flatten(incoming: Data) -> Part:
    """All values of the maps, or of the tokens, in one row of features."""
    incoming.something()
    return part(nn.Flatten)


@BLOCKS.register("dense")
def dense(
    incoming: Data, *, features: Annotated[int, Range(1, 16_384)] = 128, bias: bool = True
) -> Part:
    """Every output sees every input; tokens are each seen alone.

    Options:
        features: outputs
        bias: whether each output adds a number
    """
    return part(nn.Linear, incoming.features(), features, bias=bias)


@BLOCKS.register("classifier")
def classifier(incoming: Data, *, bias: bool = True) -> Part:
    """A dense layer with one score for each class, however many there are.

    Options:
        bias: whether each score adds a number
    """
    if len(incoming.shape) == 2:
        incoming.refuse("a row of features", "put token pooling before it")
    return part(nn.Linear, incoming.features(), incoming.classes, bias=bias)


@BLOCKS.register("mlp")
def mlp(
    incoming: Data,
    *,
    ratio: Annotated[float, Range(0.25, 8.0, step=0.25)] = 4.0,
    activation: Activation = "gelu",
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0,
) -> Part:
    """Two dense layers that think about each token, or each place of the maps, alone.

    Options:
        ratio: how many times wider the hidden layer is
        activation: between the two
        dropout: share of the values after each layer that a training step switches off
    """
    shape = incoming.something()
    width = shape[0] if len(shape) == 3 else shape[-1]
    return part(MLP, width, max(1, int(width * ratio)), part(ACTIVATIONS[activation]), dropout)
