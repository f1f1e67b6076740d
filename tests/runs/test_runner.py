"""Real runners with real workers: started, stopped, killed, and left alone."""

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch
from filelock import FileLock

from cvexplore import folders
from cvexplore.errors import RunError
from cvexplore.plugins import Choice
from cvexplore.runs import RunStore, runner
from cvexplore.training import MetricPoint
from cvexplore.training.loop import Training
from tests.runs.conftest import EAGER, ENDLESS, Place, fill, recipe, rows, vectors, weights

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
@pytest.mark.parametrize(("what", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_a_halt_takes_effect_at_once_and_leaves_weights(warm: Place, what: str, state: str) -> None:
    run_id = warm.submit(ENDLESS)
    warm.until_step(run_id, 50)
    warm.store.want(run_id, what)
    seconds = warm.until(lambda: warm.store.run(run_id).state not in ("running", "starting"))
    assert seconds < 3  # a guard: how long it takes is measured where the machine is quiet
    run = warm.until_ended(run_id)
    assert (run.state, run.message) == (state, "")
    assert rows(warm.store, run_id)[-1][0] == run.step
    assert weights(warm.store, run_id)


@forked
def test_a_paused_run_leaves_its_slot_and_goes_on(warm: Place) -> None:
    paused, other = (warm.submit(ENDLESS) for _ in range(2))
    waiting = warm.submit(recipe())
    for run_id in (paused, other):
        warm.until_step(run_id, 20)
    warm.store.want(paused, "pause")
    assert warm.until_ended(waiting).state == "finished"
    halted = warm.store.run(paused)
    assert halted.state == "paused"
    warm.store.resume(paused)
    warm.until_step(paused, halted.step + 20)
    for run_id in (paused, other):
        warm.store.want(run_id, "stop")
        assert warm.until_ended(run_id).state == "stopped"


@forked
def test_a_run_is_steered_from_outside(warm: Place) -> None:
    run_id = warm.submit(replace(ENDLESS, schedule=Choice("constant")))
    warm.until_step(run_id, 5)
    warm.store.steer(run_id, "learning_rate", 1e-4)
    warm.until(lambda: warm.store.run(run_id).changes)
    (change,) = warm.store.run(run_id).changes
    warm.until_step(run_id, change.step + 5)
    warm.store.want(run_id, "stop")
    warm.until_ended(run_id)
    rates = warm.store.curves(run_id)["train", "learning_rate"]
    for step, rate in zip(rates.steps, rates.values, strict=True):
        assert rate == (1e-4 if step > change.step else ENDLESS.learning_rate)


@both_ways
def test_a_run_that_is_killed_goes_on_once_and_touches_no_other(warm: Place) -> None:
    killed, other = (warm.submit(ENDLESS) for _ in range(2))
    waiting = warm.submit(recipe())
    for run_id in (killed, other):
        warm.until_step(run_id, 20)
    assert warm.store.run(waiting).state == "queued"  # two slots, both in use
    warm.worker(killed).kill()
    warm.until(lambda: warm.store.run(killed).crashes)
    assert "SIGKILL" in warm.store.run(killed).message
    warm.until(lambda: warm.store.run(killed).state == "running")
    assert "goes on" in warm.store.run(killed).message or "begins" in warm.store.run(killed).message
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
def test_what_is_short_waits_for_no_long_run(warm: Place) -> None:
    longs = [warm.submit(ENDLESS) for _ in range(2)]
    for run_id in longs:
        warm.until_step(run_id, 1)
    short = warm.until_ended(warm.store.submit(recipe(), kind="lr_find"))
    assert (short.state, short.message) == ("finished", "")
    assert warm.store.curves(short.id)["lr_find", "loss"].steps
    for run_id in longs:
        assert warm.store.run(run_id).state == "running"
        warm.store.want(run_id, "stop")
    for run_id in longs:
        warm.until_ended(run_id)


@forked
def test_a_test_split_is_measured_once(warm: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVEXPLORE_HOME", str(warm.home))
    run = warm.until_ended(warm.submit(recipe(test=0.2)))
    job = warm.until_ended(warm.store.test_best(run.id))
    assert (job.state, job.message) == ("finished", "")
    tested = warm.store.run(run.id)
    training = Training(replace(run.config, weights=f"run:{run.id}"))
    scores = [point for point in training.measure("test") if isinstance(point, MetricPoint)]
    (loss,) = (point.value for point in scores if point.name == "loss")
    assert tested.latest["test/loss"] == pytest.approx(loss)
    assert warm.store.curves(run.id)["test", "loss"].steps == [run.step]
    with pytest.raises(RunError, match="measured on the test split already"):
        warm.store.test_best(run.id)


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
    place.serve(then=EAGER)
    config = recipe(steps=400)
    whole, killed = place.submit(config), place.submit(config)
    place.until_step(killed, 60)
    place.worker(killed).kill()
    place.until(lambda: place.store.run(killed).crashes)  # the first time it goes on by itself
    place.until_step(killed, 150)
    place.worker(killed).kill()
    assert place.until_ended(killed).state == "lost"
    place.store.resume(killed)  # and so it does after somebody let it
    place.until_step(killed, 240)
    place.worker(killed).kill()
    for run_id in (whole, killed):
        assert place.until_ended(run_id).state == "finished"
    assert rows(place.store, killed) == rows(place.store, whole)
    assert vectors(place.store, killed) == vectors(place.store, whole)
    assert weights(place.store, killed) == weights(place.store, whole)


# A runner's own steps, one run after the other and at full speed: claim, fork, kill, lose, claim.
_TWENTY = """
import random
import sys
import time
from cvexplore.runs import RunStore, learning, reporting, runner
from cvexplore.runs.worker import work
from tests.runs.conftest import recipe

learning.CHECKPOINT_SECONDS, reporting.FLUSH_SECONDS = 0.0, 0.0
runner._give_way = lambda: None
runner._import_ahead()
store, draw = RunStore(), random.Random(8)

def start():
    run = store.claim()
    return runner._Forked(lambda: work(store, run))

for count in range(21):
    run_id = store.submit(recipe(steps=40, options={"width": 2, "hidden": 4}))
    worker = start()
    if count:
        at = draw.randrange(40)
        while worker.poll() is None and store.run(run_id).step < at:
            time.sleep(0.002)
        worker.kill()
        worker.wait()
        store.lose(run_id, "ended by SIGKILL")
        if store.run(run_id).state == "queued":
            worker = start()
    worker.wait()
"""


@pytest.mark.slow
def test_twenty_of_twenty_killed_runs_end_as_the_one_left_alone(place: Place) -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _TWENTY], check=True, timeout=600, cwd=root)
    *killed, whole = place.store.runs()
    assert len(killed) == 20
    for run in killed:
        assert (run.state, run.step) == ("finished", 40)
        assert rows(place.store, run.id) == rows(place.store, whole.id)
        assert vectors(place.store, run.id) == vectors(place.store, whole.id)
        assert weights(place.store, run.id) == weights(place.store, whole.id)
    assert sum(run.crashes for run in killed) >= 10  # most were killed in their midst


_SOON = "runner.SILENT_SECONDS.update(starting=0.5, running=0.5, stopping=0.5)"


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
    place.serve(first=WAYS[way], then=_SOON, slots=1)
    later = place.submit(recipe())
    assert place.until_ended(later).state == "finished"
    taken_up = place.until_ended(orphan)
    assert (taken_up.state, taken_up.crashes) == ("finished", 1)

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
        process = place.serve(then=f"learning.CHECKPOINT_SECONDS = 0; {_SOON}")
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
turns = Training.turns

def stubborn(self):
    for number, points in enumerate(turns(self)):
        yield points
        if self.config.seed == 13 and number == 6:
            (folders.home() / "deaf").touch()
            time.sleep(600)

Training.turns = stubborn
learning.LONG_TURN_SECONDS = -1
learning.CHECKPOINT_SHARE = 1e9
reporting.FLUSH_SECONDS = 0
"""


@pytest.mark.parametrize(("what", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_a_long_step_is_not_waited_for(place: Place, what: str, state: str) -> None:
    place.serve(then=_STUBBORN)
    stubborn, other = place.submit(recipe(seed=13)), place.submit(ENDLESS)
    place.until(lambda: (folders.home() / "deaf").exists())
    place.until_step(other, 1)
    worker = place.worker(stubborn)
    place.store.want(stubborn, what)
    run = place.until_ended(stubborn, seconds=10)
    assert run.state == state
    assert "long step; it goes on from its last checkpoint" in run.message
    saved = torch.load(place.store.folder / stubborn / "checkpoint.pt", weights_only=True)
    assert saved["training"]["step"] == run.step  # nothing that was recorded is lost
    assert rows(place.store, stubborn)[-1][0] == run.step
    place.until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 5)
    step = place.store.run(other).step
    place.until_step(other, step + 20)
    assert place.store.run(stubborn).state == state  # and not lost


def test_patience_starts_anew_when_a_run_goes_on(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "HEED_SECONDS", 0.2)
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
        first.kill()
        store.resume(run_id)
        second = start_and_ask_to_stop()
        ending.callback(second.kill)
        assert second.poll() is None
        time.sleep(0.3)
        serving._look_after(store.runs())
        assert second.wait(5) == -signal.SIGKILL


class _Gone:
    """A worker that has left."""

    def __init__(self, code: int) -> None:
        self.code = code

    def poll(self) -> int:
        return self.code


@pytest.mark.parametrize(("code", "state"), [(0, "failed"), (-9, "queued")])
def test_a_worker_that_left_by_itself_and_said_nothing_does_not_go_on(
    store: RunStore, code: int, state: str
) -> None:
    run_id = store.submit(recipe())
    store.claim()
    serving = runner._Runner(store, slots=1)
    serving.workers[run_id] = _Gone(code)  # type: ignore[assignment]
    serving._reap()
    assert store.run(run_id).state == state
    assert serving.workers == {}


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
