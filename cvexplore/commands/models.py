"""``cvexplore models``: the catalog as a list."""

import argparse
from typing import Any

from cvexplore.commands.words import command, print_rows

_KEYS = ("name", "library", "family", "kind", "year")


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "models", models)
    parser.add_argument("pattern", nargs="?", default="", help="part of a name, or with *")
    parser.add_argument("--library", choices=("cvexplore", "torchvision", "timm"))


def models(chosen: argparse.Namespace) -> None:
    """List the architectures that can be built."""
    from cvexplore.catalog import architectures

    found = architectures(chosen.pattern, chosen.library or "")
    rows = [{key: getattr(each, key) for key in _KEYS} for each in found]
    print_rows(rows, chosen.json, empty=f"No architecture matches {chosen.pattern!r}.")
