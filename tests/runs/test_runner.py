"""Real runners with real workers: started, stopped, killed, and left alone."""

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from cvexplore import folders
from cvexplore.errors import RunError
from cvexplore.runs import RunStore, runner
from cvexplore.training.loop import Training
from tests.runs.conftest import ENDLESS, Place, fill, recipe, rows, weights

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("runners")]

# How a worker comes to be: forked from the runner, or where that cannot be, a process of its own.
WAYS = {"forked": "", "fresh": "del os.fork"}
both_ways = pytest.mark.parametrize("warm", WAYS, indirect=True)
forked = pytest.mark.parametrize("warm", ["forked"], indirect=True)


@pytest.fixture(scope="module")
def warm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Return a place where a runner is ready, as the app keeps one."""
    here = Place(tmp_path_factory.mktemp("warm"))
    try:
        here.serve(first=WAYS[request.param])
        assert here.until_ended(here.submit(recipe())).state == "finished"
        yield here
    finally:
        here.end()


# ------------------------------------------------------------------ a runner that is ready


@both_ways
def test_a_run_is_trained_to_its_end(warm: Place) -> None:
    run = warm.until_ended(warm.submit(recipe(seed=3)))
    assert (run.state, run.message) == ("finished", "")
    expected = [(p.step, p.split, p.name, p.value) for p in Training(recipe(seed=3)).points()]
    assert rows(warm.store, run.id) == [(*each[:3], pytest.approx(each[3])) for each in expected]
    assert weights(warm.store, run.id)


@both_ways
def test_a_stop_takes_effect_at_once_and_leaves_weights(warm: Place) -> None:
    run_id = warm.submit(ENDLESS)
    warm.until_step(run_id, 50)
    warm.store.want(run_id, "stop")
    seconds = warm.until(lambda: not warm.store.run(run_id).active)
    assert seconds < 3
    run = warm.store.run(run_id)
    assert (run.state, run.message) == ("stopped", "")
    assert rows(warm.store, run_id)[-1][0] == run.step
    assert weights(warm.store, run_id)


@both_ways
def test_a_run_that_is_killed_touches_no_other(warm: Place) -> None:
    killed, other = (warm.submit(ENDLESS) for _ in range(2))
    waiting = warm.submit(recipe())
    for run_id in (killed, other):
        warm.until_step(run_id, 20)
    assert warm.store.run(waiting).state == "queued"  # two slots, both in use
    warm.worker(killed).kill()
    run = warm.until_ended(killed)
    assert run.state == "lost"
    assert "SIGKILL" in run.message
    assert warm.until_ended(waiting).state == "finished"  # in the slot that became free
    step = warm.store.run(other).step
    warm.until_step(other, step + 20)
    warm.store.want(other, "stop")
    assert warm.until_ended(other).state == "stopped"


@forked
def test_a_worker_lets_the_page_go_first(warm: Place) -> None:
    run_id = warm.submit(ENDLESS)
    warm.until_step(run_id, 1)
    worker = warm.worker(run_id)
    assert worker.nice() >= 10
    assert worker.num_threads() == 1
    warm.store.want(run_id, "stop")
    warm.until_ended(run_id)


@forked
def test_a_second_runner_leaves_at_once(warm: Place) -> None:
    assert warm.serve().wait(30) == 0


@forked
def test_runs_of_another_home_are_not_its_affair(warm: Place, place: Place) -> None:
    elsewhere = place.submit(recipe())
    warm.until_ended(warm.submit(recipe()))
    assert place.store.run(elsewhere).state == "queued"
    assert elsewhere not in [run.id for run in warm.store.runs()]


# ------------------------------------------------------------------ killed


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_as_the_one_left_alone(place: Place) -> None:
    place.serve(then="worker.CHECKPOINT_SECONDS = 0; worker.FLUSH_SECONDS = 0.02")
    config = recipe(steps=400)
    whole, killed = place.submit(config), place.submit(config)
    for step in (60, 150, 240):
        place.until_step(killed, step)
        place.worker(killed).kill()
        assert place.until_ended(killed).state == "lost"
        place.store.resume(killed)
    for run_id in (whole, killed):
        assert place.until_ended(run_id).state == "finished"
    assert rows(place.store, killed) == rows(place.store, whole)
    assert len(rows(place.store, whole)) == 3 * 400 + 2 * 80
    assert weights(place.store, killed) == weights(place.store, whole)


@pytest.mark.parametrize("way", WAYS)
def test_runs_outlive_their_runner_and_the_next_one_takes_over(place: Place, way: str) -> None:
    first = place.serve(first=WAYS[way], slots=1)
    outliving, waiting = place.submit(ENDLESS), place.submit(recipe())
    place.until_step(outliving, 1)
    first.kill()
    first.wait()
    worker = place.worker(outliving)

    orphan = place.submit(recipe())  # claimed by a process that is no more
    place.store.want(waiting, "stop")
    claimed = place.store.claim()
    assert claimed
    assert claimed.id == orphan
    place.serve(first=WAYS[way], then="runner.SILENT_SECONDS = 0.01", slots=1)
    later = place.submit(recipe())
    assert place.until_ended(later).state == "finished"
    assert place.until_ended(orphan).state == "lost"

    step = place.store.run(outliving).step
    place.until_step(outliving, step + 100)
    time.sleep(1.2)  # the new runner looks at it at least once more
    assert place.store.run(outliving).state == "running"
    assert place.worker(outliving) == worker
    place.store.want(outliving, "stop")
    assert place.until_ended(outliving).state == "stopped"
    assert weights(place.store, outliving)


def test_a_runner_outlives_a_full_disk(small_disk: Path) -> None:
    place = Place(small_disk)
    try:
        process = place.serve(then="worker.CHECKPOINT_SECONDS = 0; runner.SILENT_SECONDS = 0.5")
        hit = place.submit(ENDLESS)
        place.until_step(hit, 20)
        measured = rows(place.store, hit)
        worker = place.worker(hit)  # while it lives
        filler = fill(small_disk, but=0)
        place.until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
        time.sleep(1.5)
        filler.unlink()
        assert place.until_ended(hit).state in ("failed", "lost")
        assert rows(place.store, hit)[: len(measured)] == measured
        assert place.until_ended(place.submit(recipe())).state == "finished"
        assert process.poll() is None
    finally:
        place.end()


# ------------------------------------------------------------------ stubborn

_STUBBORN = """
import time
from cvexplore import folders
from cvexplore.training.loop import Training
evaluate = Training.evaluate

