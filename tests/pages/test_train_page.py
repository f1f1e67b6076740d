"""The training form: whatever fills it, it launches the recipe that it shows."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore
from cvexplore.training.config import Change, RunConfig, settings
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training
from cvexplore.training.splits import split
from cvexplore.ui.training import fields as groups
from cvexplore.ui.training import link
from cvexplore.ui.training.estimating import measured_as
from cvexplore.ui.training.plan import plan
from cvexplore.ui.training.presets import PRESETS
from tests.pages.test_pages import ROOT, no_runner, opened  # noqa: F401

EVERYTHING = RunConfig(
    architecture="cvexplore/resnet",
    options={"depth": 18, "width": 8},
    approach=Choice("supervised", {"label_smoothing": 0.1}),
    dataset=Choice("digits", {"image_size": 32}),
    optimizer=Choice("sgd", {"momentum": 0.8}),
    schedule=Choice("cosine", {"warm_up": 0.3}),
    changes=(Change(40, "learning_rate", 0.001),),
    learning_rate=0.02,
    batch_size=48,
    epochs=7,
    weight_decay=0.0005,
    decay_all=False,
    steps=90,
    clip=2.5,
    accumulate=2,
    precision="fp32",
    ema=0.99,
    patience=4,
    improvement=0.002,
    split="random",
    validation=0.3,
    test=0.1,
    seed=11,
    threads=1,
    snapshots=5,
)


def click(app: AppTest, label: str) -> AppTest:
    return next(each for each in app.button if each.label == label).click().run()


def launched(app: AppTest, label: str = "Launch") -> tuple[Run, ...]:
    click(app, label)
    assert not app.exception
    return RunStore().runs()


def form_key(app: AppTest, name: str) -> str:
    return app.session_state["train.beginning"].key(name)


# ------------------------------------------------------------------ the address


@pytest.mark.parametrize("config", [RunConfig(), EVERYTHING, *(each.config for each in PRESETS)])
def test_a_recipe_comes_back_from_its_address_as_it_was(config: RunConfig) -> None:
    both = link.LEFT_OPEN
    again, by_hand = link.read(link.written(config, both))
    assert again == config.checked()
    assert by_hand == set(both)


def test_an_address_names_only_what_differs() -> None:
    assert link.written(RunConfig()) == "{}"
    config = RunConfig(epochs=9, precision="bf16")
    assert json.loads(link.written(config)) == {"epochs": 9}
    assert json.loads(link.written(config, ["precision"])) == {"epochs": 9, "precision": "bf16"}


def test_the_form_launches_the_recipe_of_its_address_in_every_field() -> None:
    app = opened("train", recipe=link.written(EVERYTHING, link.LEFT_OPEN))
    assert not app.exception
    assert not app.error
    (run,) = launched(app)
    for each in fields(RunConfig):  # one by one, so that a failure says which
        assert getattr(run.config, each.name) == getattr(EVERYTHING, each.name), each.name


def test_what_is_chosen_stands_in_the_address_and_survives_a_reload() -> None:
    app = opened("train")
    app.number_input(key=form_key(app, "epochs")).set_value(9).run()
    app.selectbox(key=form_key(app, "schedule")).set_value("one_cycle").run()
    reloaded = opened("train", recipe=str(app.query_params["recipe"]))
    assert reloaded.number_input(key=form_key(reloaded, "epochs")).value == 9
    (run,) = launched(reloaded)
    assert (run.config.epochs, run.config.schedule.name) == (9, "one_cycle")


def test_who_comes_back_to_the_page_finds_the_form_as_it_was_left() -> None:
    app = opened("train")
    app.number_input(key=form_key(app, "epochs")).set_value(9).run()
    pages = {name: app.query_params.pop(name) for name in list(app.query_params)}
    assert pages
    for name in ("data", "train"):
        app.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    assert app.number_input(key=form_key(app, "epochs")).value == 9


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"recipe": "[1, 2"}, "This is not a recipe of a run"),
        ({"recipe": '{"architecture": "no/such"}'}, "no/such"),
        ({"recipe": '{"epochs": -4}'}, "epochs must be between"),
        ({"from": "nobody"}, "There is no run"),
        ({"train": "torchvision/resnet19"}, "resnet1"),
        ({"data": "own:../../etc"}, ""),
    ],
)
def test_an_address_that_leads_nowhere_is_told_and_the_form_works(
    query: dict[str, str], told: str
) -> None:
    app = opened("train", **query)
    assert not app.exception
    said = [each.value for each in (*app.warning, *app.error)]
    assert any(told in each for each in said), said


# ------------------------------------------------------------------ ready-made and cloned


@pytest.mark.parametrize("preset", PRESETS, ids=lambda each: each.title)
def test_a_ready_made_recipe_fills_the_form_and_could_be_launched(preset: Any) -> None:
    app = opened("train")
    app.button_group(key=form_key(app, "preset")).set_value(preset.title).run()
    assert not app.exception
    assert not [*app.error, *app.warning]
    assert preset.about in [each.value for each in app.caption]
    (run,) = launched(app)
    assert run.config == preset.config.checked()


def test_a_run_is_cloned_with_the_changes_made_on_the_way_or_without_them() -> None:
    store = RunStore()
    first = store.submit(EVERYTHING)
    app = opened("train", **{"from": first})
    switch = next(each for each in app.toggle if "made on the way" in each.label)
    assert "One change" in switch.label or "one change" in switch.label
    with_change, _ = launched(app)
    assert with_change.config == EVERYTHING.checked()
    app = opened("train", **{"from": first})
    app.toggle(key=form_key(app, "changes")).set_value(False).run()
    assert launched(app)[0].config == replace(EVERYTHING, changes=()).checked()


def test_a_link_may_change_single_fields_of_a_run() -> None:
    first = RunStore().submit(EVERYTHING)
    query = {"from": first, "weight_decay": "0.1", "epochs": "20", "schedule": "constant"}
    app = opened("train", **query)
    wanted = replace(EVERYTHING, weight_decay=0.1, epochs=20, schedule=Choice("constant"))
    assert launched(app)[0].config == wanted.checked()


def test_a_field_beside_a_recipe_goes_before_it() -> None:
    app = opened("train", recipe=link.written(RunConfig(epochs=7, seed=3)), seed="5")
    config = launched(app)[0].config
    assert (config.epochs, config.seed) == (7, 5)


# ------------------------------------------------------------------ parts of the form


def test_every_plain_field_of_a_recipe_stands_in_one_fold_of_the_form() -> None:
    folds = (
        *(groups.ESSENTIAL, groups.START, groups.SPLIT, groups.AUGMENTATION, groups.OPTIMIZER),
        *(groups.SCHEDULE, groups.REGULARISATION, groups.SPEED),
    )
    named = [name for fold in folds for name in fold]
    assert sorted(named) == sorted(option.name for option in settings())


def test_k_folds_are_launched_as_one_group_that_holds_each_picture_out_once() -> None:
    config = RunConfig(dataset=Choice("digits"), folds=4, seed=3)
    app = opened("train", recipe=link.written(config))
    app.text_input(key=form_key(app, "name")).set_value("four <b>folds</b>").run()
    runs = launched(app, "Launch 4 runs")
    (group,) = RunStore().groups()
    assert {run.group for run in runs} == {group.id}
    assert group.title == "four <b>folds</b>"
    labels = DATASETS["digits"]().labels
    held_out = torch.cat([split(labels, run.config).validation for run in runs])
    assert held_out.sort().values.tolist() == list(range(len(labels)))


def test_one_fold_of_several_is_launched_where_a_link_names_it() -> None:
    config = RunConfig(dataset=Choice("digits"), folds=4, fold=0)
    app = opened("train", recipe=link.written(config, ["fold"]))
    (run,) = launched(app)
    assert (run.config.folds, run.config.fold, run.group) == (4, 0, "")


def test_frozen_layers_are_not_counted_as_trained() -> None:
    config = RunConfig(weights="bundled", frozen=1.0).checked()
    found = plan(config, DATASETS["mnist_5k"]())
    network = catalog.build("cvexplore/simple_cnn")
    last = [each.numel() for each in list(network.modules())[-1].parameters()]
    assert found.fit.parameters == sum(each.numel() for each in network.parameters())
    assert found.fit.trained == sum(last)


def test_the_plan_counts_the_pictures_of_each_part_by_class() -> None:
    config = RunConfig(dataset=Choice("digits"), validation=0.3, test=0.1, accumulate=2).checked()
    dataset = DATASETS["digits"]()
    found = plan(config, dataset)
    parts = split(dataset.labels, config)
    assert found.pictures("training") == len(parts.train)
    assert found.pictures("test") == len(parts.test)
    fours = int((dataset.labels[parts.validation] == 4).sum())
    assert found.parts["validation"][4] == fours
    training = Training(config)
    assert (found.steps, found.steps_per_epoch) == (training.steps, training.steps_per_epoch)


# ------------------------------------------------------------------ before the start


def test_a_measurement_serves_every_recipe_whose_steps_are_the_same() -> None:
    one = replace(EVERYTHING, learning_rate=0.5, epochs=2, seed=9, schedule=Choice("constant"))
    assert measured_as(one) == measured_as(EVERYTHING)
    for other in (
        replace(EVERYTHING, batch_size=49),
        replace(EVERYTHING, optimizer=Choice("adam")),
        replace(EVERYTHING, options={"depth": 34}),
        replace(EVERYTHING, ema=0.0),
    ):
        assert measured_as(other) != measured_as(EVERYTHING)


def test_a_network_that_does_not_fit_can_neither_be_launched_nor_measured() -> None:
    app = opened("train", train="torchvision/alexnet")
    assert "features.5" in app.warning[0].value
    for label in ("Launch", "Measure a few steps", "Search"):
        assert next(each for each in app.button if each.label == label).disabled


def test_the_form_is_not_a_recipe_where_a_value_is_not_allowed() -> None:
    with pytest.raises(CvexploreError, match="epochs"):
        link.read('{"epochs": 0}')


# ------------------------------------------------------------------ weights of another run


def learned(**fields: Any) -> RunConfig:
    return RunConfig(dataset=Choice("digits"), **fields)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"seed": 1}),
        ({}, {"validation": 0.3}),
        ({"test": 0.1}, {"test": 0.2}),
        ({"folds": 4, "fold": 1}, {"folds": 4, "fold": 2}),
        ({}, {"dataset": Choice("digits", {"image_size": 32}), "seed": 1}),
    ],
)
def test_pictures_held_out_that_the_first_weights_learned_from_are_counted(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    store, data = RunStore(), DATASETS["digits"]()
    first, same = learned(**before), store.submit(learned(**before))
    second = replace(learned(weights=f"run:{same}"), **now)
    third = replace(second, weights=f"run:{store.submit(second)}")  # it learns from the same again
    parts = split(data.labels, second)
    held_out = {*parts.validation.tolist(), *parts.test.tolist()}
    both = held_out & set(split(data.labels, first).train.tolist())
    assert both
    for config in (second, third):
        assert f"from {len(both):,} of the {len(held_out):,}" in plan(config, data).warning


@pytest.mark.parametrize(
    "fields",
    [
        {"epochs": 9, "learning_rate": 0.1},
        {"weights": "random", "seed": 1},
        {"dataset": Choice("shapes", {"count": 1797}), "seed": 1},
        {"weights": "run:{}@0", "seed": 1},
    ],
)
def test_weights_that_learned_from_no_picture_held_out_are_not_warned_of(
    fields: dict[str, Any],
) -> None:
    before = RunStore().submit(learned())
    config = replace(learned(weights=f"run:{before}"), **fields)
    config = replace(config, weights=config.weights.format(before))
    assert not plan(config, DATASETS.bind(config.dataset)()).warning


def test_the_page_says_that_bundled_weights_know_what_another_seed_holds_out() -> None:
    for seed, warned in ((0, False), (1, True)):
        app = opened("train", recipe=link.written(RunConfig(weights="bundled", seed=seed)))
        assert not app.exception
        assert any("will be too good" in each.value for each in app.warning) == warned
