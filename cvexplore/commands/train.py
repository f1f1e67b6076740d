"""``cvexplore train``: a run in the foreground, kept like any other."""

import argparse
import json
import math
import sys
from typing import Any

from cvexplore.commands.recipes import recipe, takes_recipe
from cvexplore.commands.runs import values
from cvexplore.commands.words import command
from cvexplore.training.config import MetricPoint


def add(commands: Any) -> None:
    """Describe the command: the recipe's own fields are its flags."""
    takes_recipe(command(commands, "train", train))


def train(chosen: argparse.Namespace) -> int:
    """Train here and now, printing what is measured; the run is kept like any other."""
    from cvexplore.runs import RunStore
    from cvexplore.runs.worker import work

    store = RunStore()
    run = store.run(store.submit(recipe(chosen), state="starting"))
    show = _print_json if chosen.json else _print_line
    state = work(store, run, on_point=show)
    last = values(store.run(run.id))
    print(json.dumps(last) if chosen.json else f"Run {run.id} {state}.")
    if state == "failed":
        print(last["message"], file=sys.stderr)
        return 2
    return 0


def _print_json(point: MetricPoint) -> None:
    row = {
        "step": point.step,
        "split": point.split,
        "name": point.name,
        "value": point.value if math.isfinite(point.value) else None,
        "seconds": round(point.seconds, 4),
    }
    print(json.dumps(row), flush=point.split == "validation")


def _print_line(point: MetricPoint) -> None:
    if point.split == "validation":
        value = f"{point.name:>10} {point.value:.4f}"
        print(f"step {point.step:6}  {value}  {point.seconds:6.1f} s", flush=True)
