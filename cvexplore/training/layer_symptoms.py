"""The rules of a diagnosis that look into the layers: dead units, and gradients that go astray."""

import numpy as np

from cvexplore.training.evidence import Evidence
from cvexplore.training.symptoms import Finding, rounded

_FEWEST_LAYERS = 6  # of a network whose first and last layers are compared
_MANY_DEAD = 0.75  # of a layer's units


def dead_units(seen: Evidence) -> Finding | None:
    """ReLUs that are zero for a whole batch get no gradient; most of a layer of them is a loss.

    Units of the last layers speak for one class only, so that a third to a half of them is silent
    in batches of 64 of runs that go well (measured on digits, MNIST and shapes); three quarters
    are said. In small batches more are, so nothing is said below 16 pictures. Judged by the median
    of the last quarter.
    """
    rows = seen.vectors.get("dead")
    if rows is None or len(rows) < 4 or seen.config.batch_size < 16:
        return None
    shares = np.median(rows[-max(2, len(rows) // 4) :], axis=0)
    dead = [int(place) for place in np.flatnonzero(np.nan_to_num(shares) >= _MANY_DEAD)]
    if not dead:
        return None
    worst = max(dead, key=lambda place: shares[place])
    more = len(dead) - 1
    others = f", and most in {more} more layer{'s' * (more > 1)}" if more else ""
    return Finding(
        "dead",
        f"{shares[worst]:.0%} of the units of {_layer(seen, worst)} are zero for every picture of "
        f"a batch{others}: through them nothing is learned any more.",
        "Dead units come from steps too long, early on: try a tenth of the learning rate, "
        "warm-up, or batch normalisation.",
        {"learning_rate": rounded(seen.config.learning_rate / 10)},
    )


def gradients_by_depth(seen: Evidence) -> Finding | None:
    """Gradients that shrink or grow a thousandfold from the last layers to the first.

    Each layer multiplies them; a product of many numbers below (or above) one vanishes (explodes).
    Read in the first quarter of the run, and as medians over a quarter of the layers, for layers
    differ by themselves.
    """
    rows = seen.vectors.get("gradient_norm")
    if rows is None or len(rows) < 4:
        return None
    early = np.median(rows[: max(2, len(rows) // 4)], axis=0)
    early = early[early > 0]  # a frozen layer has none
    if len(early) < _FEWEST_LAYERS:
        return None
    some = max(2, len(early) // 4)
    first, last = float(np.median(early[:some])), float(np.median(early[-some:]))
    if first < 1e-3 * last:
        return Finding(
            "vanishing",
            f"The first layers' gradients are {last / first:,.0f} times smaller than the last "
            "layers': what is wrong at the end hardly reaches the beginning.",
            "Try a network with shortcuts or normalisation layers, or a less deep one.",
        )
    if first > 1e3 * last:
        return Finding(
            "exploding",
            f"The first layers' gradients are {first / last:,.0f} times larger than the last "
            "layers': they grow layer by layer on their way back.",
            "Limit the gradient (clip), and try normalisation layers or smaller first weights.",
            {"clip": 1.0},
        )
    return None


def growing_gradients(seen: Evidence) -> Finding | None:
    """A gradient that is a hundred times longer late in the run than early on: it runs away."""
    rows = seen.vectors.get("gradient_norm")
    if rows is None or len(rows) < 8:
        return None
    whole = np.sqrt(np.nansum(np.square(rows), axis=1))
    quarters = [float(np.median(part)) for part in np.array_split(whole, 4)]
    if not quarters[3] > 100 * quarters[0] > 0:
        return None
    return Finding(
        "exploding",
        f"The gradient grew from {quarters[0]:.2g} to {quarters[3]:.2g}: a step like that undoes "
        "what was learned.",
        "Limit the gradient (clip), or lower the learning rate.",
        {"clip": rounded(2 * quarters[0])},
    )


def _layer(seen: Evidence, place: int) -> str:
    return seen.layers[place] if place < len(seen.layers) else f"layer {place + 1}"
