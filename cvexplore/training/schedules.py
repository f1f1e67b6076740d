"""Learning-rate schedules: pure functions of where a run stands, drawn before it runs.

A schedule returns what the learning rate is multiplied by at ``step`` (0 for the first) of
``steps``. ``losses`` are the validation losses measured so far, for the one schedule that listens
to them.
"""

import math
from collections.abc import Callable, Sequence
from typing import Annotated

from cvexplore.plugins import Range, Registry

Schedule = Callable[..., float]

SCHEDULES: Registry[Schedule] = Registry("schedule")


@SCHEDULES.register("constant")
def constant(step: int, steps: int, losses: Sequence[float]) -> float:
    """Keep the learning rate as it is."""
    return 1.0


@SCHEDULES.register("cosine")
def cosine(
    step: int,
    steps: int,
    losses: Sequence[float],
    *,
    warm_up: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.1,
) -> float:
    """Rise evenly from a hundredth, then fall along half a cosine to zero.

    Options:
        warm_up: share of the run in which the learning rate rises

    Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016,
        arXiv 1608.03983; warm-up from Goyal et al., 2017, arXiv 1706.02677.
    """
    rising = int(warm_up * steps)
    if step < rising:
        return 0.01 + 0.99 * step / rising
    return (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2


@SCHEDULES.register("one_cycle")
def one_cycle(
    step: int,
    steps: int,
    losses: Sequence[float],
    *,
    warm_up: Annotated[float, Range(0.05, 0.95, step=0.05)] = 0.3,
) -> float:
    """Rise from a 25th to the full learning rate and fall to almost nothing, both along a cosine.

    Options:
        warm_up: share of the run in which the learning rate rises

    Source: Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates", 2017, arXiv 1708.07120.
    """
    low, end = 1 / 25, 1 / 25 / 1e4
    top, last = warm_up * steps - 1, steps - 1
    if top > 0 and step <= top:
        return _along_cosine(low, 1.0, step / top)
    return _along_cosine(1.0, end, min(1.0, (step - top) / max(1e-9, last - top)))


@SCHEDULES.register("exponential")
def exponential(
    step: int,
    steps: int,
    losses: Sequence[float],
    *,
    final: Annotated[float, Range(0.0001, 1.0)] = 0.01,
) -> float:
    """Multiply by the same factor at every step.

    Options:
        final: what is left of the learning rate at the end
    """
    return final ** (step / max(1, steps))


@SCHEDULES.register("linear")
def linear(
    step: int,
    steps: int,
    losses: Sequence[float],
    *,
    final: Annotated[float, Range(0.0, 1.0)] = 0.0,
) -> float:
    """Fall by the same amount at every step.

    Options:
        final: what is left of the learning rate at the end
    """
    return 1 + (final - 1) * step / max(1, steps)


@SCHEDULES.register("step")
def stepwise(
    step: int,
    steps: int,
    losses: Sequence[float],
    *,
    drops: Annotated[int, Range(1, 20)] = 2,
    factor: Annotated[float, Range(0.01, 0.9)] = 0.1,
) -> float:
    """Drop by a factor a few times, at equal distances.

    Options:
        drops: how often; the run is cut into one part more
        factor: what each drop multiplies the learning rate by
    """
    return factor ** (step // math.ceil(max(1, steps) / (drops + 1)))


@SCHEDULES.register("plateau")
def plateau(
    step: int,
    steps: int,
    losses: Sequence[float],
    *,
    factor: Annotated[float, Range(0.01, 0.9)] = 0.1,
    patience: Annotated[int, Range(0, 20, unit="epochs")] = 1,
) -> float:
    """Drop by a factor whenever the validation loss has stopped falling.

    Options:
        factor: what each drop multiplies the learning rate by
        patience: epochs without a better loss that are waited for
    """
    scale, best, waited = 1.0, math.inf, 0
    for loss in losses:
        if loss < best * (1 - 1e-4):  # better by a ten-thousandth, or it is noise
            best, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            scale, waited = scale * factor, 0
    return scale


def _along_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
