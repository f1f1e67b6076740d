"""The store: nothing is lost, nothing counted twice, and a file that is no store is told."""

import contextlib
import math
import multiprocessing
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from cvexplore import folders
from cvexplore.errors import CvexploreError, RunError, UnknownName
from cvexplore.plugins import Choice
from cvexplore.runs import ENDED, RunStore
from cvexplore.training import MetricPoint, RunConfig, VectorPoint

FORK = multiprocessing.get_context("fork")  # the others would each import torch
RECIPE = RunConfig(dataset=Choice("digits"), epochs=3, seed=7)


def point(step: int, value: float = 0.5, name: str = "loss") -> MetricPoint:
    return MetricPoint(step, "train", name, value, 0.1 * step)


def claim(store: RunStore) -> str | None:
    run = store.claim()
    return run and run.id


@pytest.fixture
def started(store: RunStore) -> str:
    """Return the id of a run that trains."""
    run_id = store.submit(RECIPE)
    store.claim()
    store.begin(run_id, 0, 100)
    return run_id


# ------------------------------------------------------------------ one run's life


def test_the_store_lies_in_the_home(home: Path, store: RunStore) -> None:
    assert store.folder == home / "runs"
    assert [path.name for path in home.rglob("*.db")] == ["runs.db"]


def test_a_run_waits_trains_and_ends(store: RunStore) -> None:
    run_id = store.submit(RECIPE)
    run = store.run(run_id)
    assert (run.state, run.want, run.step, run.started, run.ended) == (
        "queued",
        "run",
        0,
        None,
        None,
    )
    assert run.config == RECIPE.checked()
    assert run.active
    assert claim(store) == run_id
    assert store.run(run_id).state == "starting"
    store.begin(run_id, 0, 100)
    assert store.run(run_id).state == "running"
    store.record(run_id, [point(1), point(1, 0.7, "accuracy")], step=1, steps=100)
    run = store.run(run_id)
    assert (run.step, run.steps) == (1, 100)
    assert run.latest == {"train/loss": 0.5, "train/accuracy": 0.7}
    store.end(run_id, "finished")
    run = store.run(run_id)
    assert run.state == "finished"
    assert not run.active
    assert run.created <= (run.started or 0) <= (run.heartbeat or 0) <= (run.ended or 0)


def test_a_recipe_that_does_not_work_is_not_entered(store: RunStore) -> None:
    with pytest.raises(UnknownName, match="simple_cnn"):
        store.submit(RunConfig(architecture="cvexplore/simple_cmm"))
    assert store.runs() == ()


def test_runs_are_listed_newest_first_and_started_oldest_first(store: RunStore) -> None:
    ids = [store.submit(RECIPE) for _ in range(4)]
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(limit=2)] == ids[:1:-1]
    assert [claim(store) for _ in range(5)] == [*ids, None]


def test_a_second_store_of_the_folder_sees_the_same(store: RunStore, started: str) -> None:
    store.record(started, [point(1)], 1, 100)
    assert RunStore(store.folder).run(started) == store.run(started)


@pytest.mark.parametrize("name", ["", "nothing", "../runs", "' OR 1=1 --", "x" * 500])
def test_an_unknown_run_is_unknown_whatever_is_asked_of_it(store: RunStore, name: str) -> None:
    for ask in (store.run, store.resume, lambda each: store.want(each, "stop")):
        with pytest.raises(UnknownName):
            ask(name)
    assert store.metrics(name) == ([], 0)


def test_a_wrong_id_offers_the_nearest(store: RunStore, started: str) -> None:
    with pytest.raises(UnknownName, match=started):
        store.run(started[:-1])


@pytest.mark.parametrize(
    "run_id", ["../../etc", "..", "/etc", "a/b", "A", "", ".", "x" * 65, "a\n"]
)
def test_no_name_becomes_a_path(run_id: str) -> None:
    with pytest.raises(RunError, match="is not the id of a run"):
        folders.run_weights(run_id)


