"""LeGrad: how much the score of a class would rise if more attention went to a place.

Of each layer the gradients of the score with respect to its weights, positive ones only, are
averaged over heads and queries; then over layers.
"""

import torch
from torch import Tensor

from cvexplore.attention.carrying import Attribution, carriable
from cvexplore.attention.grids import Grid, finer, resampled
from cvexplore.attention.records import PADDING, TOKEN, AttentionLayer, Recording
from cvexplore.attention.relevance import check_gradients


def legrad(recording: Recording) -> Attribution:
    """Return the mean slope of the target's score in the weights that go to each place.

    The paper asks each layer's own tokens for a score, through the network's head. Few networks
    can do that, so here all layers answer for the final score.

    Args:
        recording: every attention of the pass, with the gradients of one class's score.

    Raises:
        LayerError: nothing leads back to the image, or there are no gradients, or all are 0.

    Source: Bousselham et al., LeGrad, 2024, arXiv 2404.03214, with the final score for all layers
    """
    layers, skipped = carriable(recording)
    check_gradients(layers)
    layers = tuple(each for each in layers if each.on_image.key_grid != (0, 0))
    maps = [_sensitivity(each) for each in layers]
    finest: Grid = (1, 1, 1)
    for each in maps:
        finest = finer(finest, (each.shape[0], each.shape[1], each.shape[2]))
    on_one = [resampled(each, finest).sum(1) for each in maps]
    return Attribution(
        map=torch.stack(on_one).mean(0),
        tokens=torch.zeros(0),
        layers=tuple(each.name for each in layers),
        by_layer=tuple(on_one),
        skipped=skipped,
    )


def _sensitivity(layer: AttentionLayer) -> Tensor:
    """Return one layer's mean slope for each key's place. Shape: (rows, frames, columns)"""
    assert layer.gradients is not None
    places = layer.on_image
    positive = layer.gradients.clamp(min=0).mean(1)
    positive = positive.masked_fill((places.queries == PADDING)[..., None], 0)
    queries = int((places.queries != PADDING).sum())
    for_each_key = positive.sum(1) / queries
    rows, columns = places.key_grid
    cells = torch.zeros(rows * columns)
    on_image = places.keys > TOKEN
    cells.index_add_(0, places.keys[on_image], for_each_key[on_image])
    return cells.view(rows, places.frames, columns // places.frames)
