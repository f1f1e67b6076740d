"""Blocks that hold layers: residual, concatenation and stack."""

from typing import Annotated, Literal

from torch import nn

from cvexplore.architectures.detr import FrozenBatchNorm
from cvexplore.designs.blocks import BLOCKS, Data, Misfit
from cvexplore.designs.modules import Concatenation, Residual
from cvexplore.designs.parts import Part, chain, part
from cvexplore.plugins import Range

_STRIDES = range(1, 65)
_NORMS = {
    "with batch norm": nn.BatchNorm2d,
    "with frozen batch norm": FrozenBatchNorm,
    "plain": None,
}


@BLOCKS.register("residual")
def residual(
    incoming: Data,
    made: Data,
    branch: Part,
    *,
    projection: Literal[
        "with batch norm", "with frozen batch norm", "plain", "none"
    ] = "with batch norm",
    layer_scale: bool = False,
    first_scale: Annotated[float, Range(0.0, 1.0)] = 1e-6,
    stochastic_depth: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0,
) -> Part:
    """What its layers make of x, and x itself: y = F(x) + x.

    Options:
        projection: what brings x to the shape of F(x) where they differ: a 1 × 1 convolution
        layer_scale: whether each channel learns how much F has to say
        first_scale: how much each channel has to say at first, with layer scale
        stochastic_depth: share of the images that skip F in a training step
    """
    made.something()
    if made == incoming:
        shortcut = part(nn.Identity)
    elif projection == "none":
        raise Misfit(f"cannot add {incoming} to {made}: let it project, or make them alike.")
    else:
        shortcut = _projection(incoming, made, _NORMS[projection])
    scaled = (made.shape[0] if len(made.shape) == 3 else made.shape[-1]) if layer_scale else 0
    return part(
        Residual,
        branch=branch,
        shortcut=shortcut,
        scaled=scaled,
        layer_scale=first_scale,
        drop_rate=stochastic_depth,
    )


def _projection(incoming: Data, made: Data, norm: type[nn.Module] | None) -> Part:
    match incoming.shape, made.shape:
        case (inputs, *sides), (outputs, *smaller) if len(sides) == len(smaller) == 2:
            stride = next((s for s in _STRIDES if [-(-each // s) for each in sides] == smaller), 0)
            if not stride:
                raise Misfit(
                    f"cannot add {incoming} to {made}: no stride of a 1 × 1 convolution makes "
                    "these sides; mend the padding inside it."
                )
            convolve = part(
                nn.Conv2d, inputs, outputs, kernel_size=1, stride=stride, bias=norm is None
            )
            if norm is None:
                return convolve
            return chain({"convolution": convolve, "norm": part(norm, outputs)})
        case (*tokens, inputs), (*same, outputs) if tokens == same:
            return part(nn.Linear, inputs, outputs, bias=False)
    raise Misfit(f"cannot add {incoming} to {made}: both must be maps, tokens or features.")


@BLOCKS.register("concatenation")
def concatenation(incoming: Data, made: Data, branch: Part) -> Part:
    """What its layers make of x, laid behind x: DenseNet keeps all earlier maps."""
    made.something()
    axis = 0 if len(incoming.shape) == 3 else len(incoming.shape) - 1
    others = [tuple(n for i, n in enumerate(d.shape) if i != axis) for d in (incoming, made)]
    if len(incoming.shape) != len(made.shape) or others[0] != others[1]:
        raise Misfit(
            f"cannot lay {made} behind {incoming}: only "
            f"{'channels' if axis == 0 and others[0] else 'features'} may differ; mend the stride "
            "or padding inside it."
        )
    return part(Concatenation, branch=branch, axis=axis + 1)


@BLOCKS.register("stack")
def stack(
    incoming: Data, made: Data, branch: Part, *, times: Annotated[int, Range(1, 64)] = 2
) -> Part:
    """Its layers several times over, each time with weights of their own.

    Options:
        times: how often they run, one behind the other
    """
    return branch
