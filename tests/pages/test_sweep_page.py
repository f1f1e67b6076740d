"""The page of sweeps: the form, the runs it makes, and what a launched one shows."""

import json
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training.config import MetricPoint, RunConfig
from cvexplore.training.experiments import EXPERIMENTS
from tests.pages.made_runs import made
from tests.pages.test_pages import opened

BASE = RunConfig(
    options={"width": 4, "hidden": 16}, dataset=Choice("digits"), epochs=2, test=0.2, batch_size=32
)
RATES = (1e-4, 1e-3, 1e-2)


@pytest.fixture
def store(home: Any) -> RunStore:
    return RunStore()


def button(app: AppTest, label: str) -> Any:
    """Return the button whose label begins so."""
    return next(each for each in app.button if each.label.startswith(label))


def table(app: AppTest, column: str) -> Any:
    """Return the table that has this column."""
    return next(each.value for each in app.dataframe if column in each.value.columns)


def swept(store: RunStore, accuracies: tuple[float, ...], **more: Any) -> str:
    """Return a sweep of learning rates whose runs have ended at these accuracies."""
    axes = [{"path": "learning_rate", "values": list(RATES)}]
    group = store.new_group("*Rates* <b>x</b>", "sweep", {"axes": axes})
    for rate, accuracy in zip(RATES, accuracies, strict=False):
        recipe = replace(BASE, learning_rate=rate, **more)
        made(store, recipe, accuracy=accuracy, name=f"rate *{rate:g}*", group=group)
    return group


# ------------------------------------------------------------------ the form


def test_the_form_asks_what_to_vary_and_says_why_pictures_are_set_aside(store: RunStore) -> None:
    app = opened("sweep")
    assert "Choose what to vary" in app.info[0].value
    share = app.slider(key="sweep.test.standard")
    assert share.value == 0.2
    assert "played no part in the choice" in share.help


def test_a_grid_is_shown_and_launched_as_a_group(store: RunStore) -> None:
    run = made(store, BASE, name="base")
    app = opened("sweep", **{"from": run.id})
    key = f"sweep.{run.id}"
    app.multiselect(key=f"{key}.paths").set_value(["learning_rate", "optimizer"]).run()
    app.multiselect(key=f"{key}.learning_rate.values").set_value(["0.002", "0.02"]).run()
    app.multiselect(key=f"{key}.optimizer.values").set_value(["sgd"]).run()
    assert not app.exception
    assert table(app, "Obstacle")["Learning rate"].tolist() == ["0.002", "0.02"]
    button(app, "Launch 2 runs").click().run()
    (group,) = store.groups()
    sent = store.runs(group=group.id)[::-1]
    assert [each.config.learning_rate for each in sent] == [0.002, 0.02]
    assert {each.config.optimizer.name for each in sent} == {"sgd"}
    assert {each.config.test for each in sent} == {0.2}
    assert {each.config.options["width"] for each in sent} == {4}
    assert sent[0].name == "learning rate 0.002, sgd"
    assert [axis["path"] for axis in group.about["axes"]] == ["learning_rate", "optimizer"]
    assert app.query_params["group"] == group.id
    assert "0 of 2 runs done" in json.dumps([each.proto.text for each in app.get("progress")])


def test_what_cannot_be_trained_is_told_in_its_row_and_not_launched(store: RunStore) -> None:
    run = made(store, BASE)
    app = opened("sweep", **{"from": run.id})
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(["epochs"]).run()
    values = app.multiselect(key=f"sweep.{run.id}.epochs.values")
    values.set_value(["2"]).run()
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(["epochs", "optimizer.beta1"]).run()
    paths = ["epochs", "optimizer.beta1", "optimizer"]
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(paths).run()
    app.multiselect(key=f"sweep.{run.id}.optimizer.beta1.values").set_value(["0.9"]).run()
    app.multiselect(key=f"sweep.{run.id}.optimizer.values").set_value(["adamw", "sgd"]).run()
    rows = table(app, "Obstacle").set_index("Optimiser")["Obstacle"]
    assert rows["adamw"] == ""
    assert "beta1" in rows["sgd"]
    assert button(app, "Launch 1 run")


def test_a_random_sample_is_drawn_between_two_ends(store: RunStore) -> None:
    run = made(store, BASE)
    app = opened("sweep", **{"from": run.id})
    app.segmented_control(key="sweep.mode").set_value("random").run()
    app.slider(key="sweep.count").set_value(7).run()
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(["learning_rate"]).run()
    app.text_input(key=f"sweep.{run.id}.learning_rate.ends").set_value("1e-3..1e-2").run()
    drawn = [float(each) for each in table(app, "Obstacle")["Learning rate"]]
    assert len(set(drawn)) == 7
    assert all(1e-3 <= each <= 1e-2 for each in drawn)


