"""The learning-rate range test: raise the rate at every step until the loss bursts.

    points = list(range_test(RunConfig()))
    rates = [point.value for point in points if point.name == "learning_rate"]
    losses = [point.value for point in points if point.name == "loss"]
    suggest(rates, losses).low

The answer is a range, not a point: where the loss falls fastest is below the rates that learn best,
where it is lowest is only one of them, and both move with the seed.

Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2015, arXiv 1506.01186.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training.config import MetricPoint, RunConfig

LOWEST, HIGHEST = 1e-6, 10.0  # rates that are tried
STEPS = 200  # where the rate rises faster, the loss lags behind it and rates seem too good

_WIDTH = 3.0  # steps, standard deviation of the Gaussian that smooths the losses
_FALLEN = 0.1  # share of the first loss that it has to fall by, or nothing was learned
_FEWEST = 10  # steps from which something can be said
_SURE = 8  # steps in a row that tell a divergence from noise
_WILD = 2.0  # times the first loss: a single one higher than that counts as this


@dataclass(frozen=True)
class Suggestion:
    """Learning rates worth a try, and what they were read from.

    Args:
        low: the lowest of them, half-way from ``steepest`` to ``bottom`` on a log scale.
        high: the highest, half-way from ``bottom`` to ``diverges``.
        steepest: where the smoothed loss falls fastest, on a log scale.
        bottom: where it is lowest.
        diverges: where it has lost half of what it had won, or the highest rate that was tried.
    """

    low: float
    high: float
    steepest: float
    bottom: float
    diverges: float

    @property
    def middle(self) -> float:
        """The rate in the middle of the range, on a log scale."""
        return math.sqrt(self.low * self.high)


def range_test(config: RunConfig, *, steps: int = STEPS) -> Iterator[MetricPoint]:
    """Train a network of its own with a rising rate; yield each step's loss and rate.

    All else is as in the recipe: its data, augmentations, optimiser and precision. It ends when the
    loss has diverged.

    Raises:
        CvexploreError: the recipe does not work; the message says why.
    """
    from cvexplore.training.loop import Training
    from cvexplore.training.nonfinite import Diverged

    alone = {"schedule": Choice("constant"), "changes": (), "patience": 0, "ema": 0.0}
    training = Training(replace(config, steps=steps, learning_rate=LOWEST, **alone))
    losses: list[float] = []
    try:
        for turn in training.turns():
            found = {each.name: each for each in turn if isinstance(each, MetricPoint)}
            if "learning_rate" in found:  # a step, no measurement
                for name in ("loss", "learning_rate"):
                    yield replace(found[name], split="lr_find")
                losses.append(found["loss"].value)
                if _has_diverged(losses):
                    return
                training.change("learning_rate", rate_at(training.step, steps))
    except Diverged:
        return


def rate_at(step: int, steps: int) -> float:
    """Return the rate of a step, 0 the first: each is the same factor above the one before."""
    share = min(1.0, step / max(1, steps - 1))
    return min(HIGHEST, LOWEST * (HIGHEST / LOWEST) ** share)


def smoothed(losses: Sequence[float]) -> list[float]:
    """Return losses smoothed to both sides, for a running mean would lag behind the rate."""
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    values = np.minimum(np.nan_to_num(losses, nan=np.inf), _WILD * losses[0])
    return gaussian_filter1d(values, _WIDTH, mode="nearest").tolist()


def suggest(rates: Sequence[float], losses: Sequence[float]) -> Suggestion:
    """Return a range of learning rates from what a range test measured.

    Raises:
        OptionError: the test was too short, or nothing was learned at any rate.
    """
    count = min(len(rates), len(losses))
    means = smoothed(losses[:count]) if count >= _FEWEST else []
    bottom = means.index(min(means)) if means else 0
    if not means or means[bottom] > (1 - _FALLEN) * means[0]:
        raise OptionError(
            "The loss did not fall at any learning rate: try another optimiser, larger batches, "
            "or a network of which less is frozen."
        )
    slopes = [after - before for before, after in pairwise(means[: bottom + 1])]
    steepest = slopes.index(min(slopes))
    half = (means[0] + means[bottom]) / 2
    burst = next((i for i in range(bottom, count) if means[i] > half), count - 1)
    return Suggestion(
        low=math.sqrt(rates[steepest] * rates[bottom]),
        high=math.sqrt(rates[bottom] * rates[burst]),
        steepest=rates[steepest],
        bottom=rates[bottom],
        diverges=rates[burst],
    )


def _has_diverged(losses: Sequence[float]) -> bool:
    """Say whether the losses had fallen, and have lost half of that for good."""
    lowest = min(losses)
    half = (losses[0] + lowest) / 2
    fell = lowest < (1 - _FALLEN) * losses[0]
    return fell and len(losses) > _SURE and all(loss > half for loss in losses[-_SURE:])
