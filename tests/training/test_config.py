"""The recipe: what is written is read again, and what is wrong is said in a sentence."""

import json
from typing import Any

import pytest

from cvexplore.errors import CvexploreError, OptionError, UnknownName
from cvexplore.plugins import Choice
from cvexplore.training import Change, RunConfig
from cvexplore.training.config import settings

UNUSUAL = RunConfig(
    architecture="torchvision/resnet18",
    options={"classes": 7, "image_size": 40},
    approach=Choice("supervised"),
    dataset=Choice("shapes", {"noise": 0.25, "count": 100}),
    schedule=Choice("plateau", {"patience": 3}),
    optimizer=Choice("sgd", {"momentum": 0.5}),
    weights="run:20260101-120000-abcd",
    changes=(Change(5, "learning_rate", 0.01), Change(7, "frozen", 1.0)),
    decay_all=False,
    precision="bf16",
    learning_rate=0.1,
    weight_decay=0.0,
    batch_size=7,
    epochs=3,
    steps=11,
    validation=0.35,
    seed=2**31 - 1,
)


@pytest.mark.parametrize("config", [RunConfig(), UNUSUAL], ids=["standard", "unusual"])
def test_json_is_read_as_it_was_written(config: RunConfig) -> None:
    assert RunConfig.from_json(config.to_json()) == config
    assert RunConfig.from_json(config.to_json()).checked() == config.checked()


def test_an_optimiser_that_once_was_a_word_is_still_read() -> None:
    assert RunConfig.from_json('{"optimizer": "sgd"}') == RunConfig(optimizer=Choice("sgd"))


def test_fields_that_no_longer_exist_are_left_out_and_missing_ones_are_standard() -> None:
    assert RunConfig.from_json('{"epochs": 9, "teacher_forcing": true}') == RunConfig(epochs=9)


def test_checking_changes_nothing_but_types() -> None:
    checked = RunConfig(epochs=3.0, learning_rate=1, dataset=Choice("digits")).checked()  # type: ignore[arg-type]
    assert checked == RunConfig(epochs=3, learning_rate=1.0, dataset=Choice("digits"))
    assert type(checked.epochs) is int
    assert type(checked.learning_rate) is float


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "3",
        "null",
        "[]",
        '{"dataset": 3}',
        '{"dataset": {"name": "digits"}}',
        '{"dataset":',
    ],
)
def test_what_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"^This is not a recipe of a run: .+"):
        RunConfig.from_json(text)


NUMBERS = [option for option in settings() if option.range]


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.name)
def test_a_number_out_of_its_range_is_told_the_range(option: Any) -> None:
    low, high = option.range.low, option.range.high
    for value in (low - 1, high + 1, -(10**400)):
        with pytest.raises(OptionError) as caught:
            RunConfig(**{option.name: value}).checked()
        assert str(caught.value).startswith(f"{option.name} must be between {low:g} and {high:g}")
        assert_one_sentence(caught.value)
    for value in (low, high):
        assert getattr(RunConfig(**{option.name: value}).checked(), option.name) == value


@pytest.mark.parametrize("value", ["3", None, True, float("nan"), [1], {}])
@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.name)
def test_what_is_no_number_is_refused(option: Any, value: Any) -> None:
    with pytest.raises(
        OptionError, match=f"^{option.name} must be a (whole )?number, not "
    ) as caught:
        RunConfig(**{option.name: value}).checked()
    assert_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ({"architecture": "torchvision/resnet19"}, "torchvision/resnet18"),
        ({"options": {"widht": 8}}, "width"),
        ({"approach": Choice("supervize")}, "supervised"),
        ({"dataset": Choice("minst_5k")}, "mnist_5k"),
        ({"dataset": Choice("shapes", {"nose": 0.1})}, "noise"),
        ({"schedule": Choice("one_cicle")}, "one_cycle"),
        ({"schedule": Choice("cosine", {"warmup": 0.1})}, "warm_up"),
    ],
)
def test_an_unknown_name_offers_the_nearest(given: dict[str, Any], nearest: str) -> None:
    with pytest.raises(UnknownName) as caught:
        RunConfig(**given).checked()
    assert nearest in caught.value.nearest
    assert nearest in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"optimizer": Choice("sgd", {"momentum": 1.0})}, "between 0 and 0.999"),
        ({"precision": "fp8"}, "fp32, bf16, fp16"),
        ({"folds": 5, "fold": 5}, "counted from 0"),
        ({"folds": 1}, "fold 0 of 1"),
        ({"changes": (Change(3, "seed", 1),)}, "what can be steered"),
        ({"changes": (Change(3, "frozen", 2.0),)}, "between 0 and 1"),
        ({"options": {"width": 0}}, "between 1 and 256"),
        ({"dataset": Choice("shapes", {"noise": 0.6})}, "between 0 and 0.5"),
        ({"schedule": Choice("plateau", {"patience": 1.5})}, "a whole number"),
    ],
)
def test_a_value_that_is_not_allowed_is_told_what_is(given: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        RunConfig(**given).checked()
    assert says in str(caught.value)
    assert_one_sentence(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"architecture": 3},
        {"options": [3]},
        {"options": "width"},
        {"optimizer": ["adamw"]},
        {"epochs": "many"},
        {"epochs": 1e999},
        {"dataset": {"name": 3, "options": {}}},
        {"dataset": {"name": "digits", "options": [3]}},
    ],
)
def test_a_recipe_from_a_strange_file_is_refused_in_a_sentence(changed: dict[str, Any]) -> None:
    text = json.dumps(json.loads(RunConfig().to_json()) | changed)
    with pytest.raises(CvexploreError) as caught:
        RunConfig.from_json(text).checked()
    assert_one_sentence(caught.value)


def assert_one_sentence(error: Exception) -> None:
    assert "\n" not in str(error)
    assert str(error).endswith(".")
