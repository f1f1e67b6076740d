"""Files that other versions wrote: an earlier one's is brought up to date, a later one's is told.

``old_store.sql`` is what the version before names, owners and groups wrote: a run that finished,
one that was stopped while it waited, and one that still waits.
"""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cvexplore.errors import RunError
from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.runs.schema import VERSION
from tests.runs.conftest import recipe

OLD = Path(__file__).with_name("old_store.sql").read_text()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return the folder of a file that an earlier version wrote."""
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.executescript(OLD)
    database.close()
    return tmp_path


def test_runs_of_an_earlier_version_are_as_they_were(old: Path) -> None:
    with sqlite3.connect(old / "runs.db") as database:
        before = database.execute(
            "SELECT step, split, name, value, seconds FROM metrics"
        ).fetchall()
    store = RunStore(old)
    waiting, stopped, finished = store.runs()
    assert [run.state for run in (waiting, stopped, finished)] == ["queued", "stopped", "finished"]
    assert finished.config.optimizer == Choice("sgd")  # once a word
    assert finished.config.checked() == recipe(epochs=1, optimizer=Choice("sgd")).checked()
    assert (finished.name, finished.owner, finished.kind, finished.changes) == ("", "", "train", ())
    points, _ = store.metrics(finished.id)
    assert [(p.step, p.split, p.name, p.value, p.seconds) for p in points] == before
    assert len(points) == 17


def test_they_live_on(old: Path) -> None:
    store = RunStore(old)
    waiting, stopped, _ = store.runs()
    store.describe(stopped.id, name="an old one", tags=["old"])
    store.resume(stopped.id)
    assert [run.id for run in iter(store.claim, None)] == [stopped.id, waiting.id]
    assert (store.run(stopped.id).name, store.run(stopped.id).tags) == ("an old one", ("old",))


def columns(folder: Path) -> dict[str, set[tuple[str, str]]]:
    with sqlite3.connect(folder / "runs.db") as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
        return {
            name: {(row[1], row[2]) for row in database.execute(f'PRAGMA table_info("{name}")')}
            for name in tables
        }


def test_an_old_file_becomes_what_a_new_one_is(
    old: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    new = tmp_path_factory.mktemp("new")
    RunStore(old)
    RunStore(new)
    assert columns(old) == columns(new)


def test_of_many_who_open_an_old_file_one_brings_it_up_to_date(old: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: RunStore(old), range(6)))
    assert {len(store.runs()) for store in stores} == {3}


def test_a_change_that_fails_leaves_the_old_file_whole(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cvexplore.runs import schema

    before = columns(old)
    monkeypatch.setitem(schema._STEPS, 1, f"{schema._STEPS[1]} SELECT * FROM nothing;")
    with pytest.raises(RunError):
        RunStore(old)
    assert columns(old) == before
    monkeypatch.undo()
    assert len(RunStore(old).runs()) == 3


def test_a_later_versions_file_is_told_and_kept(tmp_path: Path) -> None:
    RunStore(tmp_path)
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(RunError, match="later version"):
        RunStore(tmp_path)
