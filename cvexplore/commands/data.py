"""``cvexplore data``: the data sets there are, those to fetch, and your own."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cvexplore.commands.words import command, print_rows
from cvexplore.errors import DataError

_MEGABYTE = 1 << 20


def add(commands: Any) -> None:
    """Describe the commands."""
    text = "List data sets, fetch published ones, or bring your own."
    under = commands.add_parser("data", help=text, description=text)
    under = under.add_subparsers(required=True, metavar="COMMAND")
    command(under, "list", list_data)
    command(under, "fetch", fetch).add_argument("name", help="such as cifar10")
    adding = command(under, "add", add_own)
    adding.add_argument("path", help="a folder or a .zip with one folder a class")
    adding.add_argument("--name", help="what the data set is called")
    command(under, "delete", delete).add_argument("id", help="of a data set of your own")


def list_data(chosen: argparse.Namespace) -> None:
    """List the data sets: those that are here, those to fetch, and your own."""
    from cvexplore.training import own
    from cvexplore.training.datasets import DATASETS, available

    here = available()
    names = [name for name in DATASETS if name != "own"]
    rows = [{"data": name, "here": name in here, "about": DATASETS.summary(name)} for name in names]
    rows += [
        {
            "data": f"own:{each.id}",
            "here": True,
            "about": f"{each.name}: {each.pictures:,} pictures of {len(each.classes)} classes",
        }
        for each in own.all_own()
    ]
    print_rows(rows, chosen.json)


def fetch(chosen: argparse.Namespace) -> None:
    """Download a published data set, so that runs can learn from it."""
    from cvexplore.training import published

    published.fetch(chosen.name, _progress(_MEGABYTE, "MB"))
    told = {"data": chosen.name, "here": True}
    print(json.dumps(told) if chosen.json else f"{chosen.name} is here.")


def add_own(chosen: argparse.Namespace) -> None:
    """Keep a folder's or a zip's pictures as a data set of your own, a class a folder."""
    from cvexplore.training.own import finding, making

    path = Path(chosen.path)
    if path.is_dir():
        found, source = finding.in_folder(path), "folder"
    else:
        try:
            found, source = finding.in_zip(path.read_bytes()), "zip"
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    made = making.make(
        found, name=chosen.name or path.stem, source=source, tell=_progress(1, "pictures")
    )
    if chosen.json:
        print(json.dumps({"data": f"own:{made.id}", **asdict(made)}))
        return
    print(f"own:{made.id} holds {made.pictures:,} pictures of {len(made.classes)} classes.")
    print(f"Train on it: cvexplore train --dataset own --option dataset.id={made.id}")


def delete(chosen: argparse.Namespace) -> None:
    """Delete a data set of your own and its pictures for good."""
    from cvexplore.training import own

    data_id = chosen.id.removeprefix("own:")
    own.delete(data_id)
    print(
        json.dumps({"deleted": f"own:{data_id}"}) if chosen.json else f"own:{data_id} is no more."
    )


def _progress(unit: int, word: str) -> Callable[[int, int], None]:
    """Return what tells a person how far it is; nothing where nobody watches."""

    def tell(done: int, whole: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done // unit:,} of {whole // unit:,} {word}", end="", file=sys.stderr)

    return tell
