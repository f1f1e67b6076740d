"""A thousand runs with two thousand steps each: the list, a comparison of ten, a living run's news.

TensorBoard reads the same curves from its event files, if it is installed.
"""

import math
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pairs import in_turn, table
from cvexplore.runs import RunStore, records
from cvexplore.training import MetricPoint, RunConfig

RUNS, STEPS, COMPARED = 1000, 2000, 10
NAMES = ("loss", "accuracy", "learning_rate")
ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        ids = _filled(store)
        _, last = store.metrics(ids[-1])
        size = (Path(folder) / "runs.db").stat().st_size
        jobs = {
            "list of all runs, at first": lambda: _first_list(store),
            "list of all runs, again": store.runs,
            f"all curves of {COMPARED} runs": lambda: [store.curves(i) for i in ids[:COMPARED]],
            "news of a living run, 30 points": lambda: store.metrics(ids[-1], last - 30),
            "no news of a living run": lambda: store.metrics(ids[-1], last),
            "100 points recorded": lambda: store.record(ids[0], _points(0, 34), STEPS, STEPS),
        }
        if events := _tensorboard(Path(folder), COMPARED):
            jobs[f"TensorBoard: all curves of {COMPARED} runs"] = events
        taken = in_turn(jobs, ROUNDS)
    rows = [[name, f"{statistics.median(each) * 1e3:,.2f}"] for name, each in taken.items()]
    title = f"runs: {RUNS:,} of {STEPS:,} steps, {len(NAMES)} values each, {size / 1e6:,.0f} MB"
    table(title, ["asked of the store", "ms"], rows)


def _first_list(store: RunStore) -> None:
    """List the runs as a process does that has not seen them yet."""
    records._config.cache_clear()
    records._labels.cache_clear()
    store.runs()


def _points(first: int, steps: int) -> Iterator[MetricPoint]:
    for step in range(first, first + steps):
        for name in NAMES:
            yield MetricPoint(step, "train", name, math.exp(-step / 500), step * 0.01)


def _filled(store: RunStore) -> list[str]:
    """Enter runs that have ended, with a recipe and curves each, and return their ids."""
    ids = []
    for seed in range(RUNS):
        run_id = store.submit(RunConfig(seed=seed), state="starting", name=f"run {seed}")
        store.begin(run_id, 0, STEPS, labels={"layers": [f"layers.{n}" for n in range(20)]})
        store.record(run_id, _points(1, STEPS if not seed else 1), STEPS, STEPS)
        store.end(run_id, "finished")
        ids.append(run_id)
    with sqlite3.connect(store.folder / "runs.db") as database:  # as record would, without Python
        for run_id in ids[1:]:
            database.execute(
                "INSERT INTO metrics (run, step, split, name, value, seconds) "
                "SELECT ?, step, split, name, value, seconds FROM metrics WHERE run = ?",
                (run_id, ids[0]),
            )
    database.close()
    return ids


def _tensorboard(folder: Path, runs: int):
    """Write as many curves as TensorBoard keeps them; return what reads them, or None."""
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    for run in range(runs):
        with SummaryWriter(str(folder / f"events-{run}")) as writer:
            for point in _points(1, STEPS):
                writer.add_scalar(f"train/{point.name}", point.value, point.step)

    def read() -> None:
        for run in range(runs):
            events = EventAccumulator(str(folder / f"events-{run}"), size_guidance={"scalars": 0})
            events.Reload()
            for tag in events.Tags()["scalars"]:
                events.Scalars(tag)

    return read


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s")
