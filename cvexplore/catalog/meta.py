"""Building a network without its memory.

Networks are built on torch's meta device: tensors have shapes and types but no numbers. A plain
``torch.device("meta")`` also catches the ``arange`` and ``linspace`` that some constructors compute
widths and drop rates with, and then fails; here only tensors that nobody reads go to meta. Filling
them with random numbers, most of the time a constructor takes, is left out.
"""

import threading
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_buffer_registration_hook
from torch.overrides import TorchFunctionMode

_MAKE = frozenset({torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full})
_PLAIN = _MAKE - {torch.full}  # torch takes ten times as long to make ones without numbers
_FILL = frozenset(
    getattr(Tensor, name)
    for name in (
        "normal_ uniform_ fill_ zero_ erfinv_ mul_ add_ clamp_ copy_ trunc_normal_"
    ).split()
    if hasattr(Tensor, name)
) | {getattr(nn.init, name) for name in nn.init.__all__ if name.endswith("_")}

_BROADCAST = frozenset({Tensor.add, Tensor.sub, Tensor.mul, torch.add, torch.sub, torch.mul})
_LARGE = 100_000  # elements; constructors read small tables, such as drop rates, and no large ones
_this_thread = threading.local()


def _forget(module: nn.Module, name: str, buffer: Tensor | None) -> Any:
    """Take the numbers from a buffer if this thread builds without memory."""
    builds = getattr(_this_thread, "builds", 0)
    return buffer.to("meta") if builds and buffer is not None else None


# Once and for all: every thread that registers a buffer walks through torch's list of hooks, and
# fails where another one changes it meanwhile.
register_module_buffer_registration_hook(_forget)


class WithoutMemory(TorchFunctionMode):
    """Inside it, this thread's new parameters have a shape and no numbers.

    What a constructor computes from numbers still is computed, and loses its numbers when it is
    registered as a buffer; see to the finished network with ``all_on_meta``.
    """

    def __enter__(self) -> "WithoutMemory":
        """Begin, and take the numbers from every buffer that this thread registers."""
        _this_thread.builds = getattr(_this_thread, "builds", 0) + 1
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        """End, and leave buffers alone again."""
        _this_thread.builds -= 1
        super().__exit__(*error)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Send what is made to the meta device, and leave out what would fill it."""
        kwargs = kwargs or {}
        if func in _MAKE and kwargs.get("device") is None:
            kwargs["device"] = "meta"
            func = torch.empty if func in _PLAIN else func
        elif func in _FILL:
            target = args[0] if args else kwargs["tensor"]
            if isinstance(target, Tensor) and target.is_meta:
                return target
        elif func in _BROADCAST and _makes_a_large_table(args):
            args = _forgotten(args)
        try:
            return func(*args, **kwargs)
        except RuntimeError:
            if not any(t.is_meta for t in args if isinstance(t, Tensor)):
                raise
            # A computed tensor met one that has no numbers: then the result has none either.
            return func(*_forgotten(args), **kwargs)


def all_on_meta(network: nn.Module) -> nn.Module:
    """Return the network with the numbers taken from whatever still has some."""
    held = (
        tensor
        for module in network.modules()
        for tensor in (*module._parameters.values(), *module._buffers.values())
    )
    if all(tensor is None or tensor.is_meta for tensor in held):
        return network  # as nearly always; moving all its tensors would cost a tenth of the build
    return network.to("meta")


def _makes_a_large_table(args: Any) -> bool:
    """Say whether this is something like the positions of all pixels of a window to each other."""
    tensors = [each for each in args if isinstance(each, Tensor)]
    if len(tensors) < 2 or tensors[0].shape == tensors[1].shape:
        return False
    return torch.broadcast_shapes(*(each.shape for each in tensors)).numel() > _LARGE


def _forgotten(args: Any) -> list[Any]:
    return [each.to("meta") if isinstance(each, Tensor) else each for each in args]
