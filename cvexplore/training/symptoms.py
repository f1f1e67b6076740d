"""The rules of a diagnosis: each looks for one thing that goes wrong, and says when it may speak.

A rule is silent in doubt: a warning about a run that is well costs more trust than a missed one.
Averages over quarters of the run are compared, for single steps are noise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.training.evidence import Evidence
from cvexplore.training.metrics import scores, square


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a run.

    Args:
        kind: "diverged", "slow", "plateau", "overfitting", "dead", "vanishing", "exploding",
            "ignored" or "noisy".
        sentence: what was seen, with its numbers.
        advice: what to try.
        change: fields of the recipe and their values for a run that tries it.
    """

    kind: str
    sentence: str
    advice: str
    change: Mapping[str, Any] = field(default_factory=dict)


# ------------------------------------------------------------------ the loss


def not_a_number(seen: Evidence) -> Finding | None:
    """A loss that is no number ends all learning."""
    lost = ~np.isfinite(seen.loss)
    if not lost.any():
        return None
    step = int(seen.steps[lost.argmax()])
    return _slower(
        "diverged",
        f"The training loss is no longer a number at step {step:,}: the weights have run away.",
        seen.config,
    )


def diverged(seen: Evidence) -> Finding | None:
    """Steps too long throw the weights far away: the loss jumps above its start and stays there.

    The first loss is that of guessing (ln of the number of classes). A peak of three times that is
    no noise; a run that comes back well below the start has recovered, and nothing is said.
    """
    start, peak, end = float(seen.loss[0]), float(seen.loss.max()), seen.quarter(3)
    if peak < 3 * start or end < 0.9 * start:
        return None
    return _slower(
        "diverged",
        f"The training loss rose from {start:.2f} to {peak:.3g} and ended at {end:.2f}, no better "
        "than before it learned: the steps were too long.",
        seen.config,
    )


def _slower(kind: str, sentence: str, config: RunConfig) -> Finding:
    rate = rounded(config.learning_rate / 10)
    advice = f"Try a tenth of the learning rate, {rate:g}; limiting the gradient helps as well."
    return Finding(kind, sentence, advice, {"learning_rate": rate, "clip": 1.0})


def too_slow(seen: Evidence) -> Finding | None:
    """Weights that change by less than a ten-thousandth of themselves a step hardly learn.

    About a thousandth is usual (Karpathy, "CS231n: Babysitting the learning process", 2015). It is
    only said while much is left to learn, and the loss does fall: else something else is wrong.
    """
    rows = seen.vectors.get("update_ratio")
    ratios = np.empty(0) if rows is None else rows[rows > 0]  # a frozen layer has none
    typical = float(np.median(ratios)) if len(ratios) else math.nan
    if not typical < 1e-4 or seen.quarter(3) < 0.5 * seen.quarter(0):
        return None
    rate = rounded(seen.config.learning_rate * 10)
    return Finding(
        "slow",
        f"The weights change by only {typical:.0e} of themselves a step, and the training loss "
        f"fell only from {seen.quarter(0):.2f} to {seen.quarter(3):.2f}: the learning rate is too "
        "low.",
        f"Try ten times the learning rate, {rate:g}; the learning-rate finder shows the range.",
        {"learning_rate": rate},
    )


def plateau(seen: Evidence) -> Finding | None:
    """A loss that neither falls nor soars while every fifth training picture is still wrong.

    The third quarter is compared with the second: in the last, most schedules let the rate fall to
    nothing, and every loss is flat there.
    """
    accuracy = seen.epochs["train_accuracy"]
    fell = 1 - seen.quarter(2) / seen.quarter(1)
    if len(accuracy) < 3 or accuracy[-1] > 0.8 or not -0.5 < fell < 0.02:
        return None
    rate = rounded(seen.config.learning_rate / 3)
    return Finding(
        "plateau",
        f"The training loss stays near {seen.quarter(2):.2f} since the middle of the run, and only "
        f"{accuracy[-1]:.0%} of the training pictures are right: it does not even learn those.",
        "Try a third of the learning rate first; then a larger or less deep network, or less "
        "regularisation and augmentation.",
        {"learning_rate": rate},
    )


# ------------------------------------------------------------------ the validation split