def test_the_stores_own_ids_become_paths(store: RunStore) -> None:
    run_id = store.submit(RECIPE)
    assert folders.run(run_id) == store.folder / run_id


# ------------------------------------------------------------------ measurements


def test_each_measurement_is_read_once(store: RunStore, started: str) -> None:
    other = store.submit(RECIPE)
    seen, number = [], 0
    for step in range(1, 6):
        store.record(started, [point(step), point(step, name="accuracy")], step, 100)
        store.record(other, [point(step, 9.0)], step, 100)
        if step % 2:
            news, number = store.metrics(started, number)
            seen += news
    assert seen == [point(step, name=name) for step in range(1, 6) for name in ("loss", "accuracy")]
    assert store.metrics(started, number) == ([], number)
    assert store.metrics(started)[0] == seen


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_survives(store: RunStore, started: str, value: float) -> None:
    store.record(started, [point(1, value)], 1, 100)
    (found,), _ = store.metrics(started)
    assert found.value == value or (math.isnan(value) and math.isnan(found.value))
    assert math.isnan(store.run(started).latest["train/loss"])


def test_the_latest_values_are_kept_by_name(store: RunStore, started: str) -> None:
    store.record(started, [point(1, 3.0), point(1, 0.1, "accuracy")], 1, 100)
    store.record(started, [point(2, 2.0), point(3, 1.0)], 3, 100)
    assert store.run(started).latest == {"train/loss": 1.0, "train/accuracy": 0.1}


def test_beginning_again_forgets_what_came_after_the_checkpoint(
    store: RunStore, started: str
) -> None:
    recorded = store.record(started, [point(1), point(2)], 2, 100)
    other = store.submit(RECIPE)
    store.record(other, [point(1, 9.0)], 1, 100)
    store.record(started, [point(3), point(4)], 4, 100)
    store.begin(started, 2, 100, recorded)
    assert [each.step for each in store.metrics(started)[0]] == [1, 2]
    assert [each.value for each in store.metrics(other)[0]] == [9.0]
    assert store.run(started).step == 2


def test_beginning_again_knows_the_last_and_best_values_before_the_checkpoint(
    store: RunStore, started: str
) -> None:
    def measure(step: int, loss: float, accuracy: float) -> list[MetricPoint]:
        named = {"loss": loss, "class_loss": loss, "accuracy": accuracy}
        return [MetricPoint(step, "validation", name, v, 1.0) for name, v in named.items()]

    first = [*measure(1, 1.0, 0.5), *measure(2, 2.0, math.nan), point(2, 0.7)]
    recorded = store.record(started, first, 2, 100, status={"memory": 5.0})
    before = store.run(started).latest
    assert before["best/validation/class_loss"] == 1.0
    store.record(started, [*measure(3, 0.1, 0.9), point(3, 0.2), point(3, 1.0, "new")], 3, 100)
    store.begin(started, 2, 100, recorded)
    assert store.run(started).latest == pytest.approx(before, nan_ok=True)


def test_a_number_is_not_given_twice(store: RunStore, started: str) -> None:
    recorded = store.record(started, [point(1)], 1, 100)
    store.record(started, [point(2), point(3)], 3, 100)
    _, seen = store.metrics(started)
    store.begin(started, 1, 100, recorded)
    store.record(started, [point(2, 0.25)], 2, 100)
    assert [each.value for each in store.metrics(started, seen)[0]] == [0.25]


def test_curves_are_the_points_by_name(store: RunStore, started: str) -> None:
    points = [point(s, v, name) for s in range(9) for name, v in (("loss", 1 / (s + 1)), ("a", s))]
    store.record(started, [*points, point(9, math.nan)], 9, 100)
    curves = store.curves(started)
    assert set(curves) == {("train", "loss"), ("train", "a")}
    for (split, name), curve in curves.items():
        same = [p for p in store.metrics(started)[0] if (p.split, p.name) == (split, name)]
        assert curve.steps == [p.step for p in same]
        assert curve.values == pytest.approx([p.value for p in same], nan_ok=True)
        assert curve.seconds == [p.seconds for p in same]
    assert store.curves("nothing") == {}


