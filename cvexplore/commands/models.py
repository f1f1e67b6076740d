"""``cvexplore models``: the catalog as a list."""

import argparse
from dataclasses import fields
from typing import Any

from cvexplore.commands.words import command, print_rows

_KEYS = ("name", "library", "family", "kind", "year")


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "models", models)
    parser.add_argument("pattern", nargs="?", default="", help="part of a name, or with *")
    parser.add_argument("--library", choices=("cvexplore", "torchvision", "timm"))
    parser.add_argument("--facts", action="store_true", help="with all that was measured of them")


def models(chosen: argparse.Namespace) -> None:
    """List the architectures that can be built."""
    from cvexplore.catalog import architectures

    found = architectures(chosen.pattern, chosen.library or "")
    keys = _all_keys() if chosen.facts else _KEYS
    rows = [{key: getattr(each, key) for key in keys} for each in found]
    print_rows(rows, chosen.json, empty=f"No architecture matches {chosen.pattern!r}.")


def _all_keys() -> tuple[str, ...]:
    from cvexplore.catalog import Architecture

    return tuple(each.name for each in fields(Architecture))
