"""Measure many entries at once, keep what is done, and go on where it was left."""

import multiprocessing
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

from cvexplore.studies.entries import SEEDS, Entry, Study, beginning, seeded, studies
from cvexplore.studies.results import FILE, Row, read, short, written

_LIBRARIES = ("torch", "numpy", "mlxtend", "scikit-learn")
_Task = tuple[str, str, int]  # study, entry, seed


def versions() -> str:
    """Return what the results depend on."""
    return ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)


def missing(
    known: Iterable[Row], names: Collection[str] = (), seeds: Collection[int] = SEEDS
) -> list[_Task]:
    """Return what is not known yet: of an entry and seed, a row is missing or has another recipe.

    Args:
        known: rows that there are.
        names: of studies or entries that are asked for; all where there are none.
        seeds: those that are asked for.
    """
    have = {row.key: (row.recipe, row.before) for row in known}
    return [
        (study.name, entry.name, seed)
        for study in studies()
        for entry in study.entries
        for seed in seeds
        if not names or study.name in names or entry.name in names
        if any(
            have.get((study.name, entry.name, labels, seed)) != _recipes(entry, seed, labels)
            for labels in entry.labels
        )
    ]


def run(
    tasks: Iterable[_Task],
    *,
    file: Path = FILE,
    at_once: int = 2,
    tell: Callable[[str], None] = print,
) -> None:
    """Measure, each in a process of its own, and write each row as it is known.

    Raises:
        CvexploreError: a recipe does not work; the message says why.
    """
    rows = {row.key: row for row in read(file) if _is_asked_for(row)}
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, spawning, max_tasks_per_child=1) as pool:
        waiting = {pool.submit(_measured, task): task for task in tasks}
        for done, future in enumerate(as_completed(waiting), start=1):
            for row in future.result():
                rows[row.key] = row
                labels = f", {row.labels} labels" if row.labels else ""
                tell(
                    f"{done}/{len(waiting)}  {row.entry}{labels}, seed {row.seed}: {row.value:.4f}"
                )
            file.write_text(written(rows.values(), versions()), encoding="utf-8")


def _measured(task: _Task) -> list[Row]:
    import torch

    from cvexplore.studies.measuring import measure

    torch.set_num_threads(1)
    study, entry = _find(task[0], task[1])
    return list(measure(study, entry, task[2]))


def _find(study: str, entry: str) -> tuple[Study, Entry]:
    found = next(each for each in studies() if each.name == study)
    return found, next(each for each in found.entries if each.name == entry)


def _recipes(entry: Entry, seed: int, labels: int) -> tuple[str, str]:
    """Return an entry's recipe, and that of what it starts from, as a row holds them."""
    before = beginning(entry, seed, labels)
    return short(seeded(entry.config, seed, labels)), short(before) if before else ""


def _is_asked_for(row: Row) -> bool:
    """Say whether a row is still of an entry that there is."""
    return any(
        (study.name, entry.name) == (row.study, row.entry) and row.labels in entry.labels
        for study in studies()
        for entry in study.entries
    )
