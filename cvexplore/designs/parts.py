"""A part of a network before it is made: a class and what to call it with.

From the same value a network is built and its source text is written, so that both say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Part:
    """A call that makes a module; its arguments may hold further parts.

    Args:
        make: the module's class.
        arguments: given by place.
        options: given by name.
        names: of the arguments, where ``make`` is a chain that calls them so.
        keeps_shape: whether what comes out is known to have the shape of what comes in.
    """

    make: type[nn.Module]
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    keeps_shape: bool = False

    def build(self) -> nn.Module:
        """Make the module, with random weights."""
        arguments = [_built(each) for each in self.arguments]
        if self.names:
            chain = nn.Sequential()
            for name, module in zip(self.names, arguments, strict=True):
                chain.add_module(name, module)
            return chain
        return self.make(*arguments, **{key: _built(each) for key, each in self.options.items()})


def part(make: type[nn.Module], *arguments: Any, **options: Any) -> Part:
    """Return a part as a call is written."""
    return Part(make, arguments, options)


def same(make: type[nn.Module], *arguments: Any, **options: Any) -> Part:
    """Return a part that changes values and no shape."""
    return Part(make, arguments, options, keeps_shape=True)


def chain(parts: Mapping[str, Part]) -> Part:
    """Return parts that run one after the other, each under its name."""
    return Part(nn.Sequential, tuple(parts.values()), names=tuple(parts))


def _built(value: Any) -> Any:
    return value.build() if isinstance(value, Part) else value
