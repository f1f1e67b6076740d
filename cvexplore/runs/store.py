"""The table of runs and their measurements: one SQLite file, many readers, no torch.

Readers and writers do not block each other (write-ahead log); each process writes its own rows. The
page writes only what is wanted of a run, the worker everything else.
"""

import json
import math
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvexplore import folders
from cvexplore.errors import RunError, UnknownName
from cvexplore.training.config import MetricPoint, RunConfig

ACTIVE = ("queued", "starting", "running", "stopping")
ENDED = ("finished", "stopped", "failed", "lost")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id        TEXT PRIMARY KEY,
    created   REAL NOT NULL,
    started   REAL,
    ended     REAL,
    config    TEXT NOT NULL,
    state     TEXT NOT NULL,
    want      TEXT NOT NULL DEFAULT 'run',
    heartbeat REAL,
    step      INTEGER NOT NULL DEFAULT 0,
    steps     INTEGER NOT NULL DEFAULT 0,
    latest    TEXT NOT NULL DEFAULT '{}',
    message   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state);
CREATE TABLE IF NOT EXISTS metrics (
    number  INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    step    INTEGER NOT NULL,
    split   TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   REAL,
    seconds REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS metrics_by_run ON metrics (run, number);
"""


@dataclass(frozen=True)
class Run:
    """One run as the store knows it.

    Args:
        id: made by the store.
        created: seconds since 1970, as are ``started`` and ``ended``.
        config: its recipe.
        state: queued, starting, running, stopping; then finished, stopped, failed or lost.
        want: what is wanted of it: "run" or "stop".
        step: optimiser steps done, of ``steps``.
        latest: the last value of each measurement, by "split/name".
        message: why it failed.
    """

    id: str
    created: float
    started: float | None
    ended: float | None
    config: RunConfig
    state: str
    want: str
    heartbeat: float | None
    step: int
    steps: int
    latest: Mapping[str, float]
    message: str

    @property
    def active(self) -> bool:
        """Whether it waits or trains."""
        return self.state in ACTIVE


class RunStore:
    """The runs in one folder.

    Args:
        folder: where ``runs.db`` and a folder a run lie; by default the user's.

    Raises:
        RunError: the folder cannot be written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        from filelock import FileLock

        self.folder = folder or folders.runs()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # SQLite does not wait where two make the file at once: one of them would fail.
            with FileLock(self.folder / "store.lock"), self._connection() as database:
                database.execute("PRAGMA journal_mode=WAL")
                database.executescript(_SCHEMA)
        except OSError as error:
            raise RunError(
                f"The runs folder {self.folder} cannot be written: {error.strerror}."
            ) from None

    # ---------------------------------------------------------------- asking

    def runs(self, *, limit: int = 1000) -> tuple[Run, ...]:
        """Return the runs, the newest first."""
        with self._connection() as database:
            rows = database.execute("SELECT * FROM runs ORDER BY created DESC LIMIT ?", (limit,))
            return tuple(_run(row) for row in rows)

    def run(self, run_id: str) -> Run:
        """Return one run.

        Raises:
            UnknownName: there is none; the message offers the nearest.
        """
        with self._connection() as database:
            row = database.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                known = [each["id"] for each in database.execute("SELECT id FROM runs")]
                raise UnknownName("run", run_id, known)
            return _run(row)

    def metrics(self, run_id: str, since: int = 0) -> tuple[list[MetricPoint], int]:
        """Return a run's measurements after number ``since``, and the number of the last."""
        query = "SELECT * FROM metrics WHERE run = ? AND number > ? ORDER BY number"
        with self._connection() as database:
            rows = database.execute(query, (run_id, since)).fetchall()
        points = [
            MetricPoint(
                row["step"], row["split"], row["name"], _number(row["value"]), row["seconds"]
            )
            for row in rows
        ]
        return points, rows[-1]["number"] if rows else since

    # ---------------------------------------------------------------- wanting (pages, command line)

    def submit(self, config: RunConfig, *, state: str = "queued") -> str:
        """Enter a run and return its id; the runner starts it when a slot is free.

        Raises:
            CvexploreError: the recipe has a name or value that does not exist.
        """
        run_id = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(4)
        row = (run_id, time.time(), config.checked().to_json(), state)
        with self._transaction() as database:
            database.execute(
                "INSERT INTO runs (id, created, config, state) VALUES (?, ?, ?, ?)", row
            )
        return run_id

    def want(self, run_id: str, what: str) -> None:
        """Say what is wanted of a run: "stop"; one that still waits is stopped at once."""
        self.run(run_id)
        with self._transaction() as database:
            database.execute("UPDATE runs SET want = ? WHERE id = ?", (what, run_id))
            if what == "stop":
                database.execute(
                    "UPDATE runs SET state = 'stopped', ended = ? "
                    "WHERE id = ? AND state = 'queued'",
                    (time.time(), run_id),
                )

    def resume(self, run_id: str) -> None:
        """Queue a run again that ended early; it goes on from its last checkpoint.

        Raises:
            RunError: it is still active, or finished.
        """
        with self._transaction() as database:
            done = database.execute(
                "UPDATE runs SET state = 'queued', want = 'run', ended = NULL, message = '' "
                "WHERE id = ? AND state IN ('stopped', 'failed', 'lost')",
                (run_id,),
            )
        if not done.rowcount:
            state = self.run(run_id).state
            raise RunError(f"Run {run_id} is {state}; only a run that ended early can go on.")

    # ---------------------------------------------------------------- recording (runner, worker)

    def claim(self) -> Run | None:
        """Take the oldest waiting run for this process, or None; no two processes get the same."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT * FROM runs WHERE state = 'queued' ORDER BY created LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            database.execute(
                "UPDATE runs SET state = 'starting', heartbeat = ? WHERE id = ?",
                (time.time(), row["id"]),
            )
        return _run(row)

    def begin(self, run_id: str, step: int, steps: int, recorded: int = 0) -> None:
        """Say that a run trains from this step; measurements after ``recorded`` never were."""
        now = time.time()
        with self._transaction() as database:
            database.execute("DELETE FROM metrics WHERE run = ? AND number > ?", (run_id, recorded))
            database.execute(
                "UPDATE runs SET state = 'running', started = coalesce(started, ?), heartbeat = ?, "
                "step = ?, steps = ? WHERE id = ?",
                (now, now, step, steps, run_id),
            )

    def record(self, run_id: str, points: Iterable[MetricPoint], step: int, steps: int) -> int:
        """Add measurements and say where the run stands; return the number of its last one."""
        rows = [(run_id, p.step, p.split, p.name, p.value, p.seconds) for p in points]
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO metrics (run, step, split, name, value, seconds) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            ((text, number),) = database.execute(
                "SELECT latest, (SELECT max(number) FROM metrics WHERE run = id) "
                "FROM runs WHERE id = ?",
                (run_id,),
            )
            latest = json.loads(text) | {f"{row[2]}/{row[3]}": _json_number(row[4]) for row in rows}
            database.execute(
                "UPDATE runs SET heartbeat = ?, step = ?, steps = ?, latest = ? WHERE id = ?",
                (time.time(), step, steps, json.dumps(latest), run_id),
            )
        return number or 0

    def end(self, run_id: str, state: str, message: str = "") -> None:
        """Say how a run ended; one that has ended already stays as it is."""
        with self._transaction() as database:
            database.execute(
                f"UPDATE runs SET state = ?, message = ?, ended = ? WHERE id = ? "
                f"AND state IN ({', '.join('?' * len(ACTIVE))})",
                (state, message, time.time(), run_id, *ACTIVE),
            )

    def wanted(self, run_id: str) -> str:
        """Return what is wanted of a run."""
        with self._connection() as database:
            query = "SELECT want FROM runs WHERE id = ?"
            return database.execute(query, (run_id,)).fetchone()["want"]

    # ---------------------------------------------------------------- the file

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one use; threads and forked processes share no connection."""
        database = None
        try:
            database = sqlite3.connect(self.folder / "runs.db", timeout=10, isolation_level=None)
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA synchronous=NORMAL")
            yield database
        except sqlite3.Error as error:
            raise RunError(
                f"The runs in {self.folder} cannot be read or written: {error}."
            ) from None
        finally:
            if database is not None:
                database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")


def _run(row: sqlite3.Row) -> Run:
    values = dict(row)
    values["config"] = RunConfig.from_json(values["config"])
    values["latest"] = {key: _number(v) for key, v in json.loads(values["latest"]).items()}
    return Run(**values)


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)  # SQLite keeps not-a-number as NULL
