"""``cvexplore trace``: an architecture's layers and what they cost."""

import argparse
import sys
from typing import Any

from cvexplore.commands.words import command, named, read_options, takes_name, takes_options
from cvexplore.errors import OptionError, TraceError, UnknownName
from cvexplore.trace.summary import (
    FORMATS,
    blocks,
    json_text,
    partial_summary,
    plain_text,
    summary,
)


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "trace", trace)
    takes_name(parser)
    parser.add_argument("--depth", type=int, metavar="N", help="fold what lies deeper; all if left")
    parser.add_argument("--inside", default="", metavar="BLOCK", help="only this block's layers")
    parser.add_argument("--format", choices=FORMATS, default="text", help="--json is --format json")
    parser.add_argument("--image-size", type=int, metavar="N", help="pixels a side")
    takes_options(parser)


def trace(chosen: argparse.Namespace) -> None:
    """Show an architecture's layers, shapes, parameters and multiply-adds."""
    from cvexplore import catalog

    if chosen.depth is not None and chosen.depth < 1:
        raise OptionError(f"--depth counts levels from 1, so it cannot be {chosen.depth}.")
    name = named(chosen)
    options = read_options(catalog.options(name), chosen.option)
    if chosen.image_size is not None:
        options["image_size"] = chosen.image_size
    written = "json" if chosen.json else chosen.format
    try:
        seen = catalog.traced(name, **options)
    except TraceError as error:
        if written == "text" and error.partial:
            print(plain_text(partial_summary(error.partial, error.layer, chosen.depth or 99)))
            sys.stdout.flush()
        raise
    table = summary(seen, chosen.depth, chosen.inside)
    if not table.layers:
        raise UnknownName("block", chosen.inside, blocks(seen))
    size = options.get("image_size", catalog.find(name).image_size)
    if written == "json":
        edges = seen.edges if chosen.depth is None else seen.folded(chosen.depth).edges
        about = {} if chosen.inside else {"edges": edges}
        print(json_text(table, name=name, image_size=size, **about))
        return
    _, write = FORMATS[written]
    if written == "text":
        print(f"{name} at {size} pixels: {len(table.layers)} rows of {len(seen.layers)} layers\n")
    print(write(table), end="")
