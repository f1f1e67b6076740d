"""A network of one's own to watch or change, that shares every tensor with the original.

A network is shared by several people at once, and a hook fires in every thread. So hooks sit on
private copies of the modules in question and of those around them; all the others, and all tensors,
are the original's.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from cvexplore.errors import UnknownName


def private_copy(
    model: nn.Module, layers: Sequence[str]
) -> tuple[nn.Module, Mapping[str, nn.Module]]:
    """Return the network with its own copies of these layers, and those copies by their paths.

    A hook on one of them is nobody else's, whichever way the network calls that module. A network
    in training mode is copied whole, since evaluation mode must not reach the original.

    Raises:
        UnknownName: the network has no such layer; the nearest are offered.
    """
    wanted = {layer: _known(model, layer) for layer in layers}
    if model.training:
        memo: dict[int, Any] = {id(t): t for t in (*model.parameters(), *model.buffers())}
        twin = copy.deepcopy(model, memo).eval()
        return twin, {layer: twin.get_submodule(layer) for layer in layers}
    asked = {id(module) for module in wanted.values()}
    copies: dict[int, nn.Module] = {}

    def own(module: nn.Module) -> nn.Module:
        """Return a copy of a module that is asked for or holds one that is; others as they are."""
        if id(module) not in copies:
            held = module._modules.items()
            children = {name: None if child is None else own(child) for name, child in held}
            copied = any(children[name] is not child for name, child in held)
            needed = copied or id(module) in asked
            copies[id(module)] = _shallow_copy(module, children) if needed else module
        return copies[id(module)]

    root = own(model)
    return root, {layer: copies[id(module)] for layer, module in wanted.items()}


def module_at(model: nn.Module, path: str) -> nn.Module | None:
    """Return the module of this path, "" for the network itself; None if there is none."""
    module: nn.Module | None = model
    for name in path.split(".") if path else ():
        module = None if module is None else module._modules.get(name)
    return module


def _known(model: nn.Module, layer: str) -> nn.Module:
    module = module_at(model, layer)
    if module is None:
        raise UnknownName("layer", layer, (path for path, _ in model.named_modules()))
    return module


def _shallow_copy(module: nn.Module, children: Mapping[str, nn.Module | None]) -> nn.Module:
    """Return a module of its own hooks, parameters and buffers by name; each tensor is shared."""
    twin = object.__new__(type(module))
    own = {name: copy.copy(held) for name, held in vars(module).items() if isinstance(held, dict)}
    twin.__dict__.update(vars(module), **own)
    twin.__dict__["_modules"] = children
    return twin
