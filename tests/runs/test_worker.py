"""One run in this very process: what is kept of it, however it ends."""

import errno
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from cvexplore import catalog
from cvexplore.errors import RunError
from cvexplore.plugins import Choice
from cvexplore.runs import RunStore, learning, reporting, worker, writing
from cvexplore.training import MetricPoint
from cvexplore.training.approaches.supervised import Supervised
from cvexplore.training.config import VectorPoint
from cvexplore.training.loop import Training
from tests.runs.conftest import (
    ENDLESS,
    claimed,
    fill,
    recipe,
    rows,
    stopping,
    train,
    train_on,
    vectors,
    weights,
)


def assert_sentence(text: str) -> None:
    assert text.endswith(".")
    assert "\n" not in text


BEST = ("validation", "accuracy")

# ------------------------------------------------------------------ to the end


def test_all_that_is_measured_is_told_and_kept(store: RunStore) -> None:
    told: list[MetricPoint] = []
    run = train(store, recipe(), on_point=told.append)
    expected = [(p.step, p.split, p.name, p.value) for p in Training(recipe()).points()]
    assert rows(store, run.id) == expected
    assert [(p.step, p.split, p.name, p.value) for p in told] == expected
    assert (run.state, run.message, run.step, run.steps) == ("finished", "", 10, 10)
    last = {f"{split}/{name}": value for _, split, name, value in expected}
    assert {key: run.latest[key] for key in last} == last
    accuracies = [value for _, split, name, value in expected if (split, name) == BEST]
    assert run.latest["best/validation/accuracy"] == max(accuracies)


def test_a_finished_run_leaves_weights_and_what_it_takes_to_go_on(store: RunStore) -> None:
    run = train(store, recipe())
    kept = {path.name for path in (store.folder / run.id).iterdir()}
    assert kept - {"lock"} == {"weights.safetensors", "checkpoint.pt"}
    catalog.build(run.config.architecture, weights=f"run:{run.id}")


