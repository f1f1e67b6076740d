"""Runs whose loss is no longer a number: the first layer is named, and the pictures."""

import pytest
import torch
from torch import Tensor

from cvexplore.training.approaches import Batch
from cvexplore.training.loop import Point, Training
from cvexplore.training.nonfinite import Diverged
from cvexplore.training.splits import shuffled
from tests.training.test_loop import TINY, recipe, values


def diverged(training: Training) -> tuple[Diverged, list[Point]]:
    """Train to where it fails; return how, and what was measured on the way."""
    points: list[Point] = []
    turns = training.turns()
    try:
        for turn in turns:
            points += turn
    except Diverged as error:
        return error, points
    raise AssertionError("it did not diverge")


def test_weights_that_are_no_numbers_are_found() -> None:
    training = Training(recipe())
    with torch.no_grad():
        training.approach.network.get_parameter("classifier.1.bias")[3] = torch.nan
    error, _ = diverged(training)
    assert (error.step, error.layer) == (1, "classifier.1")
    assert error.pictures == tuple(shuffled(training.train, 0, 0)[:32].tolist())
    assert error.pictures == tuple(training.batch.tolist())
    assert str(error).startswith(
        "The train loss is not a number at step 1: the weights of classifier.1 are not finite"
    )
    assert str(error).endswith("try a learning rate below 0.002.")


def test_the_first_output_that_overflows_is_found() -> None:
    training = Training(recipe(options={**TINY, "dropout": 0.0}))
    with torch.no_grad():
        for name in ("features.3.weight", "classifier.1.weight"):
            training.approach.network.get_parameter(name).fill_(1e25)
    error, points = diverged(training)
    assert error.layer == "classifier.1"
    assert "the output of classifier.1 is the first that is not finite" in str(error)
    (loss,) = values(points, "loss")  # the point that shows it
    assert loss != loss or abs(loss) == torch.inf
    assert training.step == 0


def test_a_loss_that_alone_is_no_number_is_said_to_be_it(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(recipe())
    learn = type(training.approach).loss

    def lose(batch: Batch) -> dict[str, Tensor]:
        return {
            **learn(training.approach, batch),
            "loss": torch.tensor(torch.inf, requires_grad=True),
        }

    monkeypatch.setattr(training.approach, "loss", lose)
    error, _ = diverged(training)
    assert error.layer == ""
    assert "all layers' outputs are finite, so it is the loss itself" in str(error)


def test_a_network_that_only_fails_when_it_is_measured_names_the_pictures() -> None:
    training = Training(recipe())
    training.validation = torch.arange(100)
    turns = training.turns()
    while training.step < training.steps_per_epoch:
        next(turns)
    with torch.no_grad():
        training.approach.network.get_parameter("features.0.weight").fill_(torch.inf)
    error, _ = diverged(training)
    assert (error.step, error.layer) == (training.steps_per_epoch, "features.0")
    assert str(error).startswith("The validation loss is not a number at step ")
    assert set(error.pictures) < set(range(100))
