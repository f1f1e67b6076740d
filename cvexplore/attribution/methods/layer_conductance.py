"""Layer conductance: how much of the score flows through each place of a layer."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from captum.attr import LayerConductance as CaptumLayerConductance
from torch import Tensor, nn

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.layers import (
    default_layer,
    laid_out,
    layer_errors,
    layer_of,
    mixed_places,
    one_tensor,
)
from cvexplore.errors import LayerError
from cvexplore.plugins import Range


@METHODS.register("layer conductance")
@dataclass(frozen=True, kw_only=True)
class LayerConductance(Method):
    """Ask how much of the score flows through each place of a layer as the image fades in.

    Options:
        steps: images between the baseline and the image
        baseline: where the image fades in from

    Source: Dhamdhere, Sundararajan & Yan, "How important is a neuron?", 2018, arXiv:1805.12233;
        the sum in place of the integral: Shrikumar, Su & Kundaje, "Computationally efficient
        measures of internal neuron importance", 2018, arXiv:1807.09946.
    """

    group = "a layer"
    of_layer = True
    complete = True  # where the whole score flows through the layer

    steps: Annotated[int, Range(4, 512)] = 32
    baseline: Baseline = "black"

    def cost(self, asked: Asked) -> Cost:
        """Two passes each way a step, some twice, as batches overlap; one or two more forward."""
        passes = self.steps + math.ceil(self.steps / (_batch(asked) - 1))
        return Cost(2 * passes + (1 if asked.layer else 2), 2 * passes)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether places of the layer are still places of the image."""
        yield from mixed_places(structure)

    def find(self, asked: Asked) -> Found:
        """Return one number for each place of the layer."""
        asked = asked.of(layer=asked.layer or default_layer(asked))
        hidden = baseline(asked, self.baseline)
        whole = _is_all_that_is_read(asked)
        # Captum takes each step's slope at its start. Asked there and back, it is the mean of both
        # ends, and the error shrinks with the square of the steps.
        there = self._flow(asked, hidden, asked.image)
        back = self._flow(asked, asked.image, hidden)
        flow = (there - back) / 2
        maps = laid_out(flow, asked.layer, asked).maps[0].sum(0, keepdim=True)
        return Found(maps, hidden if whole else None, total=flow.sum().item())

    def _flow(self, asked: Asked, start: Tensor, end: Tensor) -> Tensor:
        network = asked.network()
        captum = CaptumLayerConductance(network, layer_of(network, asked.layer))
        with layer_errors(asked.layer):
            flow = captum.attribute(
                end.detach().clone(),
                start.detach().clone(),
                asked.target,
                n_steps=self.steps,
                method="riemann_trapezoid",  # its steps reach both ends, so the flow is all of it
                internal_batch_size=_batch(asked),
            )
        return one_tensor(flow, asked.layer).detach()


def _batch(asked: Asked) -> int:
    """Return how many images go through at once: a step is between two of them."""
    return max(2, asked.batch)


def _is_all_that_is_read(asked: Asked) -> bool:
    """Return whether the score depends on the image through this layer only.

    Cut off behind the layer, the score has no slope in the image left.

    Raises:
        UnknownName: the network has no such layer.
        LayerError: what the layer returns is not one value an image.
    """

    def cut(module: nn.Module, args: Any, output: Any) -> Tensor:
        if len(one_tensor(output, asked.layer)) != 1:
            raise LayerError(
                f"{asked.layer} returns {tuple(output.shape)} for one image, windows or tokens "
                "first, so steps cannot be told apart; choose the block around it."
            )
        return output.detach()

    network = asked.network()
    layer_of(network, asked.layer).register_forward_hook(cut)
    with torch.enable_grad():
        image = asked.leaf()
        score = network(image)[0, asked.target]
    if not score.requires_grad:
        return True
    return torch.autograd.grad(score, image, allow_unused=True)[0] is None
