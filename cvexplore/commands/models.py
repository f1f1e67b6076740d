"""``cvexplore models``: the catalog as a list."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cvexplore.commands.words import command, print_rows

if TYPE_CHECKING:
    from cvexplore.catalog import Architecture

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
    rows = [
        _facts(each) if chosen.facts else {k: getattr(each, k) for k in _KEYS} for each in found
    ]
    print_rows(rows, chosen.json, empty=f"No architecture matches {chosen.pattern!r}.")


def _facts(architecture: "Architecture") -> dict[str, Any]:
    from cvexplore.catalog.families import families

    family = next((each for each in families() if each.name == architecture.family), None)
    paper = {"paper": family.title, "paper_link": family.link} if family else {}
    return {**asdict(architecture), **paper}
