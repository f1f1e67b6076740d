"""The tables of ``runs.db``, and how a file of an earlier version becomes one of today's.

``PRAGMA user_version`` says which version wrote the file: 0 had two tables without names, owners or
groups. A file is brought up to date when it is opened, in steps that lose nothing.
"""

import sqlite3

from cvexplore.errors import RunError

VERSION = 1

_FIRST = """
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

# version -> what makes it of the version before
_STEPS = {
    1: """
ALTER TABLE runs ADD COLUMN kind    TEXT NOT NULL DEFAULT 'train';
ALTER TABLE runs ADD COLUMN name    TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN owner   TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN tags    TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN note    TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN "group" TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN target  TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN labels  TEXT NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN process INTEGER;
ALTER TABLE runs ADD COLUMN deleted REAL;
-- The number of a row that was deleted is not given again: readers ask for what came after one.
ALTER TABLE metrics RENAME TO metrics_before;
CREATE TABLE metrics (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    run     TEXT NOT NULL,
    step    INTEGER NOT NULL,
    split   TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   REAL,
    seconds REAL NOT NULL
);
INSERT INTO metrics SELECT * FROM metrics_before;
DROP TABLE metrics_before;
CREATE INDEX metrics_by_run ON metrics (run, number);
CREATE INDEX runs_by_time ON runs (kind, created);
CREATE INDEX runs_by_group ON runs ("group");
CREATE TABLE vectors (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    run     TEXT NOT NULL,
    step    INTEGER NOT NULL,
    split   TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   BLOB NOT NULL,
    seconds REAL NOT NULL
);
CREATE INDEX vectors_by_run ON vectors (run, name, number);
CREATE TABLE wishes (
    number INTEGER PRIMARY KEY,
    run    TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  REAL NOT NULL
);
CREATE INDEX wishes_by_run ON wishes (run, number);
CREATE TABLE groups (
    id      TEXT PRIMARY KEY,
    created REAL NOT NULL,
    kind    TEXT NOT NULL,
    title   TEXT NOT NULL,
    owner   TEXT NOT NULL,
    about   TEXT NOT NULL
);
""",
}


def bring_up_to_date(database: sqlite3.Connection) -> None:
    """Make the tables, or what an earlier version's lack; each step is done whole or not at all.

    Raises:
        RunError: a later version wrote the file.
    """
    ((found,),) = database.execute("PRAGMA user_version")
    if found > VERSION:
        raise RunError("The runs were written by a later version of cvexplore; install that one.")
    if found == VERSION:
        return
    database.execute("PRAGMA journal_mode=WAL")
    database.executescript(_FIRST)
    for version in range(found + 1, VERSION + 1):
        steps = f"BEGIN IMMEDIATE; {_STEPS[version]} PRAGMA user_version={version}; COMMIT;"
        database.executescript(steps)
