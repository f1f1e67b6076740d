"""What anybody may ask of the runs."""

import sqlite3
from array import array
from collections.abc import Collection, Iterator, Mapping

from cvexplore.errors import UnknownName
from cvexplore.runs.fairness import Waiting, fair_order
from cvexplore.runs.living import AT_WORK, Living
from cvexplore.runs.records import Curve, Group, Run, number, read_group, read_run
from cvexplore.training.config import MetricPoint, VectorPoint

# A test that came to nothing may be done again.
_GROUPS = """
SELECT *, coalesce((
    SELECT target FROM runs WHERE "group" = groups.id AND kind = 'test'
    AND state NOT IN ('failed', 'lost', 'stopped')
), '') AS tested FROM groups
"""


class Reading(Living):
    """The questions."""

    def runs(
        self,
        *,
        limit: int = 1000,
        kind: str | None = "train",
        group: str | None = None,
        deleted: bool = False,
    ) -> tuple[Run, ...]:
        """Return the runs, the newest first.

        Args:
            limit: at most so many.
            kind: only of this kind; None for all.
            group: only of this group; None for all, "" for those of none.
            deleted: those that were thrown away instead of those that were not.
        """
        where = ["(deleted IS NOT NULL) = ?"]
        values: list[bool | str] = [deleted]
        for column, value in (("kind", kind), ('"group"', group)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        query = f"SELECT * FROM runs WHERE {' AND '.join(where)} ORDER BY created DESC LIMIT ?"
        with self._connection() as database:
            rows = database.execute(query, (*values, limit)).fetchall()
            if self._lose_silent(rows):
                rows = database.execute(query, (*values, limit)).fetchall()
            return tuple(map(read_run, rows))

    def run(self, run_id: str) -> Run:
        """Return one run, of whatever kind, deleted or not.

        Raises:
            UnknownName: there is none; the message offers the nearest.
        """
        with self._connection() as database:
            query = "SELECT * FROM runs WHERE id = ?"
            row = database.execute(query, (run_id,)).fetchone()
            if row and self._lose_silent([row]):
                row = database.execute(query, (run_id,)).fetchone()
            if row is None:
                raise UnknownName("run", run_id, sorted(self.ids()))
            return read_run(row)

    def ids(self) -> set[str]:
        """Return the ids of all runs, of whatever kind, deleted or not."""
        with self._connection() as database:
            return {row["id"] for row in database.execute("SELECT id FROM runs")}

    def metrics(self, run_id: str, since: int = 0) -> tuple[list[MetricPoint], int]:
        """Return a run's measurements after number ``since``, and the number of the last."""
        query = "SELECT * FROM metrics WHERE run = ? AND number > ? ORDER BY number"
        with self._connection() as database:
            rows = database.execute(query, (run_id, since)).fetchall()
        points = [
            MetricPoint(
                row["step"], row["split"], row["name"], number(row["value"]), row["seconds"]
            )
            for row in rows
        ]
        return points, rows[-1]["number"] if rows else since

    def curves(self, run_id: str) -> Mapping[tuple[str, str], Curve]:
        """Return all that was measured of a run, by (split, name)."""
        query = (
            "SELECT split, name, step, value, seconds FROM metrics WHERE run = ? ORDER BY number"
        )
        found: dict[tuple[str, str], Curve] = {}
        with self._connection() as database:
            database.row_factory = None  # plain tuples: a run has many thousand
            for split, name, step, value, seconds in database.execute(query, (run_id,)):
                curve = found.get((split, name))
                if curve is None:
                    curve = found[split, name] = Curve([], [], [])
                curve.steps.append(step)
                curve.values.append(number(value))
                curve.seconds.append(seconds)
        return found

    def vectors(
        self, run_id: str, name: str, split: str = "train", since: int = -1
    ) -> list[VectorPoint]:
        """Return what was measured a layer, or a pair of classes, after step ``since``."""
        query = (
            "SELECT step, value, seconds FROM vectors "
            "WHERE run = ? AND name = ? AND split = ? AND step > ? ORDER BY number"
        )
        with self._connection() as database:
            return [
                VectorPoint(step, split, name, tuple(array("f", value)), seconds)
                for step, value, seconds in database.execute(query, (run_id, name, split, since))
            ]

    def queue(self, kinds: Collection[str] = ()) -> tuple[str, ...]:
        """Return the waiting runs of these kinds, or of all, the next one first."""
        with self._connection() as database:
            return tuple(start_order(database, kinds))

    def queue_place(self, run_id: str) -> int:
        """Return a waiting run's place in the queue: 1 is the next; 0 if it does not wait."""
        return next((place for place, each in enumerate(self.queue(), 1) if each == run_id), 0)

    def groups(self) -> tuple[Group, ...]:
        """Return the groups, the newest first."""
        with self._connection() as database:
            return tuple(map(read_group, database.execute(f"{_GROUPS} ORDER BY created DESC")))

    def group(self, group_id: str) -> Group:
        """Return one group.

        Raises:
            UnknownName: there is none; the message offers the nearest.
        """
        with self._connection() as database:
            row = database.execute(f"{_GROUPS} WHERE id = ?", (group_id,)).fetchone()
            if row is None:
                known = [each["id"] for each in database.execute("SELECT id FROM groups")]
                raise UnknownName("group of runs", group_id, known)
            return read_group(row)


def start_order(database: sqlite3.Connection, kinds: Collection[str] = ()) -> Iterator[str]:
    """Yield the waiting runs of these kinds, or of all, in the order they are to be started."""
    at_work = database.execute(
        f"SELECT owner, count(*) FROM runs WHERE state IN {AT_WORK} GROUP BY owner"
    )
    active = {owner: count for owner, count in at_work}  # noqa: C416  (rows are no pairs)
    query = "SELECT id, owner, kind FROM runs WHERE state = 'queued' ORDER BY created"
    waiting = [Waiting(*row) for row in database.execute(query)]
    return fair_order([each for each in waiting if not kinds or each.kind in kinds], active)
