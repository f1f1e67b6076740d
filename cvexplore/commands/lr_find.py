"""``cvexplore lr-find``: in which range a learning rate works."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from cvexplore.commands.recipes import recipe, takes_recipe
from cvexplore.commands.words import command


def add(commands: Any) -> None:
    """Describe the command: the recipe it is for."""
    takes_recipe(command(commands, "lr-find", lr_find))


def lr_find(chosen: argparse.Namespace) -> int:
    """Let the learning rate rise from step to step, and say in which range the loss fell."""
    import torch

    from cvexplore.training.lr_range import range_test, suggest

    config = recipe(chosen).checked()
    torch.set_num_threads(config.threads)
    measured: dict[str, list[float]] = {"loss": [], "learning_rate": []}
    for point in range_test(config):
        measured[point.name].append(point.value)
        if point.name == "loss" and not chosen.json:
            print(f"step {point.step:4}  loss {point.value:.4f}", flush=True)
    found = suggest(measured["learning_rate"], measured["loss"])
    if chosen.json:
        print(json.dumps({"suggestion": asdict(found), **measured}))
        return 0
    print(f"Try a learning rate between {found.low:.1e} and {found.high:.1e}.")
    return 0
