"""Doubts that several methods share, and what Captum raises, as sentences."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from cvexplore.attribution import Doubt
from cvexplore.attribution.asked import Asked, Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.structure import Structure
from cvexplore.errors import LayerError
from cvexplore.plugins import Choice

_ZERO = 0.02  # in standard deviations: nearer to zero than the steps of a picture's 256 values


def scale_free(asked: Asked, structure: Structure, kind: Baseline, name: str) -> Iterator[Doubt]:
    """Yield that a score may jump next to the baseline, where that is the network's zero.

    Normalisation undoes every scale: t · image gives nearly the same score for each t > 0, so the
    path from 0 to the image misses the one step that counts.
    """
    start = baseline(asked, kind)
    if structure.normalises and start.abs().max() < _ZERO:
        yield Doubt(
            "caution",
            f'The "{kind}" baseline is zero to this network, and its normalisation undoes every '
            "scale: the score may jump right beside the baseline, where no step looks.",
            mend=Choice(name, {"baseline": "blurred" if kind != "blurred" else "black"}),
        )


@contextmanager
def explained() -> Iterator[None]:
    """Turn what Captum or autograd raise about a network into a sentence.

    Raises:
        LayerError: the method does not fit the network.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise LayerError(
            "This method does not fit what this network computes; choose another one, such as "
            f"occlusion, which asks nothing but scores. What was said: {said[0]}"
        ) from error
