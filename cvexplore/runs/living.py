"""Which runs have a process: the lock in a run's folder is held as long as its process lives.

A heartbeat alone would not do: a process that waits for a busy disk is silent and alive. So whoever
reads the runs first looks after those that were silent for long, and what a page shows is true even
after the machine went down with the runner and all its workers.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterable

from cvexplore.errors import RunError
from cvexplore.runs.database import Database

SILENT_SECONDS = {"starting": 60.0, "running": 10.0, "stopping": 10.0}  # then it is looked after

UNSAID = "unsaid.txt"  # in a run's folder: how it ended, where the store could not be told
AT_WORK = "('starting', 'running', 'stopping')"  # the states of runs that have a process


class Living(Database):
    """The runs' processes."""

    def is_held(self, run_id: str) -> bool:
        """Return whether a process holds a run's lock."""
        from filelock import FileLock, Timeout

        folder = self.folder / run_id
        if not folder.is_dir():
            return False
        try:
            with FileLock(folder / "lock", timeout=0):
                return False
        except Timeout:
            return True

    def lose(self, run_id: str, how: str) -> bool:
        """Say that the process of a run is gone, if it is: the run goes on once by itself.

        A run that was to stop or pause has done so. One that is lost a second time since somebody
        let it run stays lost: it would crash again and again.

        Args:
            run_id: of this run.
            how: "ended by SIGKILL", as a part of a sentence.

        Returns:
            Whether it was.
        """
        if self.is_held(run_id):
            return False
        if (self.folder / run_id / UNSAID).exists():
            return self.fail_unsaid(run_id)
        now = time.time()
        again = "want = 'run' AND crashes = 0"
        with self._transaction() as database:
            done = database.execute(
                f"UPDATE runs SET message = 'Its process ' || ? || ' at step ' || step || ?, "
                f"ended = CASE WHEN {again} THEN NULL ELSE ? END, "
                f"state = CASE WHEN {again} THEN 'queued' WHEN want = 'stop' THEN 'stopped' "
                f"WHEN want = 'pause' THEN 'paused' ELSE 'lost' END, "
                f"crashes = crashes + 1 WHERE id = ? AND state IN {AT_WORK}",
                (how, f"; {self.goes_on(run_id)}.", now, run_id),
            )
        return bool(done.rowcount)

    def fail_unsaid(self, run_id: str) -> bool:
        """Say for a process that is gone what it could not: it came to its end by itself.

        Such a run does not go on by itself: what ended it, a full disk, would end it again.

        Returns:
            Whether nothing had been said.
        """
        if self.is_held(run_id):
            return False
        message = "It ended, but could not write how: the disk may be full."
        with contextlib.suppress(OSError):
            message = (self.folder / run_id / UNSAID).read_text() or message
        with self._transaction() as database:
            done = database.execute(
                "UPDATE runs SET state = 'failed', message = ?, ended = ? "
                f"WHERE id = ? AND state IN {AT_WORK}",
                (message, time.time(), run_id),
            )
        return bool(done.rowcount)

    def goes_on(self, run_id: str) -> str:
        """Return where a run goes on when it is let to, as the end of a sentence."""
        if (self.folder / run_id / "checkpoint.pt").exists():
            return "it goes on from its last checkpoint"
        return "it begins anew"

    def _lose_silent(self, rows: Iterable[sqlite3.Row]) -> bool:
        """Look after those of the runs that were silent for long; return whether any was lost."""
        now = time.time()
        silent = [
            row["id"]
            for row in rows
            if row["state"] in SILENT_SECONDS
            and now - (row["heartbeat"] or row["created"]) > SILENT_SECONDS[row["state"]]
        ]
        lost = False
        for run_id in silent:
            with contextlib.suppress(RunError, OSError):  # a full disk can still be read
                lost |= self.lose(run_id, "is gone")
        return lost
