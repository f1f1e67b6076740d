"""Building a network without its memory.

Networks are built on torch's meta device: tensors have shapes and types but no numbers. A plain
``torch.device("meta")`` also catches the ``arange`` and ``linspace`` that some constructors compute
widths and drop rates with, and then fails; here only tensors that nobody reads go to meta. Filling
them with random numbers, most of the time a constructor takes, is left out.
"""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_MAKE = frozenset({torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full})
_FILL = frozenset(
    getattr(Tensor, name)
    for name in (
        "normal_ uniform_ fill_ zero_ erfinv_ mul_ add_ clamp_ copy_ trunc_normal_"
    ).split()
    if hasattr(Tensor, name)
)


class WithoutMemory(TorchFunctionMode):
    """Inside it, this thread's new parameters have a shape and no numbers.

    What a constructor computes from numbers still is computed; move the finished network to "meta".
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Send what is made to the meta device, and leave out what would fill it."""
        kwargs = kwargs or {}
        if func in _MAKE and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        elif func in _FILL or getattr(func, "__module__", None) == "torch.nn.init":
            target = args[0] if args else kwargs["tensor"]
            if isinstance(target, Tensor) and target.is_meta:
                return target
        try:
            return func(*args, **kwargs)
        except RuntimeError:
            if not any(t.is_meta for t in args if isinstance(t, Tensor)):
                raise
            # A computed tensor met one that has no numbers: then the result has none either.
            return func(*(t.to("meta") if isinstance(t, Tensor) else t for t in args), **kwargs)
