"""One measurement: a recipe is learned to its end, and its score on held-out pictures is taken."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cvexplore.studies.entries import Entry, Study, beginning, going_on, seeded
from cvexplore.studies.results import Row, short
from cvexplore.training.config import RunConfig
from cvexplore.training.loop import Training
from cvexplore.training.self_supervised import SelfSupervised
from cvexplore.training.splits import few


def measure(study: Study, entry: Entry, seed: int) -> Iterator[Row]:
    """Yield the rows of an entry with one seed.

    What learns without labels learns once, and its probes are asked with each number of them. What
    starts from such weights starts from a head that was found with no more labels than it has.

    Raises:
        CvexploreError: a recipe does not work; the message says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        first: Training | None = None
        known: RunConfig | None = None
        training: Training | None = None
        before = seconds = 0.0
        for labels in entry.labels:
            config = seeded(entry.config, seed, labels)
            begins, recipe = config, beginning(entry, seed, labels)
            if recipe:
                if first is None or (recipe != known and not _is_unlabelled(first)):
                    first, before = _timed(recipe)
                known = recipe
                _know(first, recipe.labels)
                first.save(file)
                begins = going_on(entry, config, str(file))
            if training is None or not _is_unlabelled(training):
                training, seconds = _timed(begins)
            _know(training, config.labels)
            yield Row(
                study=study.name,
                entry=entry.name,
                labels=labels,
                seed=seed,
                value=training.evaluate()[study.metric],
                seconds=before + seconds,
                steps=training.step,
                recipe=short(config),
                before=short(recipe) if recipe else "",
            )


def _timed(config: RunConfig) -> tuple[Training, float]:
    """Return a recipe that was learned to its end, and the processor seconds it took."""
    began = time.process_time()
    return learned(config), time.process_time() - began


def learned(config: RunConfig) -> Training:
    """Return a recipe that was learned to its end; nothing is measured on the way."""
    config = replace(config, snapshots=0)
    if not config.patience and config.schedule.name != "plateau":  # those decide by measurements
        config = replace(config, every=1000)
    training = Training(config, device="cpu")
    for _ in training.turns():
        pass
    return training


def _is_unlabelled(training: Training) -> bool:
    return isinstance(training.approach, SelfSupervised)


def _know(training: Training, count: int) -> None:
    """Let what learns without labels know so many labelled pictures a class, if it does."""
    if not _is_unlabelled(training):
        return
    parts, labels = training.approach.parts, training.approach.dataset.labels
    known = few(labels, parts.train, count, training.config.seed)
    for approach in {id(each): each for each in (training.approach, training.measured)}.values():
        approach.parts = replace(parts, labelled=known)
