"""Each rule speaks of the curve it is for, and of no curve of a run that goes well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from cvexplore.errors import RunError
from cvexplore.plugins import Choice
from cvexplore.training.config import MetricPoint, RunConfig, VectorPoint
from cvexplore.training.diagnosis import Finding, diagnose
from cvexplore.training.loop import Training

STEPS, EPOCHS, CLASSES, LAYERS = 200, 10, 10, 8
random = np.random.default_rng(0)


@dataclass(frozen=True)
class Line:
    """What the store gives of a curve."""

    steps: list[int]
    values: list[float]


def falling(start: float, end: float, count: int) -> np.ndarray:
    return end + (start - end) * np.exp(-6 * np.linspace(0, 1, count))


def healthy() -> dict[str, np.ndarray]:
    """Return the measurements of a run that goes well, with the noise of batches."""
    noise = 1 + 0.1 * random.standard_normal(STEPS)
    confusion = np.full((EPOCHS, CLASSES, CLASSES), 1.0) + 90 * np.eye(CLASSES)
    return {
        "train/loss": falling(2.3, 0.05, STEPS) * noise,
        "train/accuracy": 1 - falling(0.9, 0.01, STEPS),
        "validation/loss": falling(1.5, 0.1, EPOCHS),
        "validation/accuracy": 1 - falling(0.5, 0.03, EPOCHS),
        "gradient_norm": np.exp(random.standard_normal((40, LAYERS))),
        "update_ratio": 1e-3 * np.exp(random.standard_normal((40, LAYERS))),
        "dead": np.tile([0.1, 0.2, np.nan, 0.3, 0.05, 0.0, 0.2, np.nan], (40, 1)),
        "confusion": confusion.reshape(EPOCHS, -1),
    }


def asked(config: RunConfig | None = None, **measured: np.ndarray) -> tuple[Finding, ...]:
    """Diagnose a healthy run with some measurements replaced; "__" stands for the slash."""
    every = healthy() | {name.replace("__", "/"): each for name, each in measured.items()}
    curves, vectors = {}, {}
    for name, values in every.items():
        steps = np.linspace(STEPS / len(values), STEPS, len(values)).astype(int).tolist()
        split, _, what = name.partition("/")
        if what:
            curves[split, what] = Line(steps, values.tolist())
        else:
            vectors[name] = [
                VectorPoint(step, "train", name, tuple(row), 0.0)
                for step, row in zip(steps, values, strict=True)
            ]
    names = [f"layer.{place}" for place in range(LAYERS)]
    return diagnose(curves, vectors, config or RunConfig(), layers=names, classes="abcdefghij")


def kinds(findings: Sequence[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def with_nan() -> np.ndarray:
    loss = falling(2.3, 0.1, STEPS)
    loss[150:] = np.nan
    return loss


def by_depth(first: float) -> np.ndarray:
    return np.tile(np.geomspace(first, 1.0, LAYERS), (40, 1))


def missing(place: int) -> np.ndarray:
    counts = np.full((CLASSES, CLASSES), 1.0) + 90 * np.eye(CLASSES)
    counts[place, 0] += counts[place, place]
    counts[place, place] = 0
    return np.tile(counts.reshape(-1), (EPOCHS, 1))


JUMPY = np.array([0.3, 0.5, 0.7, 0.8, 0.9, 0.75, 0.92, 0.7, 0.9, 0.8])
DEAD = np.tile([0.1, 0.9, np.nan, 0.3, 0.05, 0.0, 0.2, np.nan], (40, 1))
FLAT = np.full(STEPS, 2.0)
LOW = np.full(STEPS, 0.3)
ILL: dict[str, dict[str, Any]] = {
    "diverged": {"train__loss": np.concatenate([[2.3] * 5, np.full(195, 40.0)])},
    "slow": {
        "train__loss": np.linspace(2.3, 2.0, STEPS),
        "train__accuracy": LOW,
        "update_ratio": np.full((40, LAYERS), 2e-6),
    },
    "plateau": {"train__loss": FLAT, "train__accuracy": LOW, "validation__accuracy": LOW[:10]},
    "overfitting": {
        "validation__loss": np.concatenate([[1.5, 1.0, 0.8], np.linspace(0.85, 1.6, 7)]),
        "validation__accuracy": np.full(EPOCHS, 0.75),
    },
    "dead": {"dead": DEAD},
    "vanishing": {"gradient_norm": by_depth(1e-6)},
    "exploding": {"gradient_norm": by_depth(1e6)},
    "ignored": {"confusion": missing(3)},
    "noisy": {"validation__accuracy": JUMPY, "train__accuracy": 1 - falling(0.9, 0.12, STEPS)},
}


def test_a_run_that_goes_well_is_not_spoken_of() -> None:
    for _ in range(50):
        assert asked() == ()


@pytest.mark.parametrize("kind", ILL)
def test_each_illness_is_told_from_the_others(kind: str) -> None:
    assert kinds(asked(**ILL[kind])) == [kind]


@pytest.mark.parametrize("kind", ILL)
def test_what_to_try_is_a_recipe_that_is_allowed(kind: str) -> None:
    (finding,) = asked(**ILL[kind])
    assert finding.sentence.endswith(".")
    assert finding.advice.endswith(".")
    if finding.change:
        tried = replace(RunConfig(), **finding.change).checked()
        assert tried != RunConfig().checked()


def test_a_loss_that_is_no_number_is_told_with_its_step_and_nothing_else_is() -> None:
    (finding,) = asked(train__loss=with_nan(), **ILL["dead"])
    assert finding.kind == "diverged"
    assert "at step 151" in finding.sentence
    assert finding.change["learning_rate"] == pytest.approx(RunConfig().learning_rate / 10)


def test_a_jump_from_which_the_run_comes_back_is_no_divergence() -> None:
    loss = healthy()["train/loss"]
    loss[5:9] = 30.0
    assert asked(train__loss=loss) == ()


def test_sentences_name_the_layer_and_the_class() -> None:
    assert "90% of the units of layer.1" in asked(**ILL["dead"])[0].sentence
    ignored = asked(**ILL["ignored"])[0].sentence
    assert "class d " in ignored
    assert "100 validation pictures" in ignored


def test_units_silent_in_small_batches_are_not_called_dead() -> None:
    assert asked(RunConfig(batch_size=8), **ILL["dead"]) == ()


def test_frozen_layers_are_no_vanished_gradients() -> None:
    gradients = healthy()["gradient_norm"]
    gradients[:, :2] = 0.0
    ratios = healthy()["update_ratio"]
    ratios[:, :2] = np.nan
    assert asked(gradient_norm=gradients, update_ratio=ratios) == ()


def test_of_a_few_steps_nothing_is_said() -> None:
    few = {"train__loss": np.full(10, 2.3), "train__accuracy": np.full(10, 0.1)}
    assert asked(None, **few, confusion=missing(3)) == ()


def test_nothing_needs_to_have_been_measured() -> None:
    assert diagnose({}, {}, RunConfig()) == ()


def test_what_is_tried_against_overfitting_is_not_what_was_there_already() -> None:
    augmented = RunConfig(augmentations=(Choice("affine"),))
    (first,), (second,) = asked(**ILL["overfitting"]), asked(augmented, **ILL["overfitting"])
    assert first.change == {"augmentations": augmented.augmentations}
    assert "augmentations" not in second.change


def test_a_loss_that_rises_by_a_few_sure_errors_is_not_called_overfitting() -> None:
    rising = np.concatenate([[0.3, 0.12], np.linspace(0.1, 0.13, 8)])
    assert asked(validation__loss=rising) == ()


# ------------------------------------------------------------------ real runs

TINY_DIGITS = Choice("digits", {"image_size": 8})
DEEP = {"depth": 56, "width": 4, "residual": False, "batch_norm": False}
REAL: Mapping[str, tuple[RunConfig, str]] = {
    "a few good epochs": (RunConfig(dataset=TINY_DIGITS, epochs=6), ""),
    "normalised and residual": (
        RunConfig(
            architecture="cvexplore/resnet_cifar",
            options={"width": 4},
            dataset=TINY_DIGITS,
            optimizer=Choice("sgd"),
            learning_rate=0.05,
            epochs=4,
        ),
        "",
    ),
    "100 pictures learned by heart": (
        RunConfig(dataset=Choice("shapes", {"count": 125, "image_size": 16}), epochs=40),
        "overfitting",
    ),
    "steps of 10": (
        RunConfig(dataset=TINY_DIGITS, optimizer=Choice("sgd"), learning_rate=10, epochs=2),
        "diverged",
    ),
    "ReLUs thrown below zero": (
        RunConfig(dataset=TINY_DIGITS, learning_rate=0.1, epochs=3),
        "dead",
    ),
    "steps of a millionth": (
        RunConfig(dataset=TINY_DIGITS, learning_rate=1e-6, epochs=3),
        "slow",
    ),
    "deep, plain and not normalised": (
        RunConfig(
            architecture="cvexplore/resnet_cifar",
            options=DEEP,
            dataset=TINY_DIGITS,
            optimizer=Choice("sgd"),
            learning_rate=0.03,
            steps=24,
        ),
        "vanishing",
    ),
}


def trained(config: RunConfig) -> tuple[Finding, ...]:
    """Train for a few seconds and diagnose what was measured."""
    training = Training(replace(config, snapshots=0), device="cpu")
    curves: dict[tuple[str, str], Line] = {}
    vectors: dict[str, list[VectorPoint]] = {}
    try:
        for turn in training.turns():
            for point in turn:
                if isinstance(point, MetricPoint):
                    line = curves.setdefault((point.split, point.name), Line([], []))
                    line.steps.append(point.step)
                    line.values.append(point.value)
                else:
                    vectors.setdefault(point.name, []).append(point)
    except RunError:  # it diverged; the points that show it came before
        pass
    return diagnose(curves, vectors, training.config, layers=training.layers)


@pytest.mark.parametrize("name", REAL)
def test_a_real_run_is_told_what_it_has_and_a_good_one_nothing(name: str) -> None:
    config, expected = REAL[name]
    found = kinds(trained(config))
    assert expected in found if expected else found == []
