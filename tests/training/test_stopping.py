"""Early stopping against a loop that counts, and in a run."""

import pytest

from cvexplore.plugins import Choice
from cvexplore.training import stopping
from cvexplore.training.loop import Training
from cvexplore.training.measuring import Measurement
from tests.training.test_loop import recipe, through_a_file


@pytest.mark.parametrize(
    ("losses", "patience", "improvement", "ends"),
    [
        ([3.0, 2.0, 1.0], 1, 0.0, None),
        ([3.0, 3.0], 1, 0.0, 2),
        ([3.0, 3.1, 2.9, 3.0, 3.0, 2.0], 2, 0.0, 5),
        ([3.0, 2.95, 2.91, 2.5], 2, 0.1, 3),  # each better, but by too little
        ([3.0, 2.95, 2.85, 2.84, 2.83], 2, 0.1, 5),  # slowly, but by enough in all
        ([1.0, 2.0, 2.0], 0, 0.0, None),
    ],
)
def test_it_ends_when_the_loss_has_not_fallen_for_as_long_as_patience_lasts(
    losses: list[float], patience: int, improvement: float, ends: int | None
) -> None:
    config = recipe(patience=patience, improvement=improvement)
    said = [bool(stopping.why(losses[:n], config)) for n in range(len(losses) + 1)]
    assert (said.index(True) if True in said else None) == ends


def test_patience_begins_anew_when_a_run_is_made_longer() -> None:
    config = recipe(patience=2)
    assert stopping.why([1.0, 2.0, 3.0], config)
    assert not stopping.why([1.0, 2.0, 3.0], config, since=3)
    assert not stopping.why([1.0, 2.0, 3.0, 4.0], config, since=3)
    assert stopping.why([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], config, since=3)


def test_a_run_says_why_it_ended_early_and_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.5, 0.4, 0.45, 0.41, 0.3, 0.2, 0.1, 0.1])
    monkeypatch.setattr(Measurement, "scores", lambda self: {"loss": next(losses)})
    config = recipe(epochs=20, patience=2, schedule=Choice("constant"))
    training = Training(config)
    assert training.ended_early == ""
    list(training.turns())
    assert training.step == 4 * 5
    assert training.ended_early == (
        "It ended early, after epoch 4: in 2 epochs the validation loss did not fall below the "
        "0.4 of epoch 2."
    )
    again = Training(config)
    again.restore(through_a_file(training.checkpoint()))
    assert list(again.turns()) == []
    again.change("epochs", 6)
    list(again.turns())
    assert again.step == 6 * 5
    assert again.ended_early == ""
