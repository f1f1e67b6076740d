"""Sweeps against loops written by hand: which recipes they make, in which order, and why not."""

import itertools
import math
import subprocess
import sys

import pytest

from cvexplore.errors import OptionError, UnknownName
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig, fields
from cvexplore.training.sweep import MOST, Axis, expand, parse, plain, trials

BASE = RunConfig(dataset=Choice("digits"), epochs=1)


def fits(recipe: RunConfig) -> None:
    """Say that every network can learn everything: what fits is another question."""


def test_a_grid_is_every_combination_and_its_last_axis_changes_fastest() -> None:
    rates, names, widths = (1e-3, 1e-2), ("adamw", "sgd"), (4, 8, 16)
    axes = Axis("learning_rate", rates), Axis("optimizer", names), Axis("options.width", widths)
    found = [
        (each.learning_rate, each.optimizer.name, each.options["width"])
        for each in expand(BASE, axes)
    ]
    for place, (rate, name, width) in enumerate(found):
        assert rate == rates[place // 6]
        assert name == names[place // 3 % 2]
        assert width == widths[place % 3]
    assert len(found) == 12


def test_what_is_not_varied_stays_as_it_is() -> None:
    (made,) = expand(BASE, [Axis("learning_rate", (0.5,))])
    assert fields.flat(made) == fields.flat(BASE.checked()) | {"learning_rate": 0.5}


def test_a_sample_has_the_runs_asked_for_within_its_ends_and_no_two_alike() -> None:
    axes = [
        Axis("learning_rate", low=1e-4, high=1e-1, log=True),
        Axis("batch_size", low=16, high=128),
        Axis("optimizer", ("adamw", "sgd")),
    ]
    found = trials(BASE, axes, mode="random", count=60, seed=3, fits=fits)
    recipes = [trial.recipe for trial in found]
    assert len({recipe.to_json() for recipe in recipes if recipe}) == 60
    assert all(each and 1e-4 <= each.learning_rate <= 1e-1 for each in recipes)
    assert all(each and 16 <= each.batch_size <= 128 for each in recipes)
    assert {each.optimizer.name for each in recipes if each} == {"adamw", "sgd"}


def test_a_sample_over_orders_of_magnitude_gives_each_order_the_same_share() -> None:
    axis = Axis("learning_rate", low=1e-6, high=1.0, log=True)
    found = trials(BASE, [axis], mode="random", count=180, seed=0, fits=fits)
    orders = [math.floor(math.log10(each.values["learning_rate"])) for each in found]
    shares = [orders.count(order) / len(orders) for order in range(-6, 0)]
    # A binomial share of 1/6 of 180 draws strays by 0.028; a linear draw would give the last 0.9.
    assert all(abs(share - 1 / 6) < 0.1 for share in shares)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    axes = [Axis("learning_rate", low=1e-4, high=1e-1, log=True)]
    drawn = [
        [t.values for t in trials(BASE, axes, mode="random", count=8, seed=seed, fits=fits)]
        for seed in (5, 5, 6)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_sample_of_fewer_combinations_than_asked_for_has_each_once() -> None:
    axes = [Axis("optimizer", ("adamw", "sgd")), Axis("seed", (0, 1, 2))]
    found = trials(BASE, axes, mode="random", count=50, fits=fits)
    pairs = {(each.values["optimizer"], each.values["seed"]) for each in found}
    assert len(found) == 6
    assert pairs == set(itertools.product(("adamw", "sgd"), (0, 1, 2)))


def test_folds_make_every_combination_a_run_for_each_fold() -> None:
    axes = [Axis("learning_rate", (1e-3, 1e-2)), Axis("folds", (3,))]
    found = [(each.learning_rate, each.folds, each.fold) for each in expand(BASE, axes)]
    assert found == [(rate, 3, fold) for rate in (1e-3, 1e-2) for fold in range(3)]


def test_a_combination_that_is_not_allowed_is_told_and_left_out() -> None:
    axes = [Axis("optimizer", ("adamw", "sgd")), Axis("optimizer.momentum", (0.0, 0.9))]
    found = trials(BASE, axes)
    obstacles = [(t.values["optimizer"], bool(t.recipe), "momentum" in t.obstacle) for t in found]
    assert obstacles == [("adamw", False, True)] * 2 + [("sgd", True, False)] * 2
    assert len(expand(BASE, axes)) == 2


def test_a_network_that_cannot_learn_the_task_is_told() -> None:
    found = trials(BASE, [Axis("architecture", ("cvexplore/simple_cnn", "cvexplore/detr"))])
    assert [bool(trial.recipe) for trial in found] == [True, False]
    assert "detection" in found[1].obstacle


def test_another_network_has_none_of_the_options_of_the_first() -> None:
    base = fields.having(BASE, "options.width", 8)
    (same,) = expand(base, [Axis("architecture", ("cvexplore/simple_cnn",))])
    other = fields.having(base, "architecture", "cvexplore/resnet")
    assert same.options == {"width": 8}
    assert other.options == {}


def test_recipes_that_are_the_same_are_trained_once() -> None:
    spelled = ("adamw", Choice("adamw"), "adamw")
    assert len(expand(BASE, [Axis("optimizer", spelled)])) == 1


@pytest.mark.parametrize(
    ("axes", "options", "said"),
    [
        ([Axis("seed", tuple(range(MOST + 1)))], {}, f"at most {MOST}"),
        ([Axis("seed", tuple(range(50))), Axis("folds", (5,))], {}, f"at most {MOST}"),
        ([Axis("learning_rate", low=1e-3, high=1e-1)], {}, "A grid needs the values"),
        ([Axis("learning_rate")], {}, "has no values"),
        ([Axis("seed", (1,)), Axis("seed", (2,))], {}, "varied once"),
        ([Axis("learning_rate", low=0.1, high=0.01)], {"mode": "random"}, "swap the ends"),
        ([Axis("weight_decay", low=0.0, high=1.0, log=True)], {"mode": "random"}, "orders of"),
        ([Axis("learning_rate", low=0.1, high=100)], {"mode": "random"}, "between 1e-06 and 10"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_in_a_sentence(
    axes: list[Axis], options: dict, said: str
) -> None:
    with pytest.raises(OptionError, match=said) as error:
        trials(BASE, axes, fits=fits, **options)
    assert str(error.value).endswith(".")


def test_a_field_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="learning_rate"):
        trials(BASE, [Axis("learning_rat", (1,))], fits=fits)


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("learning_rate=0.001, 0.01", Axis("learning_rate", (0.001, 0.01))),
        ("batch_size=16,32", Axis("batch_size", (16, 32))),
        ("decay_all=yes,no", Axis("decay_all", (True, False))),
        ("optimizer=sgd", Axis("optimizer", ("sgd",))),
        ("optimizer.momentum=0.5", Axis("optimizer.momentum", (0.5,))),
        ("learning_rate=1e-4..1e-1", Axis("learning_rate", (), 1e-4, 1e-1, True)),
        ("weight_decay=0..0.1", Axis("weight_decay", (), 0.0, 0.1, False)),
        ("augmentations=none", Axis("augmentations", ((),))),
    ],
)
def test_an_axis_can_be_typed(text: str, axis: Axis) -> None:
    assert parse(BASE, text) == axis


@pytest.mark.parametrize("text", ["learning_rate", "learning_rate=", "learning_rate=fast"])
def test_an_axis_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse(BASE, text)


@pytest.mark.parametrize("path", [*fields.flat(BASE.checked()), "options.width"])
def test_every_field_can_be_given_its_own_value_again(path: str) -> None:
    base = fields.having(BASE.checked(), "options.width", 8)
    held = fields.value(base, path)
    if held is not None:
        assert fields.having(base, path, held) == base


def test_an_option_of_an_augmentation_is_a_field() -> None:
    base = fields.having(BASE, "augmentations", ("erase", Choice("flip", {"chance": 0.1})))
    changed = fields.having(base, "augmentations.flip.chance", 0.4)
    assert fields.value(changed, "augmentations.flip.chance") == 0.4
    assert fields.value(changed, "augmentations.erase.chance") is None
    assert fields.flat(changed)["augmentations"] == "erase + flip"
    with pytest.raises(OptionError, match="no augmentation mixup"):
        fields.having(base, "augmentations.mixup.share", 0.2)


def test_words_of_plain_values_are_read_back() -> None:
    base = BASE.checked()
    for path in ("learning_rate", "batch_size", "decay_all", "optimizer", "split", "epochs"):
        held = fields.value(base, path)
        word = held.name if isinstance(held, Choice) else fields.word(held)
        read = fields.read(base, path, word)
        assert fields.having(base, path, read) == base


def test_an_axis_becomes_json_and_names_all_it_holds() -> None:
    axis = Axis("augmentations", ((), (Choice("flip", {"chance": 0.1}),)))
    held = [[], [{"name": "flip", "options": {"chance": 0.1}}]]
    assert plain(axis) == {"path": "augmentations", "values": held}


def test_importing_sweeps_does_not_import_torch() -> None:
    code = "import sys, cvexplore.training.sweep, cvexplore.runs.comparing as c; "
    code += "c.differences([__import__('cvexplore.training').training.RunConfig()]); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
