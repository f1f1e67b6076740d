"""What the rules of a diagnosis look at: a run's curves, brought into a few arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cvexplore.training.config import RunConfig, VectorPoint


class Curve(Protocol):
    """One measurement over a run, such as ``runs.store.Curve``."""

    @property
    def steps(self) -> Sequence[int]:
        """Optimiser steps done at each value."""
        ...

    @property
    def values(self) -> Sequence[float]:
        """What was measured; may hold NaN."""
        ...


@dataclass(frozen=True)
class Evidence:
    """What is known of a run.

    Args:
        config: the recipe.
        loss: of each training step; may hold NaN. Shape: (steps,)
        steps: where they were measured. Shape: (steps,)
        epochs: by name, what was measured after each epoch: "loss" and "accuracy" of the
            validation split, "train_loss" and "train_accuracy" as means over the epoch's steps.
        vectors: by name, one row a measurement. Shape of each: (measurements, values)
        layers: names of the layers, where they are known.
        classes: names of the classes, where they are known.
    """

    config: RunConfig
    loss: np.ndarray
    steps: np.ndarray
    epochs: Mapping[str, np.ndarray]
    vectors: Mapping[str, np.ndarray]
    layers: Sequence[str] = ()
    classes: Sequence[str] = ()

    def quarter(self, which: int) -> float:
        """Return the mean training loss in a quarter of the run so far, 0 to 3."""
        return float(np.array_split(self.loss, 4)[which].mean())


def gather(
    curves: Mapping[tuple[str, str], Curve],
    vectors: Mapping[str, Sequence[VectorPoint]],
    config: RunConfig,
    layers: Sequence[str],
    classes: Sequence[str],
) -> Evidence:
    """Return what is known of a run; its arguments are those of ``diagnosis.diagnose``."""
    steps, loss = _read(curves, "train", "loss")
    ends, validation = _read(curves, "validation", "loss")
    at, accuracy = _read(curves, "train", "accuracy")
    epochs = {
        "loss": validation,
        "accuracy": _read(curves, "validation", "accuracy")[1],
        "train_loss": _means(steps, loss, ends),
        "train_accuracy": _means(at, accuracy, ends),
    }
    rows = {
        name: np.array([p.values for p in points]) for name, points in vectors.items() if points
    }
    return Evidence(config, loss, steps, epochs, rows, layers, classes)


def _read(
    curves: Mapping[tuple[str, str], Curve], split: str, name: str
) -> tuple[np.ndarray, np.ndarray]:
    curve = curves.get((split, name))
    if curve is None:
        return np.empty(0, int), np.empty(0)
    return np.asarray(curve.steps, int), np.asarray(curve.values, float)


def _means(steps: np.ndarray, values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the means of the values up to each end, after the one before."""
    places = np.searchsorted(steps, ends, side="right")
    starts = np.concatenate([[0], places])[:-1]
    parts = [values[a:b] for a, b in zip(starts, places, strict=True) if b > a]
    return np.array([part.mean() for part in parts]) if len(parts) == len(ends) else np.empty(0)
