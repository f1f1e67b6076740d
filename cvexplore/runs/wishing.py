"""What a page or the command line may want of the runs."""

import json
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import Any

from cvexplore.errors import RunError
from cvexplore.runs.reading import Reading
from cvexplore.runs.records import ENDED, Run, read_run, write_changes
from cvexplore.training.config import Change, RunConfig, steered

_NAME_LETTERS = 200


class Wishing(Reading):
    """The wishes; whoever runs a run reads them there."""

    def submit(
        self,
        config: RunConfig,
        *,
        state: str = "queued",
        kind: str = "train",
        owner: str = "",
        name: str = "",
        group: str = "",
        tags: Iterable[str] = (),
        target: str = "",
    ) -> str:
        """Enter a run and return its id; the runner starts it when a slot is free.

        Args:
            config: the recipe.
            state: "queued", or "starting" if the caller trains it.
            kind: "train", "lr_find", "estimate" or "test".
            owner: who sends it; waiting runs take turns by owner.
            name: what people call it.
            group: the id of the group it belongs to.
            tags: words to find it by.
            target: the run that a "test" measures.

        Raises:
            CvexploreError: the recipe has a name or value that does not exist.
        """
        row = {
            "id": _new_id(),
            "created": time.time(),
            "config": config.checked().to_json(),
            "state": state,
            "kind": kind,
            "owner": owner,
            "name": _one_line(name),
            '"group"': group,
            "tags": _tags(tags),
            "target": target,
        }
        query = f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
        with self._transaction() as database:
            database.execute(query, tuple(row.values()))
        return row["id"]

    def want(self, run_id: str, what: str) -> None:
        """Say what is wanted of a run: "stop" or "pause"; one that waits obeys at once.

        Raises:
            RunError: something else is wanted.
        """
        if what not in ("stop", "pause"):
            raise RunError(f"{what!r} cannot be wanted of a run; what can: stop, pause.")
        self.run(run_id)
        state, idle = (
            ("stopped", "'queued', 'paused'") if what == "stop" else ("paused", "'queued'")
        )
        with self._transaction() as database:
            database.execute(
                f"UPDATE runs SET want = ? WHERE id = ? "
                f"AND state IN ('starting', 'running', 'stopping', {idle})",
                (what, run_id),
            )
            database.execute(
                f"UPDATE runs SET state = ?, ended = ? WHERE id = ? AND state IN ({idle})",
                (state, time.time(), run_id),
            )

    def resume(self, run_id: str) -> None:
        """Queue a run again that was paused or ended early; it goes on from its last checkpoint.

        Raises:
            RunError: it is still active, or finished.
        """
        with self._transaction() as database:
            queued = _queue(database, run_id, "stopped", "failed", "lost", "paused")
        if not queued:
            state = self.run(run_id).state
            raise RunError(f"Run {run_id} is {state}; only a run that ended early can go on.")

    def extend(self, run_id: str, epochs: int) -> None:
        """Let a run have more epochs in all: one that trains is steered, one that ended goes on.

        Raises:
            RunError: it has as many already, or left nothing to go on from.
            OptionError: a run cannot have so many.
        """
        epochs = int(steered("epochs", epochs))
        self.run(run_id)
        with self._transaction() as database:  # in which it stays in the state it is found in
            row = database.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            run = read_run(row)
            self._check_extension(run, epochs)
            if run.state in ("starting", "running"):
                _wish(database, run_id, "epochs", epochs)
                return
            changes = (*run.changes, Change(run.step, "epochs", epochs))
            database.execute(
                "UPDATE runs SET changes = ? WHERE id = ?", (write_changes(changes), run_id)
            )
            _queue(database, run_id, *ENDED)

    def _check_extension(self, run: Run, epochs: int) -> None:
        run_id = run.id
        if run.state == "stopping":
            raise RunError(f"Run {run_id} is stopping; give it more epochs once it has stopped.")
        if run.config.steps:
            raise RunError(f"Run {run_id} goes by steps, not by epochs; start one with more steps.")
        if epochs <= (now := _epochs(run)):
            raise RunError(f"Run {run_id} has {now} epochs; ask for more than that in all.")
        if run.state == "finished" and not (self.folder / run_id / "checkpoint.pt").exists():
            raise RunError(
                f"Run {run_id} kept nothing to go on from; start one from its weights instead."
            )

    def steer(self, run_id: str, name: str, value: float) -> None:
        """Change a field of a run's recipe while it trains, from its next step on.

        Raises:
            RunError: it does not train.
            OptionError: this field cannot be changed then, or not to this value.
        """
        value = steered(name, value)
        self.run(run_id)
        with self._transaction() as database:
            taken = _wish(database, run_id, name, value)
        if not taken:
            state = self.run(run_id).state
            raise RunError(f"Run {run_id} is {state}; only a run that trains can be steered.")

    # ---------------------------------------------------------------- what people call it

    def describe(
        self,
        run_id: str,
        *,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
    ) -> None:
        """Give a run a name, tags or a note; what is None stays as it is."""
        self.run(run_id)
        given = {
            "name": None if name is None else _one_line(name),
            "tags": None if tags is None else _tags(tags),
            "note": note,
        }
        with self._transaction() as database:
            for column, value in given.items():
                if value is not None:
                    database.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run_id))

    def delete(self, run_id: str) -> None:
        """Throw a run away, and stop it if it is active; ``restore`` brings it back for a day."""
        self.want(run_id, "stop")
        self._set_deleted(run_id, time.time())

    def restore(self, run_id: str) -> None:
        """Bring a run back that was thrown away."""
        self.run(run_id)
        self._set_deleted(run_id, None)

    def purge(self, run_id: str) -> None:
        """Remove a run and its folder for good.

        Raises:
            RunError: it is still active.
        """
        if (run := self.run(run_id)).active:
            raise RunError(f"Run {run_id} is {run.state}; stop it before it is removed.")
        with self._transaction() as database:
            for table in ("metrics", "vectors", "wishes"):
                database.execute(f"DELETE FROM {table} WHERE run = ?", (run_id,))
            database.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        shutil.rmtree(self.folder / run_id, ignore_errors=True)

    # ---------------------------------------------------------------- groups

    def new_group(self, title: str, kind: str, about: Mapping[str, Any], owner: str = "") -> str:
        """Enter a group that runs may be sent to, and return its id.

        Args:
            title: what people call it.
            kind: "sweep", "folds", …
            about: what its page must know, as JSON can hold it.
            owner: who sends it.
        """
        group_id = _new_id()
        row = (group_id, time.time(), kind, _one_line(title), owner, json.dumps(dict(about)))
        with self._transaction() as database:
            database.execute("INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?)", row)
        return group_id

    def test_best(self, run_id: str) -> str:
        """Send a job that measures a run on its test split, and return the job's id.

        A test split says how good the chosen run is only as long as it did not help to choose: it
        is measured once for each run, and once for each group.

        Raises:
            RunError: that was done already, or there is nothing to measure.
        """
        run = self.run(run_id)
        if not run.config.test:
            raise RunError(f"Run {run_id} held out no pictures to test on; its test share is 0.")
        if not (self.folder / run_id / "weights.safetensors").exists():
            raise RunError(f"Run {run_id} is {run.state} and has no weights to test yet.")
        # Entered before it is sent, and taken back if another was first: two may ask at once.
        job = self.submit(
            run.config,
            state="asked",
            kind="test",
            owner=run.owner,
            group=run.group,
            target=run_id,
        )
        same = "target = ?" if not run.group else '"group" = ?'
        with self._transaction() as database:
            sent = database.execute(
                f"UPDATE runs SET state = 'queued' WHERE id = ? AND NOT EXISTS (SELECT 1 FROM runs "
                f"WHERE kind = 'test' AND {same} "
                f"AND state NOT IN ('asked', 'failed', 'lost', 'stopped'))",
                (job, run.group or run_id),
            )
            if not sent.rowcount:
                database.execute("DELETE FROM runs WHERE id = ?", (job,))
        if not sent.rowcount:
            where = "This run" if not run.group else "A run of this group"
            raise RunError(
                f"{where} was measured on the test split already, and that is done once."
            )
        return job

    # ---------------------------------------------------------------- one row

    def _set_deleted(self, run_id: str, when: float | None) -> None:
        with self._transaction() as database:
            database.execute("UPDATE runs SET deleted = ? WHERE id = ?", (when, run_id))


