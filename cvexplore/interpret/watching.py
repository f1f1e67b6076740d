"""A network that tells what its layers return, each time they are called."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from cvexplore.errors import UnknownName
from cvexplore.interpret.functions import watch_functions
from cvexplore.interpret.private import module_at, private_copy


def watched(
    model: nn.Module, layers: Sequence[str], receive: Callable[[str, Any], None]
) -> nn.Module:
    """Return a private copy of the network in evaluation mode that tells what these layers return.

    Args:
        model: the network; its own modules are not touched.
        layers: paths of modules, "layer1.0.conv1", or of functions that run in a module, named as
            its trace names them, "layer1.0.add".
        receive: given a layer's path and its output, at each call. The output may be overwritten
            by a later layer.

    Raises:
        UnknownName: the network has no such module, or no block that the function could run in.
    """
    modules = [layer for layer in layers if module_at(model, layer) is not None]
    functions = [layer for layer in layers if module_at(model, layer) is None]
    owners = {_owner(model, layer) for layer in functions}
    paths = _paths(model) if owners else []
    inside = [path for path in paths if any(_is_below(path, owner) for owner in owners)]
    private, own = private_copy(model, [*modules, *owners, *inside])
    for owner in owners:
        watch_functions(
            own[owner],
            children=[own[path] for path in inside if _is_below(path, owner)],
            kept={
                layer.rpartition(".")[2]: functools.partial(receive, layer)
                for layer in functions
                if layer.rpartition(".")[0] == owner
            },
        )
    for layer in modules:
        own[layer].register_forward_hook(
            lambda module, args, output, layer=layer: receive(layer, output)
        )
    return private


def _owner(model: nn.Module, layer: str) -> str:
    """Return the block that a function runs in.

    Raises:
        UnknownName: no block of that path holds modules, so it has no layers between them.
    """
    owner = layer.rpartition(".")[0]
    block = module_at(model, owner)
    if block is None or not block._modules:
        raise UnknownName("layer", layer, _paths(model))
    return owner


def _paths(model: nn.Module) -> list[str]:
    return [path for path, _ in model.named_modules(remove_duplicate=False)]


def _is_below(path: str, owner: str) -> bool:
    return path != owner and (not owner or path.startswith(f"{owner}."))
