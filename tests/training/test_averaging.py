"""The running mean of the weights, against a slow loop."""

from pathlib import Path

import pytest
import torch

from cvexplore.catalog import weights
from cvexplore.training.loop import Training
from tests.training.test_loop import TINY, recipe

Numbers = dict[str, torch.Tensor]


def state(training: Training) -> Numbers:
    return {k: v.clone() for k, v in training.approach.network.state_dict().items()}


def test_what_is_measured_and_saved_is_the_running_mean_of_the_weights(tmp_path: Path) -> None:
    config = recipe(options={**TINY, "batch_norm": True}, ema=0.6, learning_rate=0.01, epochs=2)
    training = Training(config)
    mean, points = state(training), []
    for turn in training.turns():
        points += turn
        if turn and turn[0].split == "train":
            share = min(0.6, training.step / (9 + training.step))  # (1 + t) / (10 + t), t from 0
            for name, now in state(training).items():
                exact = now.is_floating_point()
                mean[name] = share * mean[name] + (1 - share) * now if exact else now
    training.save(tmp_path / "mean.safetensors")
    saved = weights.read(tmp_path / "mean.safetensors")
    assert saved.keys() >= {"features.1.running_var", "features.0.weight"}
    for name in saved:
        torch.testing.assert_close(saved[name], mean[name], msg=name)
    last = state(training)
    assert not torch.allclose(mean["features.0.weight"], last["features.0.weight"])
    plain = Training(recipe(options=config.options))
    plain.approach.network.load_state_dict(mean)
    scores = [p.value for p in points if (p.split, p.name) == ("validation", "loss")]
    assert plain.evaluate()["loss"] == pytest.approx(scores[-1], rel=1e-5)


def test_learning_itself_is_not_changed_by_the_mean() -> None:
    states = []
    for share in (0.0, 0.9):
        training = Training(recipe(ema=share, steps=4))
        list(training.points())
        states.append(state(training))
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), name