def test_a_value_that_is_not_allowed_is_told_in_place(store: RunStore) -> None:
    run = made(store, BASE)
    app = opened("sweep", **{"from": run.id})
    app.segmented_control(key="sweep.mode").set_value("random").run()
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(["learning_rate"]).run()
    app.text_input(key=f"sweep.{run.id}.learning_rate.ends").set_value("1..quick").run()
    assert "must be a number" in app.error[0].value
    assert not app.exception


def test_too_many_runs_are_refused_with_what_to_do(store: RunStore) -> None:
    run = made(store, BASE)
    app = opened("sweep", **{"from": run.id})
    app.segmented_control(key="sweep.mode").set_value("random").run()
    app.slider(key="sweep.count").set_value(100).run()
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(["folds"]).run()
    app.multiselect(key=f"sweep.{run.id}.folds.values").set_value(["3", "5", "10"]).run()
    paths = ["folds", "learning_rate"]
    app.multiselect(key=f"sweep.{run.id}.paths").set_value(paths).run()
    assert "at most 200" in app.error[0].value


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_a_ready_made_experiment_fills_the_form(name: str, store: RunStore) -> None:
    experiment = EXPERIMENTS[name]
    app = opened("sweep", **{"from": name})
    assert not app.exception
    assert experiment.sentence in [each.value for each in app.caption]
    chosen = app.multiselect(key=f"sweep.{name}.paths").value
    assert chosen == [axis.path for axis in experiment.axes]
    assert set(table(app, "Obstacle")["Obstacle"]) == {""}


# ------------------------------------------------------------------ a launched one


def test_the_best_run_is_named_and_the_table_is_sorted_by_the_metric(store: RunStore) -> None:
    app = opened("sweep", group=swept(store, (0.5, 0.9, 0.7)))
    found = table(app, "Progress")
    assert found["Learning rate"].tolist() == ["0.001", "0.01", "0.0001"]
    assert found["Validation accuracy"].tolist() == pytest.approx([0.9, 0.7, 0.5])
    said = next(each.value for each in app.markdown if "Best run" in each.value)
    assert r"rate \*0.001\*" in said
    assert "90.0 %" in said
    lines = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert len(lines) == 3


def test_a_title_is_shown_as_it_is(store: RunStore) -> None:
    app = opened("sweep", group=swept(store, (0.5, 0.9)))
    assert r"\*Rates\* \<b\>x\</b\>" in [each.value for each in app.subheader]


def test_less_loss_is_better(store: RunStore) -> None:
    app = opened("sweep", group=swept(store, (0.5, 0.9, 0.7)))
    choice = next(each for each in app.selectbox if each.label == "Compared by")
    choice.set_value("validation/loss").run()
    assert table(app, "Progress")["Validation loss"].tolist() == pytest.approx([0.1, 0.3, 0.5])


def test_the_best_is_measured_on_the_test_split_once_and_the_button_goes(store: RunStore) -> None:
    group = swept(store, (0.5, 0.9, 0.7))
    app = opened("sweep", group=group)
    button(app, "Measure the best on the test split").click().run()
    tested = store.run(store.group(group).tested)
    assert tested.config.learning_rate == 1e-3
    (job,) = store.runs(kind="test", group=group)
    store.claim()
    store.record(tested.id, [MetricPoint(20, "test", "accuracy", 0.87, 1.0)], 20, 20)
    store.end(job.id, "finished")
    app = opened("sweep", group=group)
    assert not [each for each in app.button if each.label.startswith("Measure")]
    assert next(e.value for e in app.metric if e.label == "Test accuracy") == "87.0 %"


def test_without_a_test_share_it_says_so_instead(store: RunStore) -> None:
    app = opened("sweep", group=swept(store, (0.5, 0.9), test=0.0))
    assert not [each for each in app.button if each.label.startswith("Measure")]
    assert any("No pictures were set aside" in each.value for each in app.caption)


def test_a_sweep_at_work_tests_nothing_and_can_be_cut_short(store: RunStore) -> None:
    group = swept(store, (0.5, 0.9))
    waiting = [store.submit(replace(BASE, seed=seed), group=group) for seed in (1, 2)]
    app = opened("sweep", group=group)
    assert button(app, "Measure").disabled
    assert any("Best so far" in each.value for each in app.markdown)
    button(app, "Stop the 2 that wait").click().run()
    assert {store.run(each).state for each in waiting} == {"stopped"}
    assert not app.exception


def test_sweeps_are_listed_and_one_that_is_gone_is_told(store: RunStore) -> None:
    swept(store, (0.5, 0.9))
    app = opened("sweep")
    found = table(app, "Sweep").iloc[0]
    assert (found["Varied"], found["Runs"], found["Done"]) == ("Learning rate", 2, 1.0)
    assert "no group of runs" in opened("sweep", group="gone").error[0].value
