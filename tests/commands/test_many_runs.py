"""Sweeps, the learning-rate finder, and what can be done with runs, as a script calls them."""

import csv
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cvexplore.__main__ import main
from cvexplore.runs import RunStore, runner
from cvexplore.training import RunConfig
from tests.commands.typed import RUN, assert_mendable, assert_shape
from tests.runs.conftest import Place

QUICK = [
    *("--architecture", "cvexplore/simple_cnn", "--option", "width=4", "--option", "hidden=16"),
    *("--dataset", "shapes", "--option", "dataset.count=100", "--option", "dataset.image_size=16"),
    *("--steps", "4", "--batch-size", "20", "--snapshots", "0"),
]


@pytest.fixture(autouse=True)
def no_runner() -> Iterator[None]:
    """Let no runner outlive a test."""
    yield
    Place(RunStore().folder.parent).end()


def typed(*arguments: str) -> tuple[int, str, str]:
    """Run a command here; return its exit code and what it printed on stdout and stderr."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as error:
        code = main(arguments)
    return code, out.getvalue(), error.getvalue()


def parsed(*arguments: str) -> Any:
    """Return the last line of JSON that a command prints."""
    code, out, error = typed(*arguments, "--json")
    assert (code, error) == (0, "")
    return json.loads(out.splitlines()[-1])


def assert_refused(*arguments: str, says: str) -> None:
    code, _, error = typed(*arguments)
    assert_mendable(code, error, says)


def trained(*arguments: str) -> str:
    """Train for a few steps and return the run's id."""
    return parsed("train", *QUICK, *arguments)["run"]


def measured(told: dict[str, Any]) -> dict[str, float]:
    """Return what a run's data decide; its speed and its memory are the machine's."""
    return {name: value for name, value in told["metrics"].items() if "status/" not in name}


def test_flags_reach_every_part_of_the_recipe(tmp_path: Path) -> None:
    run_id = trained(
        *("--optimizer", "sgd", "--option", "optimizer.momentum=0.5"),
        *("--augmentation", "rotate", "--augmentation", "mixup", "--option", "rotate.degrees=7"),
        *("--option", "approach.label_smoothing=0.1", "--decay-all", "false", "--ema", "0.9"),
    )
    config = RunStore().run(run_id).config
    assert (config.optimizer.name, config.optimizer.options) == ("sgd", {"momentum": 0.5})
    assert [(e.name, dict(e.options)) for e in config.augmentations] == [
        ("rotate", {"degrees": 7.0}),
        ("mixup", {}),
    ]
    assert config.approach.options == {"label_smoothing": 0.1}
    assert (config.decay_all, config.ema) == (False, 0.9)

    again = RunStore().run(trained("--from", run_id, "--seed", "3")).config
    assert again.optimizer == config.optimizer
    assert again.augmentations == config.augmentations
    assert (again.seed, config.seed) == (3, 0)

    parsed("runs", "export", run_id, "--to", "recipe", "--output", str(tmp_path / "recipe.json"))
    file = tmp_path / "recipe.json"
    assert RunConfig.from_json(file.read_text()) == config
    other = parsed("train", "--recipe", str(file))
    assert other["config"] == json.loads(config.to_json())
    assert measured(other) == measured(parsed("runs", "show", run_id))


def test_a_sweep_is_a_group_of_runs_whose_best_is_named() -> None:
    told = parsed(
        *("sweep", *QUICK, "--test", "0.2", "--wait", "--axis", "learning_rate=1e-5,0.02"),
        *("--axis", "architecture=cvexplore/simple_cnn,torchvision/alexnet"),
    )
    store = RunStore()
    assert [each["run"] for each in told["runs"]] == [
        each.id for each in reversed(store.runs(group=told["group"]))
    ]
    for each in told["runs"]:
        assert_shape(each, RUN)
        assert each["state"] == "finished"
    rates = [each["config"]["learning_rate"] for each in told["runs"]]
    assert sorted(rates) == [1e-5, 0.02]
    left_out = [each["values"]["architecture"] for each in told["left_out"]]
    assert left_out == ["torchvision/alexnet"] * 2  # 16 pixels are too few for it
    reached = {e["run"]: e["metrics"]["validation/accuracy"] for e in told["runs"]}
    assert reached[told["best"]] == max(reached.values())

    tested = parsed("runs", "test", told["best"])
    assert tested["run"] == told["best"]
    assert_refused("runs", "test", told["runs"][0]["run"], says="done once")