def stubborn(self):
    if self.config.seed != 13:
        return evaluate(self)
    (folders.home() / "deaf").touch()
    time.sleep(600)

Training.evaluate = stubborn
runner.PATIENCE_SECONDS = 1
"""


def test_a_run_that_does_not_stop_is_killed_and_only_it(place: Place) -> None:
    place.serve(then=_STUBBORN)
    stubborn, other = place.submit(recipe(seed=13)), place.submit(ENDLESS)
    place.until(lambda: (folders.home() / "deaf").exists())
    place.until_step(other, 1)
    worker = place.worker(stubborn)
    place.store.want(stubborn, "stop")
    run = place.until_ended(stubborn, seconds=10)
    assert run.state == "stopped"
    assert "killed" in run.message
    place.until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 5)
    step = place.store.run(other).step
    place.until_step(other, step + 20)
    assert place.store.run(stubborn).state == "stopped"  # and not lost


def test_patience_starts_anew_when_a_run_goes_on(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(runner, "_Forked", lambda job: subprocess.Popen(["sleep", "60"]))
    serving = runner._Runner(store, slots=1)
    run_id = store.submit(recipe())

    def start_and_ask_to_stop() -> "subprocess.Popen[bytes]":
        run = store.claim()
        assert run
        serving._start(run)
        store.want(run_id, "stop")
        serving._look_after(store.runs())
        worker = serving.workers[run_id]
        assert isinstance(worker, subprocess.Popen)
        return worker

    with contextlib.ExitStack() as ending:
        first = start_and_ask_to_stop()
        ending.callback(first.kill)
        time.sleep(0.3)
        store.end(run_id, "stopped")  # it did stop, by itself
        store.resume(run_id)
        second = start_and_ask_to_stop()
        ending.callback(second.kill)
        assert second.poll() is None
        time.sleep(0.3)
        serving._look_after(store.runs())
        assert second.wait(5) == -signal.SIGKILL


# ------------------------------------------------------------------ coming and going


def test_a_runner_goes_away_once_there_is_nothing_to_do(place: Place) -> None:
    process = place.serve(idle_seconds=0.5)
    run_id = place.submit(ENDLESS)
    place.until_step(run_id, 1)
    time.sleep(1.5)
    assert process.poll() is None
    place.store.want(run_id, "stop")
    assert process.wait(30) == 0
    assert place.store.run(run_id).state == "stopped"
    assert not place.processes()


def test_a_run_sent_while_the_runner_leaves_is_not_forgotten(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = []

    def leave(self: runner._Runner, idle_seconds: float) -> None:
        served.append(self.store.claim())
        if len(served) == 1:
            self.store.submit(recipe())  # after the last look at the queue, before the lock is free

    monkeypatch.setattr(runner._Runner, "serve", leave)
    runner.serve(store)
    assert [run is None for run in served] == [True, False]


def test_a_runner_leaves_when_its_folder_is_gone(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_import_ahead", lambda: shutil.rmtree(store.folder))
    began = time.monotonic()
    with pytest.raises(RunError):
        runner.serve(store, idle_seconds=20)
    assert time.monotonic() - began < 5


def test_however_often_it_is_asked_for_there_is_one_runner(place: Place) -> None:
    threads = [threading.Thread(target=runner.ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.until_ended(place.submit(recipe())).state == "finished"

    def runners() -> list[psutil.Process]:
        return [each for each in place.processes() if each.status() != psutil.STATUS_ZOMBIE]

    place.until(lambda: len(runners()) == 1, seconds=20)
    (only,) = runners()
    runner.ensure()
    time.sleep(0.5)
    assert runners() == [only]
    assert only.cmdline()[1:] == ["-m", "cvexplore", "runner"]


def test_ensure_is_quick_where_a_runner_is(place: Place) -> None:
    with FileLock(place.store.folder / "runner.lock"):
        began = time.monotonic()
        runner.ensure()
        assert time.monotonic() - began < 1
        assert not place.processes()


def test_a_folder_that_cannot_be_is_told(home: Path) -> None:
    (home / "runs").write_text("mine")
    with pytest.raises(RunError, match=r"cannot be written: .+\.$"):
        runner.ensure()
    assert (home / "runs").read_text() == "mine"


# ------------------------------------------------------------------ a worker of its own


@pytest.mark.parametrize("state", ["queued", "running", "finished"])
def test_only_a_claimed_run_gets_a_worker(store: RunStore, state: str) -> None:
    run_id = store.submit(recipe())
    if state != "queued":
        store.claim()
        store.begin(run_id, 0, 1)
    if state == "finished":
        store.end(run_id, "finished")
    with pytest.raises(RunError, match=f"is {state}; only the runner starts runs"):
        runner.train(store, run_id)
    assert store.run(run_id).state == state


def test_a_fresh_worker_is_a_command(place: Place) -> None:
    run_id = place.submit(recipe())
    place.store.claim()
    command = [sys.executable, "-m", "cvexplore", "runner", "--run", run_id]
    subprocess.run(command, check=True, timeout=300)  # a guard, not a measurement
    assert place.store.run(run_id).state == "finished"