def test_a_checkpoint_that_is_too_large_does_not_stay(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setattr(learning, "MOST_CHECKPOINT_BYTES", 1000)
    run = train(store, recipe())
    assert run.state == "finished"
    assert not (store.folder / run.id / "checkpoint.pt").exists()
    with pytest.raises(RunError, match="kept nothing to go on from"):
        store.extend(run.id, 3)


def test_each_layer_and_class_has_its_name(store: RunStore) -> None:
    run = train(store, recipe())
    assert run.labels == {
        "layers": Training(recipe()).layers,
        "classes": ("circle", "square", "triangle", "cross"),
    }
    norms = store.vectors(run.id, "gradient_norm")
    assert norms
    assert all(len(each.values) == len(run.labels["layers"]) for each in norms)
    expected = [
        (p.step, p.split, p.name, pytest.approx(p.values, nan_ok=True))
        for turn in Training(recipe()).turns()
        for p in turn
        if isinstance(p, VectorPoint)
    ]
    names = {(split, name) for _, split, name, _ in expected}
    found = [p for split, name in names for p in store.vectors(run.id, name, split)]
    assert len(found) == len(expected)
    for point in found:
        assert (point.step, point.split, point.name, point.values) in expected


def test_its_pace_and_its_memory_are_known(store: RunStore, impatient: None) -> None:
    began = time.monotonic()
    run = train(store, recipe(steps=60))
    slowest = 60 * 32 / (time.monotonic() - began)
    assert run.latest["status/images_per_second"] > slowest  # of which setting up is a part
    memory = psutil.Process().memory_info().rss
    assert run.latest["status/memory"] == pytest.approx(memory, rel=0.2)
    assert not [point for point in store.metrics(run.id)[0] if point.split == "status"]


# ------------------------------------------------------------------ stopped and continued


def test_a_stop_is_obeyed_at_the_step(store: RunStore, impatient: None) -> None:
    run = train(store, ENDLESS, on_point=stopping(store, step=7))
    assert (run.state, run.message, run.step) == ("stopped", "", 7)
    assert rows(store, run.id)[-1][:3] == (7, "train", "learning_rate")
    assert weights(store, run.id)


@pytest.mark.parametrize("step", [1, 5, 6, 10, 14])  # 5 and 10 end an epoch, unmeasured yet
@pytest.mark.parametrize(("what", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_a_halted_run_goes_on_as_if_it_had_not(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, step: int, what: str, state: str
) -> None:
    whole = train(store, recipe(epochs=3))
    monkeypatch.setattr(reporting, "LOOK_SECONDS", 0.0)
    run = train(store, recipe(epochs=3), on_point=stopping(store, step, what))
    assert (run.state, run.step) == (state, step)
    before = rows(store, run.id)
    told: list[MetricPoint] = []
    assert train_on(store, run.id, on_point=told.append).state == "finished"
    assert len(before) + len(told) == len(rows(store, whole.id))  # nothing is done twice
    assert rows(store, run.id) == rows(store, whole.id)
    assert vectors(store, run.id) == vectors(store, whole.id)
    assert weights(store, run.id) == weights(store, whole.id)


def test_what_a_killed_run_measured_after_its_checkpoint_is_measured_again(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 0.0)
    whole = train(store, recipe(epochs=4))

    def crash(point: MetricPoint) -> None:
        if point.step == 8:
            monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 1e9)
        if point.step == 14:
            raise ZeroDivisionError

    run = train(store, recipe(epochs=4), on_point=crash)
    assert run.state == "failed"
    monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 0.0)
    assert rows(store, run.id)[-1][0] == 14
    assert train_on(store, run.id).state == "finished"
    assert rows(store, run.id) == rows(store, whole.id)
    assert weights(store, run.id) == weights(store, whole.id)


def test_a_run_that_ended_before_its_first_checkpoint_starts_anew(store: RunStore) -> None:
    def crash(point: MetricPoint) -> None:
        if point.step == 8:
            raise ZeroDivisionError

    run = train(store, recipe(), on_point=crash)
    assert len(rows(store, run.id)) > 20
    assert train_on(store, run.id).state == "finished"
    assert rows(store, run.id) == rows(store, train(store, recipe()).id)


@pytest.mark.parametrize("damage", [lambda whole: whole[:500], lambda whole: bytes(len(whole))])
def test_a_run_whose_checkpoint_is_damaged_begins_anew(
    store: RunStore, damage: Callable[[bytes], bytes]
) -> None:
    run = train(store, recipe(epochs=1))
    whole = rows(store, run.id)
    checkpoint = store.folder / run.id / "checkpoint.pt"
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    store.extend(run.id, 2)
    again = store.claim()
    assert again
    assert worker.work(store, again) == "finished"
    assert rows(store, run.id)[: len(whole)] == whole
    assert store.run(run.id).step == 10
    log = (store.folder / run.id / "log.txt").read_text()
    assert "checkpoint.pt cannot be read, so the run began anew" in log


def test_a_file_reaches_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        fsync(number)

    def placed(source: Path, target: Path) -> None:
        done.append("placed")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(os, "replace", placed)
    writing.replace(tmp_path / "a", lambda path: path.write_text("whole"))
    assert done == ["file", "placed", "folder"]


# ------------------------------------------------------------------ ended by what goes wrong


def test_a_recipe_that_cannot_work_fails_with_the_reason(store: RunStore) -> None:
    run = train(store, recipe(architecture="torchvision/alexnet", options={}))
    assert run.state == "failed"
    assert run.message.startswith("On pictures of 16 pixels: ")
    assert "\n" not in run.message


def test_a_loss_that_is_no_number_is_kept_and_told(store: RunStore) -> None:
    constant = Choice("constant")
    config = recipe(optimizer=Choice("sgd"), learning_rate=10.0, schedule=constant, epochs=50)
    run = train(store, config)
    assert run.state == "failed"
    assert "not a number" in run.message
    assert_sentence(run.message)
    told = json.loads((store.folder / run.id / "diverged.json").read_text())
    assert told["step"] >= run.step
    assert str(told["pictures"][0]) in run.message
    points, _ = store.metrics(run.id)
    losses = [point.value for point in points if point.name == "loss"]
    assert abs(losses[-1]) in (float("inf"),) or losses[-1] != losses[-1]
    assert all(loss == loss for loss in losses[:-1])


def test_a_defect_is_told_in_a_line_and_logged_whole(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("first line\nsecond line")

    monkeypatch.setattr(Supervised, "loss", broken)
    run = train(store, recipe())
    assert (run.state, run.message) == ("failed", "ValueError: first line")
    log = (store.folder / run.id / "log.txt").read_text()
    assert "Traceback" in log
    assert "second line" in log


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, BrokenPipeError])
def test_an_interrupted_run_is_stopped_and_what_it_measured_is_kept(
    store: RunStore, interrupt: type[BaseException]
) -> None:
    def on_point(point: MetricPoint) -> None:
        if point.step == 6:
            raise interrupt

    run = claimed(store, ENDLESS)
    with pytest.raises(interrupt):
        worker.work(store, run, on_point)
    assert (store.run(run.id).state, store.run(run.id).message) == ("stopped", "")
    assert rows(store, run.id)[-1][0] == 6


