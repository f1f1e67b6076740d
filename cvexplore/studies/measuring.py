"""One measurement: a recipe is learned to its end, and its score on held-out pictures is taken."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from cvexplore.studies.entries import Entry, Study, seeded
from cvexplore.studies.results import Row, short
from cvexplore.training.config import RunConfig
from cvexplore.training.loop import Training
from cvexplore.training.self_supervised import SelfSupervised
from cvexplore.training.splits import few


def measure(study: Study, entry: Entry, seed: int) -> Iterator[Row]:
    """Yield the rows of an entry with one seed.

    What learns without labels learns once, and its probes are asked with each number of them. What
    starts from weights that were learned before learns those once.

    Raises:
        CvexploreError: a recipe does not work; the message says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        weights, before, spent = "random", "", 0.0
        if entry.before:
            first = replace(entry.before, seed=seed)
            began = time.process_time()
            weights = str(Path(folder) / "before.safetensors")
            learned(first).save(Path(weights))
            before, spent = short(first), time.process_time() - began
        began, training = time.process_time(), None
        for labels in entry.labels:
            config = seeded(entry.config, seed, labels)
            shown = short(config)
            if weights != "random":
                config = replace(config, weights=weights)
            once = training is not None and isinstance(training.approach, SelfSupervised)
            if not once:
                began, training = time.process_time(), learned(config)
                seconds = time.process_time() - began + spent
            assert training is not None
            if isinstance(training.approach, SelfSupervised):
                _know(training, config)
            value = training.evaluate()[study.metric]
            yield Row(
                study.name, entry.name, labels, seed, value, seconds, training.step, shown, before
            )


def learned(config: RunConfig) -> Training:
    """Return a recipe that was learned to its end; nothing is measured on the way."""
    alone = (
        {"snapshots": 0}
        if config.patience or config.schedule.name == "plateau"
        else {
            "snapshots": 0,
            "every": 1000,
        }
    )
    training = Training(replace(config, **alone), device="cpu")
    for _ in training.turns():
        pass
    return training


def _know(training: Training, config: RunConfig) -> None:
    """Let the probes know so many labelled pictures."""
    parts = training.approach.parts
    labels = training.approach.dataset.labels
    known = few(labels, parts.train, config.labels, config.seed)
    for approach in {id(each): each for each in (training.approach, training.measured)}.values():
        approach.parts = replace(parts, labelled=known)


def warm_up() -> None:
    """Let torch be ready before time is taken."""
    torch.set_num_threads(1)
