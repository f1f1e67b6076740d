"""``cvexplore trace``: an architecture's layers and what they cost."""

import argparse
import json
from typing import Any

from cvexplore.commands.words import command, print_rows, read_options, takes_options

_COLUMNS = ("path", "kind", "output_shape", "parameters", "macs")
_KEYS = ("path", "kind", "depth", "input_shapes", "output_shape", "parameters", "macs")


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "trace", trace)
    parser.add_argument("name")
    parser.add_argument("--image-size", type=int, metavar="N", help="pixels a side")
    takes_options(parser)


def trace(chosen: argparse.Namespace) -> None:
    """Show an architecture's layers, shapes, parameters and multiply-adds."""
    from cvexplore import catalog

    options = read_options(catalog.options(chosen.name), chosen.option)
    if chosen.image_size is not None:
        options["image_size"] = chosen.image_size
    seen = catalog.traced(chosen.name, **options)
    totals = {
        "name": chosen.name,
        "image_size": options.get("image_size", catalog.find(chosen.name).image_size),
        "parameters": seen.parameters,
        "trainable": seen.trainable,
        "macs": seen.macs,
        "activation_bytes": seen.activation_bytes,
    }
    if chosen.json:
        layers = [{key: getattr(layer, key) for key in _KEYS} for layer in seen.layers]
        print(json.dumps({**totals, "layers": layers, "edges": seen.edges}))
        return
    print_rows([{key: getattr(layer, key) for key in _COLUMNS} for layer in seen.layers], False)
    print()
    print_rows([totals], False)