def test_vectors_are_kept_as_single_precision(store: RunStore, started: str) -> None:
    values = (1.5, math.nan, 1e-3, math.inf)
    for step in (1, 2, 3):
        store.record(started, [VectorPoint(step, "train", "dead", values, 0.5)], step, 100)
    store.record(started, [VectorPoint(3, "validation", "confusion", (1, 2), 0.5)], 3, 100)
    (second, third) = store.vectors(started, "dead", since=1)
    assert (second.step, third.step) == (2, 3)
    assert second.values == pytest.approx(values, nan_ok=True)
    assert store.vectors(started, "confusion") == []
    (confusion,) = store.vectors(started, "confusion", "validation")
    assert confusion.values == (1, 2)


def test_the_best_of_the_validation_is_remembered(store: RunStore, started: str) -> None:
    for step, (loss, accuracy) in enumerate([(2.0, 0.2), (1.0, 0.9), (math.nan, 0.5)]):
        named = {"loss": loss, "accuracy": accuracy}
        points = [MetricPoint(step, "validation", name, v, 1.0) for name, v in named.items()]
        store.record(started, points, step, 100)
    latest = store.run(started).latest
    assert latest["best/validation/loss"] == 1.0
    assert latest["best/validation/accuracy"] == 0.9
    assert latest["validation/accuracy"] == 0.5


# ------------------------------------------------------------------ what is wanted


def test_stopping_a_run_that_waits_ends_it_at_once(store: RunStore) -> None:
    run_id = store.submit(RECIPE)
    store.want(run_id, "stop")
    assert store.run(run_id).state == "stopped"
    assert store.claim() is None


def test_stopping_a_run_that_trains_is_its_own_affair(store: RunStore, started: str) -> None:
    store.want(started, "stop")
    assert store.run(started).state == "running"
    assert store.wanted(started) == "stop"


@pytest.mark.parametrize("state", ENDED)
def test_a_run_that_has_ended_stays_as_it_is(store: RunStore, started: str, state: str) -> None:
    store.end(started, state, "first")
    before = store.run(started)
    store.end(started, "lost", "second")
    store.want(started, "stop")
    after = store.run(started)
    assert (after.state, after.message, after.ended) == (state, "first", before.ended)


@pytest.mark.parametrize("state", ["stopped", "failed", "lost"])
def test_a_run_that_ended_early_can_go_on(store: RunStore, started: str, state: str) -> None:
    store.want(started, "stop")
    store.end(started, state, "why")
    store.resume(started)
    run = store.run(started)
    assert (run.state, run.want, run.ended, run.message) == ("queued", "run", None, "")
    assert claim(store) == started


@pytest.mark.parametrize(("what", "state"), [("pause", "paused"), ("stop", "stopped")])
def test_a_run_that_waits_can_pause(store: RunStore, what: str, state: str) -> None:
    run_id = store.submit(RECIPE)
    store.want(run_id, "pause")
    assert store.run(run_id).state == "paused"
    assert not store.run(run_id).active
    assert store.claim() is None
    store.want(run_id, what)
    assert store.run(run_id).state == state
    store.resume(run_id)
    assert claim(store) == run_id


def test_only_a_stop_or_a_pause_can_be_wanted(store: RunStore, started: str) -> None:
    with pytest.raises(RunError, match="stop, pause"):
        store.want(started, "fly")
    assert store.wanted(started) == "run"


def test_a_run_that_was_ended_from_outside_does_not_begin(store: RunStore) -> None:
    run_id = store.submit(RECIPE)
    store.claim()
    assert store.end_unheeding(run_id, "stopped", "It was in the middle of a long step.")
    store.begin(run_id, 0, 100)
    assert store.run(run_id).state == "stopped"


