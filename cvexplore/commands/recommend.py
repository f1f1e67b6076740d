"""``cvexplore recommend``: the architectures within a budget."""

import argparse
import json
from dataclasses import asdict, fields
from typing import Any

from cvexplore.choosing import Budget, recommend
from cvexplore.commands.words import command, print_rows

_KEYS = (
    "name",
    "kind",
    "year",
    "parameters",
    "macs",
    "activation_bytes",
    "image_size",
    "top1",
    "weights",
)


def add(commands: Any) -> None:
    """Describe the command: a flag a limit."""
    parser = command(commands, "recommend", suggest)
    for limit in fields(Budget):
        flag = f"--{limit.name.replace('_', '-')}"
        if limit.name == "weights":
            parser.add_argument(flag, choices=("any", "published", "bundled"), default="any")
        elif isinstance(limit.default, str):
            parser.add_argument(flag, default=limit.default, help="empty for any")
        else:
            parser.add_argument(flag, type=_limit, metavar="N", help="such as 10e6")
    parser.add_argument("--most", type=int, default=10, help="rows to show (default 10)")


def suggest(chosen: argparse.Namespace) -> None:
    """Rank the architectures that keep to a budget, and say which limit excludes the others."""
    from cvexplore.catalog import architectures
    from cvexplore.timing import stored, usual_threads

    budget = Budget(**{limit.name: getattr(chosen, limit.name) for limit in fields(Budget)})
    latencies = {
        name: timing.latency_ms for name, timing in stored(threads=usual_threads()).items()
    }
    said = recommend(architectures(), budget, latencies)
    rows = [
        {**{key: getattr(each, key) for key in _KEYS}, "latency_ms": latencies.get(each.name)}
        for each in said.fits[: max(0, chosen.most)]
    ]
    limits = [{**asdict(row), "best": row.best.name if row.best else None} for row in said.excluded]
    if chosen.json:
        print(json.dumps({"fits": rows, "found": len(said.fits), "excluded": limits}))
        return
    print_rows(rows, False, empty="No architecture keeps to all these limits.")
    if limits:
        print(f"\n{len(said.fits):,} fit. What each limit excludes, and what it excludes alone:")
        print_rows(limits, False)


def _limit(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of 0 or more, not {text!r}")
    return value
