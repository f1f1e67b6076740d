"""Seeded chance for libraries that draw from torch's process-wide generators.

Two people who seed or draw from one generator at once get each other's numbers. Inside ``seeded``
every drawing function of torch that this thread calls takes numbers from generators of its own.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

# The functions that take a generator, by the names that torch calls them.
_DRAWS = frozenset(
    {
        *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"),
        *("normal", "bernoulli", "binomial", "multinomial", "poisson"),
        *("uniform_", "normal_", "bernoulli_", "random_", "exponential_", "geometric_"),
        *("cauchy_", "log_normal_", "_standard_gamma", "_sample_dirichlet"),
    }
)


class seeded(TorchFunctionMode):  # a context manager is called like a function
    """Draw what torch draws at random from a seed of one's own, in this thread only.

    The process's generators are neither used nor changed. Draws of NumPy and inside modules
    (dropout) are not seen.

    Args:
        seed: the same seed gives the same numbers, on one kind of device.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self._generators: dict[torch.device, torch.Generator] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in _DRAWS and kwargs.get("generator") is None:
            kwargs["generator"] = self._generator(_device(args, kwargs))
        return func(*args, **kwargs)

    def _generator(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self._seed)
        return self._generators[device]


def _device(args: Iterable[Any], kwargs: dict[str, Any]) -> torch.device:
    """Return where a function is going to draw."""
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"])
    tensors = (each for each in (*args, *kwargs.values()) if isinstance(each, Tensor))
    return next((each.device for each in tensors), torch.get_default_device())
