"""A private twin of a network, and of its arguments: the same shapes, and no numbers."""

import copy
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_map_only


def twin(model: nn.Module) -> nn.Module:
    """Return a copy on torch's meta device; tensors that modules merely keep are there too."""
    memo: dict[int, Any] = {}
    for module in model.modules():
        for values in (module._parameters, module._buffers, vars(module)):
            memo |= {id(t): _emptied(t) for t in values.values() if isinstance(t, Tensor)}
    return copy.deepcopy(model, memo)


def emptied(args: Any) -> Any:
    """Return arguments whose tensors have no numbers, however deep they are nested."""
    return tree_map_only(Tensor, _emptied, args)


def _emptied(tensor: Tensor) -> Tensor:
    empty = tensor.detach().to("meta")
    return nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty
