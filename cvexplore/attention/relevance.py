"""Relevance: attention counts as far as the score of one class would rise with it.

R <- R + Ā R, with Ā = mean over heads of (∂y/∂A * A)⁺ and R = I before the first layer. So
R = (I + Ā_L) … (I + Ā_1), and a row of R is carried backwards as in rollout.
"""

from collections.abc import Sequence

import torch

from cvexplore.attention.carrying import (
    Attribution,
    Row,
    Start,
    Step,
    attribution,
    carriable,
    ends,
    through,
)
from cvexplore.attention.records import AttentionLayer, Recording
from cvexplore.attention.rollout import usual_start
from cvexplore.errors import LayerError


def relevance(recording: Recording, start: Start | None = None) -> Attribution:
    """Return how relevant each place is to the score of the recording's target.

    Args:
        recording: every attention of the pass, with the gradients of one class's score.
        start: whose row; by default of what the classifier reads: the class token, or all places.

    Raises:
        LayerError: nothing leads back to the image, or there are no gradients, or all are 0.

    Source: Chefer, Gur and Wolf, Generic attention-model explainability, 2021, arXiv 2103.15679,
        its rule for self-attention (equations 5 and 6)
    """
    layers, skipped = carriable(recording)
    check_gradients(layers)
    steps = tuple(_step(each) for each in layers)
    begun = ends(steps, start or usual_start(layers))
    rows = [gained(steps[: count + 1], end) for count, end in enumerate(begun)]
    return attribution(rows, steps, skipped)


def gained(steps: Sequence[Step], row: Row) -> Row:
    """Return a row times R - I: what it has beyond itself in the end.

    The two are carried apart, since what is gained may be far smaller than the row.
    """
    more = Row(torch.zeros_like(row.cells), torch.zeros_like(row.tokens))
    for step in reversed(steps):
        row, gives = through(row, step)
        stays, passed = through(more, step)
        more = stays + passed + gives
    return more


def check_gradients(layers: tuple[AttentionLayer, ...]) -> None:
    """Make sure that a class was asked about and that its score depends on some weight.

    Raises:
        LayerError: it was not, or it does not.
    """
    if any(each.gradients is None for each in layers):
        raise LayerError(
            "This recording has no gradients: record it with target, the class to ask about."
        )
    if not any(each.gradients is not None and each.gradients.any() for each in layers):
        raise LayerError(
            "The score of this class has no slope at all, so no place is relevant to it: the last "
            "layer is still zero, as that of torchvision's ViT before training. Take trained "
            "weights, or a network whose last layer starts at random, such as cvexplore/vit."
        )


def _step(layer: AttentionLayer) -> Step:
    assert layer.gradients is not None
    relevant = (layer.gradients * layer.weights).clamp(min=0).mean(1)
    return Step(layer.name, layer.on_image, torch.ones(relevant.shape[:2]), relevant)
