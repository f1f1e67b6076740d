"""One step: against torch's own pieces, and one large batch."""

from typing import Any

import pytest
import torch

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training import MetricPoint, precision
from cvexplore.training.loop import Training
from tests.training.test_loop import TINY, known, recipe, through_a_file, values

STILL = {**TINY, "dropout": 0.0}
PLAIN_SGD = Choice("sgd", {"momentum": 0.0})


def weights(training: Training) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in training.approach.network.state_dict().items()}


def test_accumulated_batches_are_one_large_batch() -> None:
    small = recipe(options=STILL, batch_size=16, accumulate=3, optimizer=Choice("sgd"), epochs=2)
    large = recipe(options=STILL, batch_size=48, optimizer=Choice("sgd"), epochs=2)
    runs = [Training(config) for config in (small, large)]
    points = [list(run.points()) for run in runs]
    assert runs[0].steps == runs[1].steps == 8  # 160 pictures: 48, 48, 48 and 16
    for name in ("loss", "accuracy", "learning_rate"):
        assert values(points[0], name) == pytest.approx(values(points[1], name), abs=1e-5)
    for name, tensor in weights(runs[0]).items():
        torch.testing.assert_close(tensor, weights(runs[1])[name], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("clip", [0.0, 0.01, 1000.0])
def test_a_step_is_never_longer_than_the_clip_allows(clip: float) -> None:
    config = recipe(
        options=STILL,
        optimizer=PLAIN_SGD,
        schedule=Choice("constant"),
        learning_rate=0.5,
        weight_decay=0.0,
        clip=clip,
        steps=1,
    )
    training = Training(config)
    before = weights(training)
    points = next(training.turns())
    measured = {p.name: p.value for p in points if isinstance(p, MetricPoint)}
    norm = measured["gradient_norm"]
    moved = torch.cat([(weights(training)[k] - v).flatten() for k, v in before.items()]).norm()
    assert norm > 0.01
    assert moved.item() == pytest.approx(0.5 * min(norm, clip or norm), rel=1e-4)


def after_a_step(**changed: Any) -> dict[str, torch.Tensor]:
    config = recipe(
        options={**STILL, "batch_norm": True},
        optimizer=PLAIN_SGD,
        schedule=Choice("constant"),
        learning_rate=0.1,
        steps=1,
        **changed,
    )
    training = Training(config)
    list(training.points())
    return weights(training)


def test_weight_decay_spares_biases_and_normalisation_if_asked_to() -> None:
    everywhere, spared, nowhere = (
        after_a_step(weight_decay=0.5),
        after_a_step(weight_decay=0.5, decay_all=False),
        after_a_step(weight_decay=0.0),
    )
    for name, tensor in spared.items():
        expected = everywhere if tensor.dim() > 1 else nowhere
        torch.testing.assert_close(tensor, expected[name])
        if tensor.dim() > 1 or name == "features.1.weight":  # fresh biases are zero or hardly more
            assert not torch.allclose(everywhere[name], nowhere[name], rtol=1e-3), name


@pytest.mark.parametrize("asked", ["bf16", "fp16"])
def test_a_precision_the_machine_only_imitates_is_refused(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "available", lambda device: ("fp32",))
    with pytest.raises(OptionError, match=f"does not compute in {asked}.*choose precision fp32"):
        Training(recipe(precision=asked), device="cpu")


@pytest.mark.parametrize("asked", ["bf16", "fp16"])
def test_half_precision_learns_the_same_and_goes_on_from_a_checkpoint(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "available", lambda device: ("fp32", "bf16", "fp16"))
    exact = list(Training(recipe(options=STILL, steps=6)).points())
    half = Training(recipe(options=STILL, steps=6, precision=asked))
    points, checkpoint, seen = [], {}, 0
    for turn in half.turns():
        points += [point for point in turn if isinstance(point, MetricPoint)]
        if half.step == 3:
            checkpoint, seen = through_a_file(half.checkpoint()), len(points)
    assert values(points, "loss") == pytest.approx(values(exact, "loss"), rel=0.02)
    assert values(points, "loss") != values(exact, "loss")
    assert values(points, "gradient_norm") == pytest.approx(values(exact, "gradient_norm"), rel=0.1)
    (batch,) = half.approach.batches(half.train[:4], 4)
    assert half.approach(batch.images).dtype == torch.float32
    assert all(p.dtype == torch.float32 for p in half.approach.parameters())
    assert (checkpoint["descent"]["scaler"] != {}) == (asked == "fp16")
    again = Training(recipe(options=STILL, steps=6, precision=asked))
    again.restore(checkpoint)
    assert known(list(again.points())) == known(points[seen:])
