"""Functions between modules, watched in one block: the ``x + shortcut`` of a residual block.

They are called as a trace calls them (see ``cvexplore.trace.numbering``).
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

from cvexplore.trace.calls import tensors_in
from cvexplore.trace.functions import ASKS
from cvexplore.trace.numbering import numbered


def watch_functions(
    block: nn.Module, children: list[nn.Module], kept: Mapping[str, Callable[[Any], None]]
) -> None:
    """Tell what these functions return, each time they run in the block itself.

    The block's own ``forward``, and those of the modules it holds, are wrapped: they must be
    private copies.

    Args:
        block: the module that calls the functions.
        children: its modules; what runs inside them is theirs.
        kept: what to do with an output, by the function's name in the block, "add" or "cat_2".
    """
    mode = _Watch(kept)
    forward = block.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        counts, mode.counts = mode.counts, {}
        try:
            with mode:
                return forward(*args, **kwargs)
        finally:
            mode.counts = counts

    block.__dict__["forward"] = watched
    for child in children:
        child.__dict__["forward"] = mode.unseen(child.forward)


class _Watch(TorchFunctionMode):
    def __init__(self, kept: Mapping[str, Callable[[Any], None]]) -> None:
        super().__init__()
        self.counts: dict[str, int] | None = None
        self._kept = kept

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if self.counts is None or func in ASKS or func.__name__ == "__get__":
            return output
        if tensors_in(output):
            name = numbered(func, self.counts)
            if name is not None and name in self._kept:
                self._kept[name](output)
        return output

    def unseen(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """Return a ``forward`` whose functions are not the block's."""

        def hidden(*args: Any, **kwargs: Any) -> Any:
            counts, self.counts = self.counts, None
            try:
                return forward(*args, **kwargs)
            finally:
                self.counts = counts

        return hidden
