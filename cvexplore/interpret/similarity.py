"""How alike two networks' layers are: linear CKA over a set of images.

Two layers are alike if the images that look alike to one look alike to the other. So each layer is
turned into a table of how alike every two images are to it, its Gram matrix, which has the same
size for every layer; CKA is the cosine between two such tables, centred. It does not change when
features are rotated, scaled or shifted, and layers of any two shapes can be compared.

Layers have far more features than there are images. Then plain CKA calls any two layers alike, for
each finds all images about equally far apart: two sets of 10,000 random features over 32 images
have a CKA of 0.99. The unbiased estimate of Song et al. leaves out how alike an image is to itself
and gives 0 there; it may also be averaged over batches, so that any number of images will do.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError
from cvexplore.interpret.activations import Capture, capture, maps_at
from cvexplore.trace import Trace

FEWEST = 4  # images in a batch, for the unbiased estimate to exist
_NOISE = 1e-12  # a share of features' squares that float32 cannot tell from rounding
_MEMORY = 512 << 20  # bytes that one batch's features may take


@dataclass(frozen=True)
class Similarity:
    """How alike the layers of two networks are.

    Args:
        values: linear CKA, 0 to 1; an estimate outside is cut off there. Where a layer does not
            tell the images apart there is none: NaN. Shape: (first's layers, second's layers)
        images: how many it was estimated from.
    """

    values: np.ndarray
    images: int


def similarity(
    first: nn.Module,
    first_layers: Sequence[str],
    second: nn.Module,
    second_layers: Sequence[str],
    batches: Iterable[tuple[Tensor, Tensor]],
) -> Iterator[Similarity]:
    """Compare every layer of one network with every layer of another, batch by batch.

    The features of one batch and one network are held at a time. What is yielded after a batch is
    the estimate from all images so far.

    Args:
        first: a network.
        first_layers: paths of its modules.
        second: a network, which may be the same one.
        second_layers: paths of its modules.
        batches: the same images as either network takes them, at least 4 in each batch.
            Shape: (B, C, H, W) and (B, C, H, W); the two may differ but in B

    Raises:
        UnknownName: a network has no such layer.
        LayerError: a layer returns no features of each image, or a batch is too small.

    Source: Kornblith et al. 2019, arXiv:1905.00414; over batches: Nguyen et al. 2021,
        arXiv:2010.15327; the estimate: Song et al. 2012, "Feature Selection via Dependence
        Maximization", JMLR 13
    """
    products: Tensor | None = None
    images = 0
    for ours, theirs in batches:
        rows = [*_grams(first, first_layers, ours), *_grams(second, second_layers, theirs)]
        grams = torch.stack(rows)
        count = len(ours)
        # An estimate from a batch is this over count × (count - 3); it weighs as its images do.
        added = grams @ grams.T / (count - 3)
        products = added if products is None else products + added
        images += count
        yield Similarity(_cosines(products)[: len(first_layers), len(first_layers) :], images)


def linear_cka(first: Tensor, second: Tensor, *, unbiased: bool = True) -> float:
    """Return how alike two sets of features of the same images are; NaN if one never varies.

    Args:
        first: Shape: (N, …)
        second: Shape: (N, …)
        unbiased: estimate what infinitely many images would give: about 0 for features that have
            nothing to do with each other, and now and then a little below.

    Raises:
        LayerError: the unbiased estimate needs at least 4 images.
    """
    tables = torch.stack([centred_gram(each, unbiased=unbiased) for each in (first, second)])
    products = tables @ tables.T
    return float(products[0, 1] / (products[0, 0] * products[1, 1]).sqrt())


def centred_gram(features: Tensor, *, unbiased: bool = True) -> Tensor:
    """Return how alike every two images are, centred, so that products of two are HSIC.

    Without the diagonal, centred as Song et al. do it, the product of two of these over
    N (N - 3) is the unbiased estimate HSIC₁; with it, over (N - 1)², the plain one.

    Shape: (N, …) -> (N · N), float64

    Raises:
        LayerError: the unbiased estimate needs at least 4 images.
    """
    flat = features.flatten(1).float()
    energy = flat.square().sum()
    flat = flat - flat.mean(0)
    if flat.square().sum() <= _NOISE * energy:
        flat = torch.zeros_like(flat)
    gram = (flat @ flat.T).double()
    if not unbiased:
        return gram.flatten()
    count = len(gram)
    if count < FEWEST:
        raise LayerError(f"Similarity needs batches of at least {FEWEST} images; this has {count}.")
    gram.fill_diagonal_(0)
    alike = gram.sum(1) / (count - 2)
    whole = gram.sum() / ((count - 1) * (count - 2))
    return (gram - alike[:, None] - alike[None] + whole).fill_diagonal_(0).flatten()


def representative_layers(seen: Trace, most: int = 16) -> tuple[str, ...]:
    """Return blocks spread over a network, in the order they run: those of one depth of nesting.

    Only modules that multiply count, as blocks, convolutions and dense layers do. The deepest
    level with no more than ``most`` is taken; where it has less than half of that, the next level
    is thinned out evenly, its first and last kept.
    """
    called = {block.path for block in seen.blocks} | {layer.path for layer in seen.layers}
    taken: list[str] = []
    for depth in range(1, max(layer.depth for layer in seen.layers) + 1):
        found = [
            layer.path
            for layer in seen.folded(depth).layers
            if layer.path in seen.kinds and layer.path in called and layer.macs
            if len(layer.output_shape or ()) in (2, 3, 4)
        ]
        paths = list(dict.fromkeys(found))
        if len(paths) > most:
            return tuple(taken if 2 * len(taken) >= most else _thinned(paths, most))
        taken = paths
    return tuple(taken)


def relative_depth(seen: Trace, layer: str) -> float:
    """Return the share of a network's layers that have run when this one has: 1 for the last."""
    within = f"{layer}."
    places = [each.index for each in seen.layers if f"{each.path}.".startswith(within)]
    return (max(places, default=-1) + 1) / len(seen.layers)


