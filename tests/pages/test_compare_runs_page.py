"""The page that lays runs over each other, from an empty store to a dozen runs."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig
from tests.pages.made_runs import folds, made
from tests.pages.test_pages import ROOT, opened

BASE = RunConfig(dataset=Choice("digits"), epochs=2)


@pytest.fixture
def store(home: Any) -> RunStore:
    return RunStore()


def panels(app: AppTest) -> dict[str, dict[str, Any]]:
    """Return what the page sent to its chart, by the panels' titles."""
    (chart,) = app.get("bidi_component")
    sent = json.loads(chart.proto.json)["panels"]
    return {panel["title"]: panel for panel in sent}


def table(app: AppTest, column: str) -> Any:
    """Return the table that has this column."""
    return next(each.value for each in app.dataframe if column in each.value.columns)


def test_an_empty_store_says_what_to_do(store: RunStore) -> None:
    app = opened("compare_runs")
    assert "Launch two" in app.info[0].value
    assert not app.exception


def test_the_curves_of_each_run_have_a_colour_and_training_is_dashed(store: RunStore) -> None:
    first = made(store, BASE, name="first")
    second = made(store, replace(BASE, learning_rate=0.1), accuracy=0.5, name="second")
    app = opened("compare_runs", runs=f"{first.id},{second.id}")
    drawn = [each for each in panels(app)["Accuracy"]["curves"] if not each.get("faint")]
    looks = {each["label"]: (each["colour"], each["dashed"], each["y"][-1]) for each in drawn}
    assert looks["first · validation"] == (0, False, pytest.approx(0.9))
    assert looks["second · validation"] == (1, False, pytest.approx(0.5))
    assert looks["first · train"][:2] == (0, True)
    assert looks["second · train"][:2] == (1, True)


def test_the_x_axis_can_be_epochs_or_seconds(store: RunStore) -> None:
    run = made(store, BASE)
    app = opened("compare_runs", runs=run.id)
    for label, last in (("Epochs", 2.0), ("Seconds", 2.0), ("Steps", 20)):
        app.segmented_control(key="overlay.axis").set_value(label).run()
        curves = panels(app)["Loss"]["curves"]
        assert max(each["x"][-1] for each in curves) == pytest.approx(last)


def test_only_what_differs_is_in_the_table_unless_all_is_asked_for(store: RunStore) -> None:
    runs = [
        made(store, BASE, name="a"),
        made(store, replace(BASE, optimizer=Choice("sgd"), batch_size=32), name="b"),
    ]
    app = opened("compare_runs", runs=",".join(run.id for run in runs))
    found = table(app, "Setting").set_index("Setting")
    assert found.loc["Batch size"].tolist() == ["64", "32"]
    assert found.loc["Optimiser"].tolist() == ["adamw", "sgd"]
    assert "Learning rate" not in found.index
    app.toggle(key="settings.all").set_value(True).run()
    assert "Learning rate" in table(app, "Setting").set_index("Setting").index


def test_the_table_tells_the_last_and_the_best_of_each_run(store: RunStore) -> None:
    run = made(store, BASE, accuracy=0.8)
    app = opened("compare_runs", runs=run.id)
    row = table(app, "Best loss").iloc[0]
    assert row["Validation accuracy"] == row["Best accuracy"] == pytest.approx(0.8)
    assert row["Best loss"] == pytest.approx(0.2)
    assert row["Best loss at step"] == 20


def test_folds_become_a_mean_with_the_deviation_of_a_sample(store: RunStore) -> None:
    accuracies = (0.9, 0.8, 0.85)
    runs = folds(store, BASE, accuracies)
    app = opened("compare_runs", runs=",".join(run.id for run in runs))
    mean, deviation = 100 * np.mean(accuracies), 100 * np.std(accuracies, ddof=1)
    said = table(app, "Recipe").iloc[0]
    assert said["Runs"] == 3
    assert said["Validation accuracy"] == f"{mean:.1f} ± {deviation:.1f} %"
    app.toggle(key="overlay.spread").set_value(True).run()
    (band,) = panels(app)["Accuracy"]["bands"]
    assert band["high"][-1] - band["low"][-1] == pytest.approx(2 * deviation / 100)


def test_a_dozen_runs_show_what_was_held_out_alone(store: RunStore) -> None:
    runs = [made(store, replace(BASE, learning_rate=0.001 * k)) for k in range(1, 13)]
    app = opened("compare_runs", runs=",".join(run.id for run in runs))
    assert not app.exception
    curves = panels(app)["Loss"]["curves"]
    assert len(curves) == 12
    assert len({each["label"] for each in curves}) == 12
    assert not any(each["dashed"] for each in curves)


def test_a_whole_sweep_is_taken_from_a_link_and_stays_in_the_address(store: RunStore) -> None:
    group = store.new_group("rates", "sweep", {})
    inside = [made(store, replace(BASE, seed=seed), group=group) for seed in (0, 1)]
    made(store, BASE, name="outside")
    app = opened("compare_runs", group=group)
    assert app.multiselect(key="compared").value == [run.id for run in inside]
    assert app.query_params["runs"] == ",".join(run.id for run in inside)


def test_a_link_to_a_run_that_is_gone_shows_the_others(store: RunStore) -> None:
    run = made(store, BASE)
    app = opened("compare_runs", runs=f"gone,{run.id}")
    assert app.multiselect(key="compared").value == [run.id]
    assert not app.exception


def test_a_run_without_measurements_says_that_they_come(store: RunStore) -> None:
    run_id = store.submit(BASE)
    app = opened("compare_runs", runs=run_id)
    assert "Nothing is measured yet" in app.info[0].value
    assert not app.exception


@pytest.mark.parametrize("page", ["compare_runs", "sweep"])
def test_opening_it_imports_no_torch(page: str, store: RunStore) -> None:
    group = store.new_group("rates", "sweep", {"axes": [{"path": "seed", "values": [0, 1]}]})
    for seed in (0, 1):
        made(store, replace(BASE, seed=seed), group=group)
    code = (
        "import sys, cvexplore.runs.runner as runner; runner.ensure = lambda folder=None: None; "
        "from tests.pages.test_pages import ROOT, opened; "
        f"app = opened({page!r}, group={group!r}); "
        "assert not app.exception and app.dataframe; sys.exit('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()[-500:]
