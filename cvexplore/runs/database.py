"""The file ``runs.db``: opened for each use, written in whole transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cvexplore import folders
from cvexplore.errors import RunError
from cvexplore.runs.schema import bring_up_to_date


class Database:
    """The runs' file in one folder.

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
                bring_up_to_date(database)
        except OSError as error:
            raise RunError(
                f"The runs folder {self.folder} cannot be written: {error.strerror}."
            ) from None

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