def test_a_sweep_without_an_axis_says_how_one_is_written() -> None:
    assert_refused("sweep", *QUICK, says="--axis learning_rate=0.001,0.01")
    assert_refused("sweep", *QUICK, "--axis", "colour=1", says="no field of a recipe")


def test_the_finder_gives_a_range_below_what_diverges() -> None:
    told = parsed("lr-find", "--dataset", "digits", "--option", "width=4")
    found = told["suggestion"]
    assert 0 < found["low"] < found["high"]
    assert len(told["loss"]) == len(told["learning_rate"]) > 10
    assert told["learning_rate"] == sorted(told["learning_rate"])


def test_runs_are_described_compared_thrown_away_and_brought_back() -> None:
    first, second = trained(), trained("--learning-rate", "0.1")
    named = parsed("runs", "describe", first, "--name", "<b>bold</b>", "--tag", "a", "--tag", "b")
    assert (named["name"], named["tags"]) == ("<b>bold</b>", ["a", "b"])

    rows = parsed("runs", "compare", first, second)
    assert [row["learning_rate"] for row in rows] == ["0.002", "0.1"]
    assert "batch_size" not in rows[0]
    assert {type(row["validation/accuracy"]) for row in rows} == {float}

    def listed(*arguments: str) -> list[str]:
        return [row["run"] for row in parsed("runs", "list", *arguments)]

    parsed("runs", "delete", first)
    assert (listed(), listed("--deleted")) == ([second], [first])
    parsed("runs", "restore", first)
    assert listed() == [second, first]
    parsed("runs", "delete", first, "--for-good")
    assert listed() == [second]
    assert not (RunStore().folder / first).exists()


def test_an_ended_run_is_extended_and_cannot_be_steered(tmp_path: Path) -> None:
    run_id = trained("--steps", "0", "--epochs", "1")
    assert_refused("runs", "steer", run_id, "learning_rate=0.1", says="is finished")
    assert_refused("runs", "steer", run_id, "learning_rate", says="NAME=VALUE")
    assert parsed("runs", "extend", run_id, "--epochs", "2")["state"] == "queued"
    runner.serve(RunStore(), idle_seconds=0.5)
    extended = RunStore().run(run_id)
    assert (extended.state, extended.step) == ("finished", 8)

    told = parsed("runs", "export", run_id, "--to", "csv", "--output", str(tmp_path / "run.csv"))
    rows = list(csv.DictReader((tmp_path / "run.csv").open()))
    assert told["bytes"] == (tmp_path / "run.csv").stat().st_size
    assert len(rows) == len(RunStore().metrics(run_id)[0])
    assert_refused("runs", "export", run_id, "--to", "pdf", says="no export named")


def test_own_pictures_become_a_data_set_that_is_learned_from(tmp_path: Path) -> None:
    from PIL import Image

    for label, colour in (("red", (250, 0, 0)), ("blue", (0, 0, 250))):
        folder = tmp_path / "colours" / label
        folder.mkdir(parents=True)
        for place in range(10):
            Image.new("RGB", (40, 30 + place), colour).save(folder / f"{place}.png")
    (tmp_path / "colours" / "red" / "notes.txt").write_text("no picture")
    made = parsed("data", "add", str(tmp_path / "colours"))
    assert (made["name"], made["classes"], made["counts"]) == ("colours", ["blue", "red"], [10, 10])
    own = {row["data"]: row for row in parsed("data", "list")}
    assert "20 pictures of 2 classes" in own[made["data"]]["about"]
    told = parsed(
        *("train", "--dataset", "own", "--option", f"dataset.id={made['id']}"),
        *("--option", "dataset.image_size=32", "--option", "width=4", "--option", "hidden=16"),
        *("--learning-rate", "0.02", "--epochs", "8", "--batch-size", "8", "--snapshots", "0"),
    )
    assert told["metrics"]["validation/accuracy"] == 1
    parsed("data", "delete", made["data"])
    assert made["data"] not in {row["data"] for row in parsed("data", "list")}
    assert_refused("data", "delete", made["data"], says="no data set")
    assert_refused("data", "add", str(tmp_path / "nothing"), says="cannot be read")
