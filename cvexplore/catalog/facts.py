"""Measuring every architecture of the catalog once: ``python -m cvexplore.catalog.facts``.

Each one is built and traced on the meta device, so all 1,500 take minutes on two cores. The rows go
to a ``.part`` file as they are measured; an interrupted run goes on where it stopped.
"""

import argparse
import multiprocessing
import os
import sys
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from cvexplore.catalog import families
from cvexplore.catalog.names import FACTS, Architecture, csv_text, read_facts
from cvexplore.catalog.weights import BUNDLED
from cvexplore.errors import CvexploreError

LIBRARIES = ("cvexplore", "torchvision", "timm")


def versions() -> str:
    """Return the libraries the facts belong to, as the first line of the file says it."""
    return "# " + ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "timm"))


def all_names() -> list[str]:
    """Ask the libraries themselves for the name of every architecture."""
    from cvexplore.catalog import own_models, timm_models, torchvision_models

    modules = zip(LIBRARIES, (own_models, torchvision_models, timm_models), strict=True)
    return [f"{library}/{name}" for library, module in modules for name in sorted(module.names())]


def measure(name: str) -> Architecture:
    """Build and trace one architecture without its memory and return its facts."""
    from cvexplore.architectures import family
    from cvexplore.catalog.build import library, traced
    from cvexplore.trace import structure

    module, model = library(name)
    card = family(name)
    facts: dict = {
        "name": name,
        "library": name.partition("/")[0],
        "family": card.name if card else "",
        "kind": card.kind if card else "",
        "year": card.year if card else 0,
        "task": module.task(model),
        "image_size": module.image_size(model),
    }
    if hasattr(module, "accuracies"):
        facts |= module.accuracies(model)
    standard = {option.name: option.default for option in module.options(model)}
    facts["classes"] = standard.get("classes")
    if name in BUNDLED:
        facts["weights"] = "bundled"
    elif module.weights_address(model):
        facts["weights"] = "published"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = traced(name)
    except CvexploreError as error:
        return Architecture(**facts, error=str(error))
    return Architecture(
        **facts,
        parameters=seen.parameters,
        macs=seen.macs,
        activation_bytes=seen.activation_bytes,
        layers=len(seen.layers),
        depth=structure.depth(seen),
        attention_layers=structure.attention_layers(seen),
        receptive_field=structure.receptive_field(seen),
    )


def write(rows: Iterable[Architecture], path: Path) -> None:
    """Write a facts file whole."""
    path.write_text(f"{versions()}\n{csv_text(rows)}", encoding="utf-8", newline="")


def _start_worker() -> None:
    import torch

    torch.set_num_threads(1)


def main(arguments: list[str] | None = None) -> None:
    """Measure what is not measured yet, then replace the facts file."""
    parser = argparse.ArgumentParser(description="Measure every architecture of the catalog.")
    parser.add_argument("--again", action="store_true", help="measure all anew")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    chosen = parser.parse_args(arguments)

    part = FACTS.with_suffix(".part")
    done: dict[str, Architecture] = {}
    if part.exists() and not chosen.again and part.read_text().startswith(versions()):
        done = {each.name: each for each in read_facts(part)}
    names = all_names()
    left = [name for name in names if name not in done]
    with multiprocessing.get_context("spawn").Pool(chosen.processes, _start_worker) as pool:
        for count, facts in enumerate(pool.imap_unordered(measure, left), len(done) + 1):
            done[facts.name] = facts
            sys.stderr.write(f"\r{count:5} of {len(names)}  {facts.name:<60}")
            if count % 50 == 0:
                write(done.values(), part)
    write((done[name] for name in names), FACTS)
    families.main()
    part.unlink(missing_ok=True)
    sys.stderr.write(f"\r{len(names)} architectures measured, written to {FACTS.name}.{' ' * 40}\n")


if __name__ == "__main__":
    main()
