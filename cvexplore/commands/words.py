"""What all commands share: how one is described, how options are read, how rows are printed."""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from cvexplore.errors import OptionError, UnknownName
from cvexplore.plugins import Option, summary


def command(under: Any, name: str, run: Callable[..., Any], *, prints: bool = True) -> Any:
    """Add a command whose help is the first line of its function's docstring."""
    parser = under.add_parser(name, help=summary(run), description=summary(run))
    parser.set_defaults(run=run)
    if prints:
        parser.add_argument("--json", action="store_true", help="print JSON for a script")
    return parser


def takes_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--option KEY=VALUE`` any number of times."""
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="may be repeated"
    )


def takes_name(parser: argparse.ArgumentParser) -> None:
    """Let a command take an architecture's NAME, or ``--design FILE`` in its place."""
    parser.add_argument("name", nargs="?", help="such as torchvision/resnet18")
    parser.add_argument("--design", metavar="FILE", help="a design's JSON, in place of a name")


def named(chosen: argparse.Namespace) -> str:
    """Return the catalog name of what a person chose by NAME or by ``--design FILE``.

    Raises:
        OptionError: neither was given, or both.
        DesignError: the file is not a design.
    """
    if (chosen.name is None) == (chosen.design is None):
        raise OptionError("Give the NAME of an architecture, or --design FILE; not both.")
    return chosen.name if chosen.design is None else designed(chosen.design)


def takes_names(parser: argparse.ArgumentParser) -> None:
    """Let a command take several architectures, each by its NAME or by ``--design FILE``."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as torchvision/resnet18")
    parser.add_argument(
        "--design",
        action="append",
        default=[],
        metavar="FILE",
        help="a design's JSON, in place of a name; may be repeated",
    )


def several(chosen: argparse.Namespace) -> list[str]:
    """Return the catalog names of what a person chose by NAMEs and by ``--design FILE``, each once.

    Raises:
        OptionError: nothing was given.
        DesignError: a file is not a design.
    """
    names = [*chosen.names, *map(designed, chosen.design)]
    if not names:
        raise OptionError("Give the NAME of an architecture, or --design FILE.")
    return list(dict.fromkeys(names))


def designed(path: str) -> str:
    """Return the catalog name of the design in a file, which is kept from then on.

    Raises:
        DesignError: the file cannot be read, or is not a design.
    """
    from cvexplore.catalog.designed_models import keep
    from cvexplore.designs import read

    return keep(read(Path(path)))


def reader(option: Option) -> Callable[[str], Any]:
    """Return what argparse calls to read this option's value."""

    def read(text: str) -> Any:
        try:
            return option.parse(text)
        except OptionError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def read_options(allowed: Iterable[Option], given: Iterable[str]) -> dict[str, Any]:
    """Return the options written as KEY=VALUE, each in its own type.

    Raises:
        UnknownName: no such option; the nearest is offered.
        OptionError: not KEY=VALUE, or a value that is not allowed.
    """
    known = {option.name: option for option in allowed}
    values = {}
    for each in given:
        name, sign, text = each.partition("=")
        if not sign:
            raise OptionError(f"--option takes KEY=VALUE, not {each!r}.")
        if name not in known:
            raise UnknownName("option", name, known)
        values[name] = known[name].parse(text)
    return values


def print_rows(rows: Sequence[dict[str, Any]], as_json: bool, empty: str = "Nothing.") -> None:
    """Print rows as JSON, or as a table for people."""
    if as_json:
        print(json.dumps(rows))
        return
    if not rows:
        print(empty)
        return
    heads = list(rows[0])
    texts = [[_text(key, value) for key, value in row.items()] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    numbers = [isinstance(value, (int, float)) for value in rows[0].values()]
    for line in (heads, *texts):
        cells = zip(line, widths, numbers, strict=True)
        print("  ".join(t.rjust(w) if right else t.ljust(w) for t, w, right in cells).rstrip())


def _text(key: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and key != "year":
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, tuple):
        return " × ".join(map(str, value))
    return str(value)
