"""Training the checkpoints that ship, from their recipes: ``make checkpoints``.

    python -m cvexplore.checkpoints.making                 all of them
    python -m cvexplore.checkpoints.making vit_mnist_5k    one of them
    python -m cvexplore.checkpoints.making --score         measure the weights that are here again

A recipe decides all of a run, so the weights come out the same again on the same machine; another
processor or torch rounds otherwise. The score is measured here, on what the run held out.
"""

import argparse
import json
import shlex
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from cvexplore.catalog import weights
from cvexplore.checkpoints import FOLDER
from cvexplore.training import RunConfig
from cvexplore.training.approaches import standard
from cvexplore.training.config import settings
from cvexplore.training.loop import Training

_PARTS = ("approach", "dataset", "schedule")
_LIBRARIES = ("torch", "numpy", "safetensors")


def make(file: Path) -> dict[str, Any]:
    """Train the network whose recipe a JSON file holds; write its weights beside it.

    Returns what the file says then: its own title, the whole recipe, and what came of it.

    Raises:
        CvexploreError: the recipe does not work; the message says why.
    """
    began = time.process_time()
    training = _training(file)
    for point in training.points():
        if point.split == "validation":
            _tell(f"{file.stem}: step {point.step} of {training.steps}, {point.name} {point.value}")
    seconds = time.process_time() - began
    training.save(file.with_suffix(".safetensors"))
    return _tell_of(file, training, seconds)


def measure(file: Path) -> dict[str, Any]:
    """Measure again the weights that lie beside a recipe, and write what they reach.

    Raises:
        WeightsError: there are none, or they are another network's.
    """
    training, kept = _training(file), file.with_suffix(".safetensors")
    weights.load_state(training.approach.network, weights.read(kept), kept.name)
    return _tell_of(file, training, json.loads(file.read_text()).get("cpu_seconds"))


def _training(file: Path) -> Training:
    recipe = json.loads(file.read_text(encoding="utf-8"))["recipe"]
    return Training(RunConfig.from_json(json.dumps(recipe)).checked(), device="cpu")


def _tell_of(file: Path, training: Training, seconds: float | None) -> dict[str, Any]:
    made = {
        "title": json.loads(file.read_text(encoding="utf-8"))["title"],
        "data": training.approach.dataset.source,
        "command": command(training.config),
        "score": {
            "split": "validation",
            "pictures": len(training.validation),
            **training.evaluate(),
        },
        "learned_from": len(training.train),
        "parameters": sum(each.numel() for each in training.approach.network.parameters()),
        "cpu_seconds": seconds and round(seconds, 1),
        "versions": {name: version(name) for name in _LIBRARIES},
        "recipe": json.loads(training.config.to_json()),
    }
    file.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return made


def command(config: RunConfig) -> str:
    """Return the line that trains by this recipe as a run of one's own."""
    usual, begun = RunConfig(), standard(config.approach.name)
    words = ["--architecture", config.architecture]
    for part in _PARTS:
        choice = getattr(config, part)
        if choice.name != getattr(usual, part).name:
            words += [f"--{part}", choice.name]
        for name, value in choice.options.items():
            words += ["--option", f"{part}.{name}={value}"]
    for each in settings():
        value = getattr(config, each.name)
        if value != getattr(begun, each.name):
            words += [f"--{each.name.replace('_', '-')}", str(value)]
    for name, value in config.options.items():
        words += ["--option", f"{name}={value}"]
    return shlex.join(["python", "-m", "cvexplore", "train", *words])


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main(arguments: list[str] | None = None) -> None:
    """Train the checkpoints that are named, or all."""
    names = [file.stem for file in sorted(FOLDER.glob("*.json"))]
    parser = argparse.ArgumentParser(description="Train the checkpoints that ship, anew.")
    parser.add_argument("name", nargs="*", help=f"of {', '.join(names)}; all if none is given")
    parser.add_argument("--score", action="store_true", help="train nothing, only measure again")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.name) - set(names):
        parser.error(f"There is no recipe {', '.join(sorted(unknown))}; there are {names}.")
    torch.set_num_threads(1)  # more would add in another order
    for name in chosen.name or names:
        made = (measure if chosen.score else make)(FOLDER / f"{name}.json")
        _tell(f"{name}: {made['score']} after {made['cpu_seconds']} s")


if __name__ == "__main__":
    main()
