"""A design as a network, and as rows that say what comes of each of its layers."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from cvexplore.designs import Design, Layer
from cvexplore.designs.blocks import Data
from cvexplore.designs.plan import Planned, obstacle, plan, sentence, whole

__all__ = ["Step", "build", "obstacle", "steps"]


@dataclass(frozen=True)
class Step:
    """What comes of one layer of a design.

    Args:
        place: (3, 1) is the first layer inside the third.
        layer: as the design says it.
        incoming: what it is given; None where that is not known.
        outgoing: what it makes, inside a stack the first time; None likewise.
        parameters: numbers it learns, with all inside, all times together.
        macs: multiply-adds for one image, likewise.
        reason: why it does not fit, in one sentence; empty if it does or is not known to.
    """

    place: tuple[int, ...]
    layer: Layer
    incoming: Data | None
    outgoing: Data | None
    parameters: int
    macs: int
    reason: str


def build(design: Design) -> nn.Sequential:
    """Return the network, with random weights.

    Raises:
        DesignError: a layer does not fit, or the network is too large for a shared server.
    """
    network = whole(design).build()
    assert isinstance(network, nn.Sequential)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            # Keeps the size of the signal through the ReLU behind it, however deep the network.
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network


def steps(design: Design) -> tuple[Step, ...]:
    """Return what comes of every layer, those inside others behind these; it never fails.

    The first layer that does not fit carries the reason; behind it nothing is known.
    """
    return tuple(_steps(design.layers, [plan(design)], ()))


def _steps(
    layers: tuple[Layer, ...], rows: list[tuple[Planned, ...]], place: tuple[int, ...]
) -> Iterator[Step]:
    for index, layer in enumerate(layers):
        here = (*place, index + 1)
        variants = [row[index] for row in rows]
        first = variants[0] if variants else Planned(layer)
        yield Step(
            here,
            layer,
            first.incoming,
            first.outgoing,
            sum(each.parameters for each in variants),
            sum(each.macs for each in variants),
            sentence(layer, here, variants),
        )
        yield from _steps(layer.inside, [row for each in variants for row in each.rows], here)