def _queue(database: sqlite3.Connection, run_id: str, *states: str) -> bool:
    """Let a run in one of these states wait again; return whether it does."""
    done = database.execute(
        "UPDATE runs SET state = 'queued', want = 'run', ended = NULL, message = '', "
        "crashes = 0, deleted = NULL "
        f"WHERE id = ? AND state IN ({', '.join('?' * len(states))})",
        (run_id, *states),
    )
    if done.rowcount:
        database.execute("DELETE FROM wishes WHERE run = ?", (run_id,))
    return bool(done.rowcount)


def _wish(database: sqlite3.Connection, run_id: str, name: str, value: float) -> bool:
    """Enter what is to change in a run if it trains; return whether it does."""
    done = database.execute(
        "INSERT INTO wishes (run, name, value) "
        "SELECT id, ?, ? FROM runs WHERE id = ? AND state IN ('starting', 'running')",
        (name, value, run_id),
    )
    return bool(done.rowcount)


def _new_id() -> str:
    return time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(4)


def _epochs(run: Run) -> int:
    asked = [change.value for change in run.recipe.changes if change.name == "epochs"]
    return int(asked[-1]) if asked else run.config.epochs


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_NAME_LETTERS]


def _tags(tags: Iterable[str]) -> str:
    return json.dumps(list(dict.fromkeys(filter(None, map(_one_line, tags)))))