def batch_size(seen: Trace, layers: Sequence[str], most: int = 32) -> int:
    """Return how many images' features of these layers fit into half a gigabyte, at least 8."""
    wanted = set(layers)
    sizes: dict[str, int] = {}
    for depth in range(1, max(layer.depth for layer in seen.layers) + 1):
        for layer in seen.folded(depth).layers:
            if layer.path in wanted and layer.output_shape:
                sizes.setdefault(layer.path, 4 * math.prod(layer.output_shape[1:]))
    return max(8, min(most, _MEMORY // max(1, sum(sizes.values()))))


def _thinned(paths: list[str], most: int) -> list[str]:
    """Return ``most`` of these, spread evenly from the first to the last."""
    step = (len(paths) - 1) / (most - 1)
    return [paths[round(place * step)] for place in range(most)]


def _grams(model: nn.Module, layers: Sequence[str], images: Tensor) -> list[Tensor]:
    captured = capture(model, images, list(dict.fromkeys(layers)))
    return [centred_gram(_features(captured, layer, model)) for layer in layers]


def _features(captured: Capture, layer: str, model: nn.Module) -> Tensor:
    """Return what a layer made of each image, in any order that is the same for all images.

    Shape: (B, …)
    """
    calls = captured.layers[layer]
    output = calls[0] if calls else None
    if isinstance(output, Tensor) and len(output) == captured.images[0]:
        return output
    laid = maps_at(captured, layer, model)  # tokens first, windows, tuples
    return torch.cat([laid.maps.flatten(1), laid.extra.flatten(1)], dim=1)


def _cosines(products: Tensor) -> np.ndarray:
    """Return cosines from products of all pairs.

    Shape: (layers, layers) -> (layers, layers)
    """
    own = products.diagonal()
    lengths = torch.where(own > 0, own, torch.nan).sqrt()
    return (products / (lengths[:, None] * lengths[None])).clamp(0, 1).numpy()
