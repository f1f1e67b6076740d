"""Train and runs, as a script or a person calls them."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from cvexplore.__main__ import main
from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training import RunConfig
from tests.commands.typed import (
    POINT,
    ROOT,
    RUN,
    assert_mendable,
    assert_shape,
    hears_interrupts,
    output,
    parsed,
    run,
    wait_until,
)

QUICK = [
    *("--architecture", "cvexplore/simple_cnn", "--option", "width=4", "--option", "hidden=16"),
    *("--dataset", "shapes", "--option", "dataset.count=100", "--option", "dataset.image_size=16"),
]


def test_train_prints_a_point_a_line_and_the_run_last() -> None:
    arguments = ["--approach", "supervised", "--steps", "5", "--batch-size", "20", "--seed", "7"]
    schedule = ["--schedule", "plateau", "--option", "schedule.patience=3"]
    lines = output("train", *QUICK, *arguments, *schedule, "--json").splitlines()
    *points, last = map(json.loads, lines)
    for point in points:
        assert_shape(point, POINT)
    assert [p["step"] for p in points if (p["name"], p["split"]) == ("loss", "train")] == [
        *range(1, 6)
    ]
    assert_shape(last, RUN)
    assert (last["state"], last["step"], last["steps"], last["message"]) == ("finished", 5, 5, "")
    points_last = {f"{p['split']}/{p['name']}": p["value"] for p in points}
    assert {name: last["metrics"][name] for name in points_last} == points_last
    others = {name.partition("/")[0] for name in last["metrics"].keys() - points_last.keys()}
    assert others == {"best", "status"}
    store = RunStore()
    (kept,) = store.runs()
    assert kept.id == last["run"]
    assert kept.config == RunConfig.from_json(json.dumps(last["config"]))
    assert kept.config.options == {"width": 4, "hidden": 16}
    assert kept.config.dataset == Choice("shapes", {"count": 100, "image_size": 16})
    assert kept.config.schedule == Choice("plateau", {"patience": 3})
    assert (kept.config.seed, kept.config.batch_size) == (7, 20)
    assert (store.folder / kept.id / "weights.safetensors").is_file()
    assert len(store.metrics(kept.id)[0]) == len(points)

    text = output("train", *QUICK, "--epochs", "1").splitlines()
    accuracy = next(line for line in reversed(text) if " accuracy " in line)
    assert re.search(r"step +2 +accuracy 0\.\d{4} +\d+\.\d s$", accuracy)
    assert re.fullmatch(r"Run [0-9a-z-]+ finished\.", text[-1])


@pytest.mark.slow
def test_five_epochs_of_mnist_are_enough_for_95_percent() -> None:
    text = output(
        "train", "--architecture", "cvexplore/simple_cnn", "--dataset", "mnist_5k", "--epochs", "5",
        "--json", seconds=300,
    )  # fmt: skip
    assert json.loads(text.splitlines()[-1])["metrics"]["validation/accuracy"] > 0.95


def test_a_loss_that_is_no_number_is_null_in_json_and_a_sentence() -> None:
    diverging = ["--optimizer", "sgd", "--learning-rate", "10", "--schedule", "constant"]
    done = run("train", *QUICK, *diverging, "--epochs", "100", "--json")

    def strict(text: str) -> Any:
        return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))

    *points, last = map(strict, done.stdout.splitlines())
    losses = [point["value"] for point in points if point["name"] == "loss"]
    assert losses[-1] is None
    assert all(loss is not None for loss in losses[:-1])
    assert last["state"] == "failed"
    assert None in last["metrics"].values()
    assert_mendable(done.returncode, done.stderr, "not a number")


@pytest.mark.process
def test_a_run_in_the_foreground_is_stopped_from_elsewhere() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cvexplore", "train", *QUICK, "--steps", "1000000"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        store = RunStore()
        wait_until(lambda: any(each.step > 10 for each in store.runs()))
        (run_id,) = (each.id for each in store.runs())
        asked = parsed("runs", "stop", run_id)
        assert asked["run"] == run_id
        told, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert told.splitlines()[-1] == f"Run {run_id} stopped."
        assert store.run(run_id).state == "stopped"
    finally:
        process.kill()


@pytest.mark.process
@pytest.mark.parametrize("how", ["interrupt", "hang up"])
def test_a_run_whose_listener_goes_away_is_stopped(how: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cvexplore", "train", *QUICK, "--steps", "1000000", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_interrupts,
    )
    try:
        assert process.stdout
        assert process.stderr
        json.loads(process.stdout.readline())
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        process.stdout.close()
        assert process.wait(30) == (130 if how == "interrupt" else 0)
        assert "Traceback" not in process.stderr.read()
        (ended,) = RunStore().runs()
        assert (ended.state, ended.message) == ("stopped", "")
    finally:
        process.kill()


@pytest.fixture
def two_runs() -> tuple[RunStore, str, str]:
    """Return a store with a run that waits and, newer, one that was lost."""
    store = RunStore()
    waiting, lost = (store.submit(RunConfig(seed=seed)) for seed in (1, 2))
    store.begin(lost, 0, 315)
    store.end(lost, "lost", "Its process is gone.")
    return store, waiting, lost


def test_runs_are_listed_and_shown(two_runs: tuple[RunStore, str, str]) -> None:
    _, waiting, lost = two_runs
    rows = parsed("runs", "list")
    assert [(row["run"], row["state"]) for row in rows] == [(lost, "lost"), (waiting, "queued")]
    for row in rows:
        assert_shape(row, RUN)
        assert parsed("runs", "show", row["run"]) == row
    assert rows[0]["message"] == "Its process is gone."
    assert rows[0]["config"]["seed"] == 2


def test_runs_are_tables_for_people(
    two_runs: tuple[RunStore, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, waiting, lost = two_runs
    main(["runs", "list"])
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["run", "state", "architecture"]
    assert first.split()[:2] == [lost, "lost"]
    assert second.split()[:2] == [waiting, "queued"]
    main(["runs", "show", lost])
    assert "Its process is gone." in capsys.readouterr().out


def test_a_waiting_run_is_stopped(
    two_runs: tuple[RunStore, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    store, waiting, _ = two_runs
    assert main(["runs", "stop", waiting]) == 0
    assert capsys.readouterr().out == f"Run {waiting} is stopped.\n"
    assert store.run(waiting).state == "stopped"


@pytest.mark.process
def test_a_lost_run_goes_on_in_the_background(home: Path) -> None:
    store = RunStore()
    quick = RunConfig(dataset=Choice("shapes", {"count": 100, "image_size": 16}), steps=3)
    run_id = store.submit(quick)
    store.end(run_id, "lost")
    try:
        assert parsed("runs", "resume", run_id)["state"] in ("queued", "starting", "running")
        wait_until(lambda: store.run(run_id).state == "finished")
    finally:
        for process in psutil.process_iter():
            try:
                if process.environ().get("CVEXPLORE_HOME") == str(home):
                    process.kill()
            except psutil.Error:
                continue


def test_no_runs_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list"]) == 0
    assert "cvexplore train starts one" in capsys.readouterr().out
    main(["runs", "list", "--json"])
    assert json.loads(capsys.readouterr().out) == []