def overfitting(seen: Evidence) -> Finding | None:
    """What is learned holds for the training pictures only.

    Either a tenth more of the training pictures is right than of the others, with most of the
    training pictures right; or the validation loss has risen by a fifth above its lowest while the
    training loss went on falling. A loss alone may rise by confidence in few errors, which is why
    the second needs a gap in accuracy too.
    """
    loss, accuracy = seen.epochs["loss"], seen.epochs["accuracy"]
    mine, train = seen.epochs["train_loss"], seen.epochs["train_accuracy"]
    if len(loss) < 3 or not np.isfinite(loss).all():
        return None
    best = int(loss.argmin())
    gap = float(train[-1] - accuracy[-1]) if len(accuracy) and len(train) else math.nan
    rose = loss[-1] > 1.2 * loss[best] and mine[-1] < 0.8 * mine[best]
    if not ((gap > 0.1 and train[-1] > 0.9) or (rose and not gap < 0.03)):
        return None
    parts = []
    if gap == gap:
        parts.append(
            f"{train[-1]:.0%} of the training pictures are right, but {accuracy[-1]:.0%} of "
            "those it does not learn from"
        )
    if rose:
        parts.append(
            f"the validation loss rose from {loss[best]:.3g} after epoch {best + 1} to "
            f"{loss[-1]:.3g}"
        )
    return Finding(
        "overfitting",
        f"It learns its training pictures by heart: {', and '.join(parts)}.",
        "More pictures or augmentation help most; a smaller network, weight decay, or ending "
        "earlier help too.",
        _against_overfitting(seen.config),
    )


def _against_overfitting(config: RunConfig) -> dict[str, Any]:
    """Return what helps: small turns, shifts and scalings, where they are allowed and not there.

    On 50 digits a class they gained three points, more than dropout, mixup, cutmix or cutout.
    """
    if config.approach.name == "supervised" and not config.augmentations:
        return {"augmentations": (Choice("affine"),)}
    return {"weight_decay": max(0.1, min(1.0, 10 * config.weight_decay)), "patience": 3}


def noisy(seen: Evidence) -> Finding | None:
    """An accuracy that jumps by four points and more from epoch to epoch, both ways.

    It is measured on the same pictures each time, so it is not the luck of the draw: the weights
    themselves jump.
    """
    accuracy = seen.epochs["accuracy"]
    if len(accuracy) < 6:
        return None
    jumps = np.diff(accuracy[len(accuracy) // 2 - 1 :])
    falls = (jumps < -0.01).mean()
    size = float(np.abs(jumps).mean())
    if size < 0.04 or not 0.25 <= falls <= 0.75:
        return None
    rate = rounded(seen.config.learning_rate / 3)
    return Finding(
        "noisy",
        f"The validation accuracy jumps by {100 * size:.0f} points from epoch to epoch: the "
        "weights move too much for the last moment to be trusted.",
        f"Try a third of the learning rate, {rate:g}, or the running mean of the weights (EMA).",
        {"learning_rate": rate},
    )


def ignored(seen: Evidence) -> Finding | None:
    """A class with five pictures or more of which none was found, in the last two measurements.

    Where that holds for most classes, the network has learned nothing, and other rules say why.
    """
    rows = seen.vectors.get("confusion")
    if rows is None or len(rows) < 2:
        return None
    last, before = (scores(square(row)) for row in (rows[-1], rows[-2]))
    missed = [
        place
        for place, pictures in enumerate(last.support)
        if pictures >= 5 and last.class_recall[place] == before.class_recall[place] == 0
    ]
    if not missed or len(missed) > len(last.support) / 2:
        return None
    names = [str(seen.classes[i]) if i < len(seen.classes) else f"no. {i + 1}" for i in missed]
    pictures = sum(last.support[place] for place in missed)
    return Finding(
        "ignored",
        f"None of the {pictures:,} validation pictures of {_of_classes(names)} was recognised.",
        "Look at the pictures of that class and how many there are; then learn longer.",
        {"epochs": min(1000, 2 * seen.config.epochs)},
    )


def _of_classes(names: list[str]) -> str:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"class{'es' * (len(names) > 1)} {shown}"


def rounded(value: float) -> float:
    """Return a value with two digits, as people write it."""
    return float(f"{value:.1e}")