def test_either_the_run_heeds_or_it_is_ended(store: RunStore, started: str) -> None:
    assert store.heed(started)
    assert store.run(started).state == "stopping"
    assert not store.end_unheeding(started, "stopped", "")
    assert store.run(started).state == "stopping"


@pytest.mark.parametrize("state", ["queued", "starting", "running", "finished"])
def test_no_other_run_can(store: RunStore, state: str) -> None:
    run_id = store.submit(RECIPE)
    if state != "queued":
        store.claim()
    if state in ("running", "finished"):
        store.begin(run_id, 0, 1)
    if state == "finished":
        store.end(run_id, "finished")
    with pytest.raises(RunError, match=f"is {state}; only a run that ended early can go on"):
        store.resume(run_id)
    assert store.run(run_id).state == state


# ------------------------------------------------------------------ what people call it


def test_a_run_has_a_name_tags_and_a_note(store: RunStore) -> None:
    run_id = store.submit(RECIPE, owner="ann", name="  my\nfirst ", tags=["b", " a ", "b", ""])
    run = store.run(run_id)
    assert (run.owner, run.name, run.tags, run.note) == ("ann", "my first", ("b", "a"), "")
    store.describe(run_id, note="<b>two\nlines</b>", tags=())
    run = store.run(run_id)
    assert (run.name, run.tags, run.note) == ("my first", (), "<b>two\nlines</b>")
    with pytest.raises(UnknownName):
        store.describe("nothing", name="x")


def test_only_trained_runs_are_listed_unless_others_are_asked_for(store: RunStore) -> None:
    train = store.submit(RECIPE, group="g")
    find = store.submit(RECIPE, kind="lr_find")
    assert [run.id for run in store.runs()] == [train]
    assert [run.id for run in store.runs(kind="lr_find")] == [find]
    assert [run.id for run in store.runs(kind=None)] == [find, train]
    assert [run.id for run in store.runs(kind=None, group="g")] == [train]
    assert [run.id for run in store.runs(kind=None, group="")] == [find]


def test_a_deleted_run_comes_back_until_it_is_removed(store: RunStore, started: str) -> None:
    store.record(started, [point(1), VectorPoint(1, "train", "dead", (1.0,), 0.1)], 1, 100)
    other = store.submit(RECIPE)
    store.record(other, [point(1)], 1, 100)
    (store.folder / started).mkdir()
    (store.folder / started / "weights.safetensors").write_bytes(b"w")
    with pytest.raises(RunError, match="stop it before"):
        store.purge(started)
    store.delete(started)
    assert store.wanted(started) == "stop"
    store.end(started, "stopped")
    assert [run.id for run in store.runs()] == [other]
    assert [run.id for run in store.runs(deleted=True)] == [started]
    store.restore(started)
    assert [run.id for run in store.runs()] == [other, started]
    store.delete(started)
    store.purge(started)
    assert store.runs(deleted=True) == ()
    assert store.metrics(started)[0] == store.vectors(started, "dead") == []
    assert not (store.folder / started).exists()
    assert len(store.metrics(other)[0]) == 1


def test_a_group_knows_what_it_is_about(store: RunStore) -> None:
    about = {"axes": [{"path": "seed", "values": [1, 2]}]}
    first = store.new_group("two seeds", "sweep", about, owner="ann")
    second = store.new_group("folds", "folds", {})
    group = store.group(first)
    assert (group.title, group.kind, group.owner, group.about) == (
        "two seeds",
        "sweep",
        "ann",
        about,
    )
    assert [each.id for each in store.groups()] == [second, first]
    with pytest.raises(UnknownName, match=first):
        store.group(first[:-1])


