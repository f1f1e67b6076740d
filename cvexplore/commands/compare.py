"""``cvexplore compare``: architectures side by side."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from cvexplore.commands.words import command, print_rows, several, takes_names

_FACTS = (
    "family",
    "kind",
    "year",
    "task",
    "image_size",
    "parameters",
    "macs",
    "activation_bytes",
    "layers",
    "depth",
    "attention_layers",
    "receptive_field",
    "top1",
    "top5",
)


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "compare", compare)
    takes_names(parser)


def compare(chosen: argparse.Namespace) -> None:
    """Show architectures side by side: facts, stages, and where parameters and work are."""
    from cvexplore import catalog
    from cvexplore.choosing import difference
    from cvexplore.trace import structure

    found = [catalog.find(name) for name in several(chosen)]
    traces = {each.name: catalog.traced(each.name) for each in found}
    said = [difference(each, found[0]) for each in found[1:]]
    stages = {name: structure.stages(seen) for name, seen in traces.items()}
    if chosen.json:
        whole = {
            "architectures": [asdict(each) for each in found],
            "differences": said,
            "stages": {name: [asdict(each) for each in rows] for name, rows in stages.items()},
            "parameters_by_role": {name: seen.by_role() for name, seen in traces.items()},
            "macs_by_role": {name: seen.by_role("macs") for name, seen in traces.items()},
        }
        print(json.dumps(whole))
        return
    rows = [{"": fact, **{e.name: _cell(getattr(e, fact)) for e in found}} for fact in _FACTS]
    print_rows(rows, False)
    for sentence in said:
        print(f"\n{sentence}")
    for name, each in stages.items():
        print(f"\n{name}")
        print_rows(
            [{**asdict(row), "resolution": row.resolution or "vector"} for row in each], False
        )


def _cell(value: Any) -> str:
    if isinstance(value, int) and value > 9999:
        return f"{value:,}"
    return "" if value is None else str(value)