def test_a_file_in_the_runs_place_is_told(store: RunStore) -> None:
    run = claimed(store, recipe())
    (store.folder / run.id).write_text("mine")
    assert worker.work(store, run) == "failed"
    assert_sentence(store.run(run.id).message)
    assert (store.folder / run.id).read_text() == "mine"


# ------------------------------------------------------------------ a disk that is full


@pytest.mark.parametrize("file", ["checkpoint.pt", "weights.safetensors"])
def test_a_full_disk_fails_the_run_and_takes_nothing_away(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, file: str, impatient: None
) -> None:
    run = train(store, recipe(epochs=4), on_point=stopping(store, step=12))
    measured = rows(store, run.id)
    folder = store.folder / run.id
    kept = {name: (folder / name).read_bytes() for name in ("checkpoint.pt", "weights.safetensors")}
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(target).name == file:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        kept.pop(Path(target).name, None)
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    again = train_on(store, run.id)
    assert again.state == "failed"
    assert again.message == f"{file} cannot be written: No space left on device."
    assert rows(store, run.id)[: len(measured)] == measured
    for name, content in kept.items():
        assert (folder / name).read_bytes() == content
    assert not list(folder.glob("*.part"))


LARGER = recipe(options={"width": 8, "hidden": 64}, steps=3)  # weights of 70 kilobytes


@pytest.mark.parametrize(
    ("checkpoint_seconds", "file"), [(0.0, "checkpoint.pt"), (1e9, "weights.safetensors")]
)
def test_a_disk_that_really_is_full_is_told(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, checkpoint_seconds: float, file: str
) -> None:
    monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", checkpoint_seconds)
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)
    store = RunStore(small_disk)
    run = claimed(store, LARGER)
    filler = fill(small_disk, but=66_000)
    assert worker.work(store, run) == "failed"
    ended = store.run(run.id)
    assert ended.state == "failed"
    assert ended.message.startswith(f"{file} cannot be written: ")
    assert "No space left on device" in ended.message
    assert_sentence(ended.message)
    assert rows(store, run.id)
    filler.unlink()
    assert train_on(store, run.id).state == "finished"


def test_a_disk_too_full_to_be_told_so_loses_nothing(small_disk: Path) -> None:
    store = RunStore(small_disk)
    whole = train(store, recipe())
    before = rows(store, whole.id)
    run = claimed(store, LARGER)
    filler = fill(small_disk, but=0)
    assert worker.work(store, run) == "failed"
    filler.unlink()
    assert store.run(run.id).active  # until the runner finds that its process is gone
    assert rows(store, whole.id) == before
    assert train(store, LARGER).state == "finished"


def test_what_cannot_be_written_to_the_store_is_left_in_a_file(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: RunStore) -> None:
        raise RunError("The runs cannot be read or written: database or disk is full.")

    run = claimed(store, recipe())
    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "_transaction", full)
        assert worker.work(store, run) == "failed"
    assert store.run(run.id).state == "starting"
    store.fail_unsaid(run.id)
    assert store.run(run.id).state == "failed"
    assert "disk is full" in store.run(run.id).message
    assert train_on(store, run.id).state == "finished"
    assert not (store.folder / run.id / "unsaid.txt").exists()


# ------------------------------------------------------------------ two workers, one run


def test_a_run_that_another_process_trains_is_left_to_it(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOCK_SECONDS", 0.2)
    run = claimed(store, recipe())
    store.begin(run.id, 3, 10)
    (store.folder / run.id).mkdir()
    with FileLock(store.folder / run.id / "lock"):
        assert worker.work(store, run) == "running"
    assert store.run(run.id).state == "running"
    assert rows(store, run.id) == []


def test_a_lock_that_is_let_go_of_soon_is_waited_for(store: RunStore) -> None:
    run = claimed(store, recipe())
    (store.folder / run.id).mkdir()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(store.folder / run.id / "lock"):
            held.set()
            time.sleep(0.3)
        done.set()

    threading.Thread(target=hold).start()
    held.wait()
    assert worker.work(store, run) == "finished"
    assert done.is_set()


def test_the_recipe_in_the_store_is_all_a_worker_needs(store: RunStore) -> None:
    run = train(store, recipe(seed=5))
    assert json.loads(run.config.to_json())["seed"] == 5
    assert rows(store, run.id) != rows(store, train(store, recipe(seed=6)).id)
