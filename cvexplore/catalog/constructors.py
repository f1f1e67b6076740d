"""What a library's builder would hand to the constructor of its network, without building it.

A builder such as ``resnet50`` fixes some arguments of ``ResNet`` and passes others on. To learn
which, a private copy of the builder and of the functions it calls is run, in which the last step
only notes what it is given. Nothing that others use is touched, so threads do not meet.
"""

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from torch import nn

from cvexplore.catalog.meta import WithoutMemory
from cvexplore.catalog.parameters import offered, parameter_of
from cvexplore.plugins import Option

# In a constructor: what a parameter must be one of, or equal to.
_CHECK = re.compile(r"assert (?:cfg\.)?(\w+) (?:in (\([\d\w\s,'\"]*,[\d\w\s,'\"]*\))|== (\d+)\b)")


@dataclass(frozen=True)
class Call:
    """The call of a constructor.

    Args:
        network: its class.
        values: what its parameters would be: given by the builder, or the default if there is one.
    """

    network: type
    values: Mapping[str, Any]

    def has(self, name: str) -> bool:
        """Say whether the constructor has a parameter of this name."""
        return any(each.name == name for _, known in _constructors(self.network) for each in known)

    def allowed(self) -> Mapping[str, tuple[Any, ...]]:
        """Return what parameters may be, where the constructor's own checks list it."""
        text = "".join(inspect.getsource(init) for init, _ in _constructors(self.network))
        return {
            name: ast.literal_eval(several) if several else (ast.literal_eval(one),)
            for name, several, one in _CHECK.findall(text)
        }


class _Noted(Exception):
    """What ends the private copy of a builder once it has come to the constructor."""

    def __init__(self, network: type, args: tuple, kwargs: Mapping[str, Any]) -> None:
        super().__init__()
        self.call = Call(network, _values(network, args, kwargs))


def note(network: type) -> Callable[..., Any]:
    """Return what to put in the place of a constructor, so that its arguments are noted."""

    def instead(*args: Any, **kwargs: Any) -> None:
        raise _Noted(network, args, kwargs)

    return instead


def private_copy(builder: Callable[..., Any], replaced: Mapping[str, Any]) -> FunctionType:
    """Return a function like a library's builder that finds other things under some names.

    So do all functions of the library's models that it can call.
    """
    first: Any = inspect.unwrap(builder)
    family = ".".join(first.__module__.split(".")[:2])  # "timm.models"
    spaces: dict[int, dict[str, Any]] = {}

    def copy(original: FunctionType) -> FunctionType:
        known = original.__globals__
        if id(known) not in spaces:
            space = spaces[id(known)] = dict(known)
            for name, value in known.items():
                if isinstance(value, FunctionType) and value.__module__.startswith(family):
                    space[name] = copy(value)
            space.update({name: each for name, each in replaced.items() if name in known})
        new = FunctionType(
            original.__code__,
            spaces[id(known)],
            original.__name__,
            original.__defaults__,
            original.__closure__,
        )
        new.__kwdefaults__ = original.__kwdefaults__
        return new

    return copy(first)


def called(private: Callable[..., Any], **given: Any) -> Call | None:
    """Return the call that the private copy of a builder comes to; None where it refuses."""
    try:
        with WithoutMemory():
            private(**given)
    except _Noted as noted:
        return noted.call
    except (TypeError, ValueError, AssertionError):
        return None
    raise LookupError(f"{private.__name__} never came to the constructor of its network")


def options(private: Callable[..., Any], call: Call, **always: Any) -> tuple[Option, ...]:
    """Return an option for each parameter with a known meaning that a builder leaves open.

    Args:
        private: the private copy of the builder.
        call: the call it comes to by itself.
        always: what it is always given.
    """
    possible = tuple(offered(call.values, call.allowed()))
    names = {parameter_of(each.name, call.values) for each in possible}
    others = {name: _another(call.values[name]) for name in names}
    together = called(private, **always, **others)

    def is_open(name: str) -> bool:
        found = together or called(private, **always, **{name: others[name]})
        return found is not None and found.values.get(name) == others[name]

    open_ = frozenset(filter(is_open, names))
    return tuple(each for each in possible if parameter_of(each.name, call.values) in open_)


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (tuple, list)):
        return type(value)(_another(each) for each in value)
    return value if isinstance(value, str) else value + 1


def _values(network: type, args: tuple, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter of a constructor, those of its settings included."""
    signatures = [parameters for _, parameters in _constructors(network)]
    found: dict[str, Any] = {}
    settings = kwargs.get("cfg")
    if dataclasses.is_dataclass(settings) and _takes_more(signatures[-1]):
        # What such a constructor is given beside its settings replaces them.
        found |= {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    for parameters in reversed(signatures):
        defaults = {each.name: each.default for each in parameters}
        found |= {k: v for k, v in defaults.items() if v not in (None, inspect.Parameter.empty)}
    named = next((s for s in signatures if not any(p.kind is p.VAR_POSITIONAL for p in s)), [])
    return found | dict(zip([each.name for each in named][1:], args, strict=False)) | dict(kwargs)


def _constructors(network: type) -> list[tuple[Any, list[inspect.Parameter]]]:
    """Return the constructor, and those of the bases that it hands its further arguments to."""
    found: list[tuple[Any, list[inspect.Parameter]]] = []
    for base in network.__mro__[: network.__mro__.index(nn.Module)]:
        if "__init__" in vars(base):
            parameters = list(inspect.signature(base.__init__).parameters.values())
            found.append((base.__init__, parameters))
            if not _takes_more(parameters):
                break
    return found


def _takes_more(parameters: list[inspect.Parameter]) -> bool:
    return any(each.kind is each.VAR_KEYWORD for each in parameters)