def test_of_a_group_one_run_is_tested_once(store: RunStore) -> None:
    config = RunConfig(dataset=Choice("digits"), test=0.2)
    group = store.new_group("sweep", "sweep", {})
    runs = [store.submit(config, group=group) for _ in range(2)]
    with pytest.raises(RunError, match="no weights to test yet"):
        store.test_best(runs[0])
    for run_id in runs:
        (store.folder / run_id).mkdir()
        (store.folder / run_id / "weights.safetensors").touch()
        store.want(run_id, "stop")
    job = store.test_best(runs[1])
    assert (store.run(job).kind, store.run(job).target) == ("test", runs[1])
    assert store.group(group).tested == runs[1]
    for run_id in runs:
        with pytest.raises(RunError, match="A run of this group was measured"):
            store.test_best(run_id)
    store.claim()
    store.end(job, "failed")  # it came to nothing
    assert store.group(group).tested == ""
    assert store.test_best(runs[0])
    with pytest.raises(RunError, match="held out no pictures"):
        store.test_best(store.submit(RECIPE))


# ------------------------------------------------------------------ a process that is gone


@pytest.fixture
def silent(store: RunStore, started: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of a run whose last heartbeat was long ago."""
    (store.folder / started).mkdir()
    monkeypatch.setattr("time.time", lambda now=time.time: now() - 3600)
    store.record(started, [point(1)], 1, 100)
    monkeypatch.undo()
    return started


def test_a_silent_run_with_a_process_is_left_alone(store: RunStore, silent: str) -> None:
    with FileLock(store.folder / silent / "lock"):
        assert store.run(silent).state == "running"
    assert store.run(silent).state == "queued"


def test_whoever_looks_finds_a_run_without_a_process(store: RunStore, silent: str) -> None:
    (run,) = store.runs()
    assert (run.state, run.crashes, run.ended) == ("queued", 1, None)
    assert run.message == "Its process is gone at step 1; it begins anew."


def test_a_run_goes_on_by_itself_once(store: RunStore, started: str) -> None:
    for state in ("queued", "lost"):
        store.lose(started, "ended by SIGKILL")
        assert store.run(started).state == state
        store.claim()
    store.resume(started)  # somebody wants to try again
    store.claim()
    store.lose(started, "ended by SIGKILL")
    assert store.run(started).state == "queued"


@pytest.mark.parametrize(("what", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_a_lost_run_that_was_to_halt_has_halted(
    store: RunStore, started: str, what: str, state: str
) -> None:
    store.want(started, what)
    store.lose(started, "is gone")
    assert store.run(started).state == state


def test_a_run_that_has_ended_is_not_lost(store: RunStore, started: str) -> None:
    store.end(started, "finished")
    store.lose(started, "ended with code 0")
    assert (store.run(started).state, store.run(started).message) == ("finished", "")


def cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: RunStore) -> None:
        raise RunError("The runs cannot be read or written: database or disk is full.")

    monkeypatch.setattr(RunStore, "_transaction", full)


def test_what_a_full_disk_holds_can_be_read(
    store: RunStore, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_be_written(monkeypatch)
    assert [run.state for run in store.runs()] == ["running"]
    assert store.run(silent).state == "running"


def test_whoever_looks_hears_what_a_worker_could_not_write(store: RunStore, silent: str) -> None:
    (store.folder / silent / "unsaid.txt").write_text("The disk is full.")
    (run,) = store.runs()
    assert (run.state, run.message) == ("failed", "The disk is full.")


# ------------------------------------------------------------------ many at once


def submit_many(folder: Path, count: int) -> list[str]:
    return [RunStore(folder).submit(RECIPE) for _ in range(count)]


def record_many(folder: Path, run_id: str, start: int, count: int) -> None:
    store = RunStore(folder)
    for step in range(start, start + count):
        store.record(run_id, [point(step, step)], step, 0)


def claim_all(folder: Path) -> list[str]:
    store = RunStore(folder)
    return [run.id for run in iter(store.claim, None)]


@pytest.fixture(params=["threads", "processes"])
def at_once(request: pytest.FixtureRequest) -> Iterator[Callable[..., list[Any]]]:
    """Return what runs a function for each of the arguments at the same time."""
    threads = ThreadPoolExecutor(4)
    with threads if request.param == "threads" else ProcessPoolExecutor(3, FORK) as pool:
        yield lambda work, *arguments: list(pool.map(work, *arguments))


@pytest.mark.process
def test_writers_at_once_lose_nothing(at_once: Callable[..., list[Any]], tmp_path: Path) -> None:
    # None of them finds the file there: they also make it at once.
    ids = list(chain(*at_once(submit_many, [tmp_path] * 6, [10] * 6)))
    store = RunStore(tmp_path)
    assert len(set(ids)) == 60
    assert {run.id for run in store.runs()} == set(ids)
    at_once(record_many, [tmp_path] * 6, [ids[0], ids[1]] * 3, [0, 0, 50, 50, 100, 100], [50] * 6)
    for run_id in ids[:2]:
        steps = [each.step for each in store.metrics(run_id)[0]]
        assert sorted(steps) == list(range(150))
    claimed = chain(*at_once(claim_all, [tmp_path] * 6))
    assert sorted(claimed) == sorted(ids)  # each to exactly one


def test_of_many_who_let_a_run_go_on_one_does(store: RunStore, started: str) -> None:
    store.end(started, "stopped")
    together = threading.Barrier(8)

    def resume(_: int) -> bool:
        together.wait()
        with contextlib.suppress(RunError):
            store.resume(started)
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(resume, range(8))) == 1


def test_a_reader_beside_writers_sees_each_point_once(store: RunStore, started: str) -> None:
    seen: list[int] = []
    number = 0
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(record_many, store.folder, started, at, 100) for at in (0, 100)]
        while not all(writer.done() for writer in writers):
            news, number = store.metrics(started, number)
            seen += [each.step for each in news]
    seen += [each.step for each in store.metrics(started, number)[0]]
    assert sorted(seen) == list(range(200))


# ------------------------------------------------------------------ folders that are none


def assert_told(open_store: Callable[[], object]) -> str:
    with pytest.raises(RunError) as caught:
        open_store()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("where", ["runs", "runs/deeper"])
def test_a_file_in_the_folders_place_is_told_and_kept(tmp_path: Path, where: str) -> None:
    (tmp_path / "runs").write_text("mine")
    assert str(tmp_path / where) in assert_told(lambda: RunStore(tmp_path / where))
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 300, b"SQLite format 3\0" + b"?" * 9000]
)
def test_a_file_that_is_no_store_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "runs.db").write_bytes(content)
    assert_told(lambda: RunStore(tmp_path).runs())
    assert (tmp_path / "runs.db").read_bytes() == content


def test_a_torn_store_is_told_and_what_is_left_of_it_kept(store: RunStore, started: str) -> None:
    store.record(started, [point(step) for step in range(5000)], 1, 1)
    with sqlite3.connect(store.folder / "runs.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    file = store.folder / "runs.db"
    whole = file.read_bytes()
    torn = whole[:4096] + bytes(len(whole) - 8192) + whole[-4096:]
    file.write_bytes(torn)
    assert_told(lambda: RunStore(store.folder).metrics(started))
    assert len(file.read_bytes()) == len(whole)


@pytest.fixture
def protected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a store's folder that this process may read but not write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        RunStore(folder).submit(RECIPE)
        root = os.geteuid() == 0
        folder.chmod(0o555)
        if root:
            os.seteuid(65534)  # nobody: the superuser may write anywhere
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_is_told(protected: Path) -> None:
    assert str(protected) in assert_told(lambda: RunStore(protected).submit(RECIPE))
    assert str(protected) in assert_told(lambda: RunStore(protected / "runs"))


def test_what_is_told_is_for_people() -> None:
    assert issubclass(RunError, CvexploreError)
