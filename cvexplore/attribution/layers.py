"""Layers that lie on the image: which can be asked where they look, and how a library is to.

Libraries take a layer's output for maps, (B, C, h, w). Tokens and windows hold their features in
another order, and nobody is told when the wrong axes are averaged. So behind such a layer its
numbers are laid out as they lie on the image, for the library to watch, and then put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.attribution import Doubt, Method
from cvexplore.attribution.asked import Asked, Network
from cvexplore.attribution.structure import Structure
from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.activations import Capture, maps_at
from cvexplore.interpret.layout import Laid
from cvexplore.interpret.private import module_at
from cvexplore.plugins import Choice


@dataclass(frozen=True)
class GridLayer:
    """A layer whose output lies on a grid of the image.

    Args:
        path: the module's.
        channels: numbers at each place.
        rows, columns: of the grid.
        note: how tokens or windows were laid out; empty of maps.
    """

    path: str
    channels: int
    rows: int
    columns: int
    note: str = ""


def grid_layers(asked: Asked) -> tuple[GridLayer, ...]:
    """Return the layers that can be asked about, in the order in which they return.

    Modules that return the same tensor are one layer, named by the outermost.
    """
    with torch.no_grad():
        found = _on_grid(asked)[1]
    return tuple(
        GridLayer(each.path, *each.laid.maps.shape[1:], each.laid.note)  # type: ignore[arg-type]
        for each in found
    )


def default_layer(asked: Asked) -> str:
    """Return the last block on a grid of the image whose places have a say in the score.

    A block is a module that holds others: the sum behind the last convolution or attention says
    more than any part of it. Where a class token alone is read in the end, the patches of the last
    block have no say: then it is the block before. If the score is a constant, it is the last.

    Raises:
        LayerError: no layer lies on a grid of the image, or there is no score a class.
    """
    scores, found = _on_grid(asked)
    if not found:
        raise LayerError(
            "No layer of this network lies on a grid of the image, so none can say where it looks; "
            "choose a method that asks about pixels, such as integrated gradients."
        )
    candidates = [each for each in found if each.is_block] or found
    for each in reversed(candidates):
        gradient = _gradient(scores[0, asked.target], each.output)
        if gradient is not None and laid_out(gradient, each.path, asked).maps.any():
            return each.path
        if each is candidates[-1] and (gradient is None or not gradient.any()):
            break
    return candidates[-1].path


def with_layer(asked: Asked, method: Method) -> Asked:
    """Return the question with its layer named, so that it stays when network or image change.

    Raises:
        LayerError: no layer lies on a grid of the image, or there is no score a class.
    """
    if asked.layer or not method.of_layer:
        return asked
    return asked.of(layer=default_layer(asked))


def on_grid(network: Network, asked: Asked, layer: str) -> nn.Module:
    """Return the module whose output is this layer's as one map a channel, for a library to watch.

    Shape: of what that module returns: (1, channels of the layer, h, w)

    Args:
        network: a private one, which gets a hook behind the layer.
        asked: its image is the only one that the network may be given.
        layer: its path.

    Raises:
        UnknownName: the network has no such layer.
    """
    module = layer_of(network, layer)
    detour = _Detour(asked, layer)
    module.register_forward_hook(lambda module, args, output: detour(output))
    return detour.maps


def mixed_places(structure: Structure) -> Iterator[Doubt]:
    """Yield that attention has brought together what lies apart, before a layer is asked."""
    if structure.attends:
        yield Doubt(
            "caution",
            "Attention lets every place of a layer gather from others, so a late place need not "
            "stand for the patch of the image that it is drawn on: compare an early layer.",
            mend=Choice("attention relevance"),
        )


def layer_of(network: Network, layer: str) -> nn.Module:
    """Return the module of this path.

    Raises:
        UnknownName: the network has no such layer; the nearest are offered.
    """
    module = module_at(network.private, layer) if layer else None
    if module is None:
        paths = [path for path, _ in network.private.named_modules() if path]
        raise UnknownName("layer", layer, paths)
    return module


def laid_out(output: Tensor, layer: str, asked: Asked) -> Laid:
    """Return what a layer returned for the image, or numbers that belong to it, on its grid.

    Raises:
        LayerError: it does not lie on a grid of the image.
    """
    captured = Capture(None, {layer: (output,)}, tuple(asked.image.shape))
    laid = maps_at(captured, layer, asked.model)
    if laid.maps.shape[-2:].numel() > 1:
        return laid
    raise LayerError(
        f"{layer} returns one vector for the whole image, so it cannot say where it looks; choose "
        "a layer before it."
    )


def one_tensor(output: Any, layer: str) -> Tensor:
    """Return what a layer returned.

    Raises:
        LayerError: it is not one tensor.
    """
    if isinstance(output, Tensor):
        return output
    raise LayerError(
        f"{layer} returns {type(output).__name__}, not one tensor; choose a layer inside or around "
        "it."
    )


@contextmanager
def layer_errors(layer: str) -> Iterator[None]:
    """Turn what a library raises about a layer that has no part in the score into a LayerError."""
    try:
        yield
    except (AssertionError, RuntimeError) as error:
        said = str(error)
        if "did not obtain any outputs" in said:
            why = "is not called in a forward pass; its parent uses its weights directly."
        elif "not have been used in the graph" in said:
            why = "has no part in the score of this class, so there is nothing to attribute to it."
        else:
            raise
        raise LayerError(f"{layer} {why}") from error


class _Detour(nn.Module):
    """Lays a layer's output out, lets it be watched, and puts every number back."""

    def __init__(self, asked: Asked, layer: str) -> None:
        super().__init__()
        self.asked, self.layer = asked, layer
        self.maps = nn.Identity()

    def forward(self, output: Any) -> Tensor:
        laid = laid_out(one_tensor(output, self.layer), self.layer, self.asked)
        if laid.maps is output:
            return self.maps(output)
        # Laying out only moves numbers: a picture of their places says where each came from.
        places = torch.arange(output.numel(), dtype=torch.float64).view(output.shape)
        came_from = laid_out(places, self.layer, self.asked).maps.long().to(output.device)
        maps = self.maps(output.flatten()[came_from])
        return output.flatten().scatter(0, came_from.flatten(), maps.flatten()).view_as(output)


@dataclass(frozen=True)
class _OnGrid:
    path: str
    output: Tensor
    laid: Laid
    is_block: bool  # holds other modules


def _on_grid(asked: Asked) -> tuple[Tensor, list[_OnGrid]]:
    """Run the network once; return its scores, and each layer on a grid with its graph."""
    network = asked.network()
    returned: dict[tuple[int, int], tuple[str, Tensor, bool]] = {}  # who is kept keeps its id

    def keep(path: str, module: nn.Module, output: Any) -> None:
        if isinstance(output, Tensor) and output.is_floating_point():
            same, is_block = (id(output), output._version), bool(module._modules)
            if is_block or same not in returned:
                returned.pop(same, None)
                returned[same] = (path, output, is_block)

    for path, module in network.private.named_modules():
        if path:
            module.register_forward_hook(
                lambda module, args, output, path=path: keep(path, module, output)
            )
    scores = network(asked.leaf())
    layers = []
    for path, output, is_block in returned.values():
        try:
            layers.append(_OnGrid(path, output, laid_out(output, path, asked), is_block))
        except LayerError:
            continue
    return scores, layers


def _gradient(score: Tensor, output: Tensor) -> Tensor | None:
    if not output.requires_grad:
        return None
    return torch.autograd.grad(score, output, retain_graph=True, allow_unused=True)[0]
