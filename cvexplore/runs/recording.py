"""What the runner and the workers write of the runs."""

import json
import math
import os
import sqlite3
import time
from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cvexplore.runs.living import AT_WORK
from cvexplore.runs.reading import Reading, start_order
from cvexplore.runs.records import (
    ACTIVE,
    Run,
    json_number,
    lower_is_better,
    number,
    read_changes,
    read_run,
    write_changes,
)
from cvexplore.training.config import Change, MetricPoint, VectorPoint


class Recorded(NamedTuple):
    """The numbers of the last point and the last vector that are in the store."""

    points: int = 0
    vectors: int = 0


@dataclass(frozen=True)
class Wish:
    """A field of the recipe that somebody wants changed."""

    number: int
    name: str
    value: float


class Recording(Reading):
    """The records."""

    def claim(self, kinds: Collection[str] = ()) -> Run | None:
        """Take the run that is next for this process, or None; no two processes get the same.

        Args:
            kinds: only of these, or of all.
        """
        if not self.queue(kinds):
            return None  # without keeping any writer waiting
        with self._transaction() as database:
            run_id = next(start_order(database, kinds), None)
            if run_id is None:
                return None
            database.execute(
                "UPDATE runs SET state = 'starting', heartbeat = ? WHERE id = ?",
                (time.time(), run_id),
            )
            row = database.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        return read_run(row)

    def begin(
        self,
        run_id: str,
        step: int,
        steps: int,
        recorded: Recorded = Recorded(),  # noqa: B008  (it is a value, as 0 is)
        labels: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Say that this process trains a run from this step.

        Measurements after ``recorded`` never were, but for a test, which is made once.
        """
        now = time.time()
        names = {name: list(words) for name, words in (labels or {}).items()}
        with self._transaction() as database:
            done = database.execute(
                "UPDATE runs SET state = 'running', started = coalesce(started, ?), heartbeat = ?, "
                "step = ?, steps = ?, labels = ?, process = ? "
                "WHERE id = ? AND state IN ('starting', 'running')",
                (now, now, step, steps, json.dumps(names), os.getpid(), run_id),
            )
            if done.rowcount:  # else it was ended from outside
                _forget(database, run_id, recorded)

    def record(
        self,
        run_id: str,
        points: Iterable[MetricPoint | VectorPoint],
        step: int,
        steps: int,
        *,
        status: Mapping[str, float] | None = None,
        changes: tuple[Change, ...] = (),
        wishes: Iterable[Wish] = (),
    ) -> Recorded:
        """Add measurements and say where the run stands; return the numbers of the last ones.

        Args:
            run_id: of this run.
            points: what was measured since the last time.
            step: optimiser steps done, of ``steps``.
            steps: of the whole run.
            status: what is no measurement but good to know now, kept as "status/…".
            changes: what was changed since the last time.
            wishes: those that have been seen to.
        """
        with self._transaction() as database:
            _insert(database, run_id, points, status or {})
            ((changed, *numbers),) = database.execute(
                "SELECT changes, (SELECT max(number) FROM metrics WHERE run = id), "
                "(SELECT max(number) FROM vectors WHERE run = id) FROM runs WHERE id = ?",
                (run_id,),
            )
            text = write_changes((*read_changes(changed), *changes))
            database.execute(
                "UPDATE runs SET heartbeat = ?, step = ?, steps = ?, changes = ? WHERE id = ?",
                (time.time(), step, steps, text, run_id),
            )
            database.executemany(
                "DELETE FROM wishes WHERE number = ?", [(wish.number,) for wish in wishes]
            )
        return Recorded(*(each or 0 for each in numbers))

    def add(self, run_id: str, points: Iterable[MetricPoint | VectorPoint]) -> None:
        """Add measurements to a run that another process made of it."""
        with self._transaction() as database:
            _insert(database, run_id, points, {})

    def end(self, run_id: str, state: str, message: str = "") -> bool:
        """Say how a run ended, or that it pauses; one that has ended already stays as it is.

        Returns:
            Whether it was still active.
        """
        return self._settle(run_id, state, message, ACTIVE)

    def finish(self, run_id: str, message: str = "") -> bool:
        """Say that a run has trained to its end, unless it was to have more epochs meanwhile.

        Returns:
            Whether it is so now.
        """
        return self._settle(
            run_id,
            "finished",
            message,
            ACTIVE,
            "NOT EXISTS (SELECT 1 FROM wishes WHERE run = runs.id AND name = 'epochs')",
        )

    def end_unheeding(self, run_id: str, state: str, message: str) -> bool:
        """Say that a run was stopped from outside, unless it has noticed what is wanted of it."""
        return self._settle(run_id, state, message, ("starting", "running"))

    def heed(self, run_id: str) -> bool:
        """Say that a run has noticed it is to stop or pause, unless it was ended already."""
        with self._transaction() as database:
            done = database.execute(
                "UPDATE runs SET state = 'stopping' WHERE id = ? AND state = 'running'", (run_id,)
            )
        return bool(done.rowcount)

    def wanted(self, run_id: str) -> str:
        """Return what is wanted of a run: "run", "pause" or "stop"."""
        with self._connection() as database:
            query = "SELECT want FROM runs WHERE id = ?"
            row = database.execute(query, (run_id,)).fetchone()
        return row["want"] if row else "stop"  # it was removed

    def wishes(self, run_id: str) -> tuple[Wish, ...]:
        """Return what somebody wants changed of a run and that has not been seen to."""
        query = "SELECT number, name, value FROM wishes WHERE run = ? ORDER BY number"
        with self._connection() as database:
            return tuple(Wish(*row) for row in database.execute(query, (run_id,)))

    def at_work(self) -> tuple[Run, ...]:
        """Return the runs that have, or should have, a process."""
        query = f"SELECT * FROM runs WHERE state IN {AT_WORK}"
        with self._connection() as database:
            return tuple(map(read_run, database.execute(query)))

    def _settle(
        self, run_id: str, state: str, message: str, if_: tuple[str, ...], also: str = "TRUE"
    ) -> bool:
        with self._transaction() as database:
            done = database.execute(
                f"UPDATE runs SET state = ?, message = ?, ended = ? WHERE id = ? "
                f"AND state IN ({', '.join('?' * len(if_))}) AND {also}",
                (state, message, time.time(), run_id, *if_),
            )
            if done.rowcount:
                database.execute("DELETE FROM wishes WHERE run = ?", (run_id,))
        return bool(done.rowcount)


def _forget(database: sqlite3.Connection, run_id: str, recorded: Recorded) -> None:
    """Delete the rows after these, and find the last and best values among those that are left."""
    deleted = 0
    for table, last in zip(("metrics", "vectors"), recorded, strict=True):
        query = f"DELETE FROM {table} WHERE run = ? AND number > ? AND split != 'test'"
        deleted += database.execute(query, (run_id, last)).rowcount
    if not deleted:
        return
    ((before,),) = database.execute("SELECT latest FROM runs WHERE id = ?", (run_id,))
    kept = {key: v for key, v in json.loads(before).items() if key.startswith("status/")}
    rows = "SELECT run, step, split, name, value, seconds FROM metrics WHERE run = ?"
    validated = database.execute(f"{rows} AND split = 'validation'", (run_id,)).fetchall()
    query = (
        "SELECT split, name, value FROM metrics WHERE number IN "
        "(SELECT max(number) FROM metrics WHERE run = ? GROUP BY split, name)"
    )
    last = {
        f"{split}/{name}": json_number(number(value))
        for split, name, value in database.execute(query, (run_id,))
    }
    text = json.dumps(kept | last | _best({}, validated))
    database.execute("UPDATE runs SET latest = ? WHERE id = ?", (text, run_id))


def _insert(
    database: sqlite3.Connection,
    run_id: str,
    points: Iterable[MetricPoint | VectorPoint],
    status: Mapping[str, float],
) -> None:
    """Add rows, and keep the last value of each measurement with the run."""
    scalars, vectors = [], []
    news = {f"status/{name}": json_number(value) for name, value in status.items()}
    for p in points:
        row = (run_id, p.step, p.split, p.name)
        if isinstance(p, VectorPoint):
            vectors.append((*row, array("f", p.values).tobytes(), p.seconds))
        else:
            scalars.append((*row, p.value, p.seconds))
            news[f"{p.split}/{p.name}"] = json_number(p.value)
    for table, rows in (("metrics", scalars), ("vectors", vectors)):
        database.executemany(
            f"INSERT INTO {table} (run, step, split, name, value, seconds) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
    ((latest,),) = database.execute("SELECT latest FROM runs WHERE id = ?", (run_id,))
    before = json.loads(latest)
    text = json.dumps(before | news | _best(before, scalars))
    database.execute("UPDATE runs SET latest = ? WHERE id = ?", (text, run_id))


def _best(before: Mapping[str, float], rows: Iterable[Iterable[Any]]) -> dict[str, float]:
    """Return the best values of the validation split so far: a loss is best where it is lowest."""
    found = {key: value for key, value in before.items() if key.startswith("best/")}
    for _, _, split, name, value, _ in rows:
        if split == "validation" and math.isfinite(number(value)):
            better = min if lower_is_better(name) else max
            key = f"best/validation/{name}"
            found[key] = better(found.get(key, value), value)
    return found
