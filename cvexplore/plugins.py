"""A plug-in's signature is its form.

A plug-in is a function or class found by name. Its keyword-only parameters are its options, the
first line of its docstring is its help, and the docstring's ``Options:`` section says a few words
on each parameter. Widgets, command-line flags, JSON and checks are all read from there:

    @SCHEDULES.register("step")
    def step(progress: float, *, factor: Annotated[float, Range(0.01, 0.9)] = 0.1) -> float:
        '''Multiply the learning rate by a factor at every third of the run.

        Options:
            factor: what each drop multiplies the learning rate by
        '''
"""

import functools
import importlib
import inspect
import pkgutil
import re
import threading
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from cvexplore.errors import OptionError, UnknownName

P = TypeVar("P", bound=Callable[..., Any])
Q = TypeVar("Q", bound=Callable[..., Any])


@dataclass(frozen=True)
class Range:
    """What a number may be, both ends included; ``Annotated[float, Range(0, 0.5)]``."""

    low: float
    high: float
    step: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Option:
    """One keyword-only parameter of a plug-in."""

    name: str
    type: type
    default: Any
    range: Range | None = None
    choices: tuple[Any, ...] = ()
    help: str = ""

    def check(self, value: Any) -> Any:
        """Return the value in this option's type.

        Raises:
            OptionError: the value is not allowed; the message says what is.
        """
        if self.choices:
            for choice in self.choices:
                if value == choice and isinstance(value, bool) == isinstance(choice, bool):
                    return choice
            allowed = ", ".join(str(choice) for choice in self.choices)
            raise OptionError(f"{self.name} must be one of {allowed}, not {value!r}.")
        if self.type is bool:
            if isinstance(value, bool):
                return value
            raise OptionError(f"{self.name} must be true or false, not {value!r}.")
        if self.type in (int, float):
            return self._check_number(value)
        if not isinstance(value, self.type):
            raise OptionError(f"{self.name} must be {self.type.__name__}, not {value!r}.")
        return value

    def _check_number(self, value: Any) -> int | float:
        whole = "a whole number" if self.type is int else "a number"
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise OptionError(f"{self.name} must be {whole}, not {value!r}.")
        if self.type is int and value % 1:
            raise OptionError(f"{self.name} must be {whole}, not {value!r}.")
        if self.range and not self.range.low <= value <= self.range.high:
            low, high, unit = self.range.low, self.range.high, self.range.unit
            raise OptionError(
                f"{self.name} must be between {low:g} and {high:g}{unit and ' ' + unit}, "
                f"not {value!r}."
            )
        return self.type(value)

    def parse(self, text: str) -> Any:
        """Return the value that a person typed as ``name=text``."""
        if self.choices:
            return self.check(next((c for c in self.choices if str(c) == text), text))
        if self.type is bool:
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            return self.check(words.get(text.lower(), text))
        try:
            return self.check(float(text) if self.type in (int, float) else text)
        except (ValueError, OverflowError):
            raise OptionError(f"{self.name} must be a number, not {text!r}.") from None


@dataclass(frozen=True)
class Choice:
    """A plug-in picked by name, with the options that differ from its defaults."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


def options(plugin: Callable[..., Any]) -> tuple[Option, ...]:
    """Return a plug-in's keyword-only parameters, in the order they are written."""
    target = plugin.__init__ if inspect.isclass(plugin) else plugin
    hints = typing.get_type_hints(target, include_extras=True)
    notes = _option_notes(inspect.getdoc(plugin) or "")
    return tuple(
        _option(parameter, hints[name], notes.get(name, ""))
        for name, parameter in inspect.signature(plugin).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    )


def summary(plugin: Callable[..., Any]) -> str:
    """Return the first line of a plug-in's docstring: its help."""
    return (inspect.getdoc(plugin) or "").partition("\n")[0]


def check(kind: str, allowed: tuple[Option, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given options, each in its own type.

    Raises:
        UnknownName: an option of that name does not exist; the nearest is offered.
        OptionError: a value is not allowed.
    """
    known = {option.name: option for option in allowed}
    for name in given:
        if name not in known:
            raise UnknownName(f"option of {kind}", name, known)
    return {name: known[name].check(value) for name, value in given.items()}


def _option(parameter: inspect.Parameter, hint: Any, note: str) -> Option:
    bounds = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, *extras = typing.get_args(hint)
        bounds = next((extra for extra in extras if isinstance(extra, Range)), None)
    choices: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        hint = type(choices[0])
    return Option(parameter.name, hint, parameter.default, bounds, choices, note)


def _option_notes(docstring: str) -> dict[str, str]:
    _, _, section = docstring.partition("Options:\n")
    section = section.partition("\n\n")[0]
    found = re.findall(r"^\s+(\w+): (.+(?:\n {8,}.+)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


class Registry(Generic[P]):
    """Plug-ins of one kind by name; those of a folder are found by looking into it.

    Args:
        kind: what one of them is called in messages, such as "schedule".
        folder: the package whose modules register themselves when they are imported.
    """

    def __init__(self, kind: str, folder: str | None = None) -> None:
        self.kind = kind
        self._folder = folder
        self._looking = threading.RLock()
        self._plugins: dict[str, P] = {}

    def register(self, name: str) -> Callable[[Q], Q]:
        """Enter the decorated function or class, which keeps its own type, under this name."""

        def enter(plugin: Q) -> Q:
            if name in self._plugins:
                raise ValueError(f"two plug-ins call themselves {self.kind} {name!r}")
            self._plugins[name] = typing.cast("P", plugin)
            return plugin

        return enter

    def __getitem__(self, name: str) -> P:
        self._look()
        try:
            return self._plugins[name]
        except KeyError:
            raise UnknownName(self.kind, name, self._plugins) from None

    def __iter__(self) -> Iterator[str]:
        self._look()
        return iter(sorted(self._plugins))

    def __contains__(self, name: object) -> bool:
        self._look()
        return name in self._plugins

    def __len__(self) -> int:
        self._look()
        return len(self._plugins)

    def options(self, name: str) -> tuple[Option, ...]:
        """Return the options of the plug-in of this name."""
        return options(self[name])

    def summary(self, name: str) -> str:
        """Return the one-line help of the plug-in of this name."""
        return summary(self[name])

    def check(self, choice: Choice) -> dict[str, Any]:
        """Return the choice's options, checked.

        Raises:
            UnknownName: no such plug-in or option.
            OptionError: a value is not allowed.
        """
        return check(f"{self.kind} {choice.name}", self.options(choice.name), choice.options)

    def bind(self, choice: Choice) -> Callable[..., Any]:
        """Return the chosen plug-in with its options filled in and checked."""
        return functools.partial(self[choice.name], **self.check(choice))

    def _look(self) -> None:
        with self._looking:  # who asks while another thread looks waits for what it finds
            if self._folder:
                import_folder(self._folder)
                self._folder = None


def import_folder(package: str) -> list[Any]:
    """Import every module that lies in this package and return them, in the order of names."""
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path))
    return [importlib.import_module(f"{package}.{name}") for name in names]
