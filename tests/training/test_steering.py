"""Runs that are changed, interrupted and made longer, against runs that were not."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training import Change, MetricPoint, RunConfig
from cvexplore.training.loop import Point, Training
from tests.training.test_loop import TINY, recipe, through_a_file, values

EVERYTHING: dict[str, Any] = {
    "options": {**TINY, "batch_norm": True, "spatial_dropout": 0.2},
    "approach": Choice("supervised", {"label_smoothing": 0.1}),
    "accumulate": 2,
    "clip": 0.5,
    "ema": 0.9,
    "decay_all": False,
    "batch_size": 20,  # 160 pictures: 8 batches, 4 steps an epoch
    "epochs": 3,
    "changes": (Change(2, "frozen", 0.7), Change(6, "frozen", 0.0), Change(6, "weight_decay", 0.3)),
}


def measured(turns: list[list[Point]]) -> list[tuple[Any, ...]]:
    """Return all that was measured but the time it took, what is no number as a word."""
    return [
        (p.step, p.split, p.name, repr(p.value if isinstance(p, MetricPoint) else p.values))
        for turn in turns
        for p in turn
    ]


def test_a_run_goes_on_from_any_turn_to_the_same_numbers() -> None:
    config = recipe(**EVERYTHING)
    whole = Training(config)
    turns, checkpoints = [], {}
    for turn in whole.turns():
        turns.append(turn)
        checkpoints[len(turns)] = through_a_file(whole.checkpoint())
    assert [not turn for turn in turns].count(True) == 3  # one batch measured, the score to come
    for count in (1, 3, 4, 5, 9, 11, len(turns)):  # 5: in the middle of measuring an epoch
        torch.manual_seed(12345)
        again = Training(config)
        again.restore(checkpoints[count])
        rest = measured(list(again.turns()))
        behind = [turn for turn in turns[count:] if turn]
        assert rest == measured(behind), f"from turn {count}"
        for kept, tensor in again.measured.state_dict().items():
            assert torch.equal(tensor, whole.measured.state_dict()[kept]), f"{kept} from {count}"


def steered(config: RunConfig, changes: dict[int, tuple[str, float]]) -> tuple[Training, list[Any]]:
    """Train, and change the recipe after some turns."""
    training = Training(config)
    turns = []
    for turn in training.turns():
        turns.append(turn)
        if len(turns) in changes:
            training.change(*changes[len(turns)])
    return training, measured(turns)


def test_a_recipe_with_the_changes_repeats_a_steered_run() -> None:
    config = recipe(changes=(Change(4, "learning_rate", 0.01),), epochs=2)
    changes = {
        2: ("learning_rate", 0.1),
        3: ("frozen", 0.5),
        6: ("weight_decay", 0.9),  # while it is measured
        9: ("epochs", 3),
        13: ("frozen", 0.0),
    }
    training, points = steered(config, changes)
    assert [change.step for change in training.changes] == [2, 3, 4, 5, 7, 10]
    again = Training(replace(config, changes=tuple(training.changes)))
    assert measured(list(again.turns())) == points
    assert again.step == training.step == 15
    assert again.changes == training.changes
    assert points != steered(config, {})[1]


def test_the_learning_rate_is_the_schedules_times_the_new_one_from_the_next_step_on() -> None:
    training = Training(recipe(schedule=Choice("linear"), learning_rate=0.1, epochs=2))
    points = []
    for turn in training.turns():
        points += turn
        if training.step == 4 and turn:
            training.change("learning_rate", 0.02)
    expected = [(0.1 if step < 4 else 0.02) * (1 - step / 10) for step in range(10)]
    assert values(points, "learning_rate") == pytest.approx(expected)


@pytest.mark.parametrize("length", [{"epochs": 1}, {"steps": 7}])
def test_a_run_that_has_ended_is_made_longer(length: dict[str, int]) -> None:
    config = recipe(**length)
    training = Training(config)
    first = list(training.turns())
    end, checkpoint = training.step, through_a_file(training.checkpoint())
    longer = replace(config, changes=(Change(end, "epochs", 3.0),))
    again = Training(longer)
    again.restore(checkpoint)
    more = list(again.turns())
    assert again.step == again.steps == 15
    assert measured(first + more) == measured(list(Training(longer).turns()))
    assert [p.step for turn in more for p in turn if p.name == "confusion"][-1] == 15


def test_a_run_that_is_made_shorter_ends_at_once_and_is_measured() -> None:
    training = Training(recipe(epochs=3))
    turns = []
    for turn in training.turns():
        turns.append(turn)
        if training.step == 7:
            training.change("epochs", 1)
    assert training.step == 7
    assert [p.step for turn in turns for p in turn if p.name == "confusion"] == [5, 7]


def test_what_cannot_be_steered_is_refused() -> None:
    training = Training(recipe())
    with pytest.raises(OptionError, match="what can be steered: learning_rate"):
        training.change("seed", 3)
    with pytest.raises(OptionError, match="between 0 and 1"):
        training.change("frozen", 2)
    assert training.changes == []


def test_a_change_is_told_alone() -> None:
    training = Training(recipe(changes=(Change(0, "weight_decay", 0.1),)))
    assert training.change("learning_rate", 0.1) == Change(0, "learning_rate", 0.1)
    assert [change.name for change in training.changes] == ["weight_decay", "learning_rate"]


def test_tied_weights_are_averaged_once() -> None:
    from types import SimpleNamespace

    from cvexplore.training.averaging import Average

    def tied(value: float) -> torch.nn.Module:
        approach = torch.nn.Module()
        first, second = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
        first.weight = second.weight = torch.nn.Parameter(torch.tensor([[value]]))
        approach.network = torch.nn.Sequential(first, second)
        approach.dataset = SimpleNamespace()  # type: ignore[assignment]
        return approach

    approach: Any = tied(1.0)
    average = Average(approach, 0.9)
    approach.network[0].weight.data.fill_(2.0)
    average.update(10**6)
    (mean,) = average.approach.network.parameters()
    assert mean.item() == pytest.approx(0.9 * 1 + 0.1 * 2)
