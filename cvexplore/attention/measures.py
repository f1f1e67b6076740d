"""Numbers about heads: how far each looks, how sharply, and at what.

Every measure is a mean over the queries that have a place on the image (where none has, over all
that are no padding), and gives one number a head. ``MEASURES`` is the list of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from cvexplore.attention.records import PADDING, TOKEN, AttentionLayer

NO_WEIGHT = 1e-30
"""A mask leaves a key nothing, or e^-100; what is below in every head cannot be seen."""


@dataclass(frozen=True)
class Setting:
    """What a measure has to know beside the layer.

    Args:
        image: height and width in pixels.
        class_token: whether the first key of no place is a class token; the others are registers.
    """

    image: tuple[int, int]
    class_token: bool = True


@dataclass(frozen=True)
class Measure:
    """One number a head.

    Args:
        name: what it measures.
        unit: of its numbers; "" for a share.
        formula: in LaTeX, of one query i; A is its row of weights.
        source: paper and arXiv number, or where it comes from.
        says: what a large and a small number mean.
        does_not_say: what not to read from it.
        of: computes it; NaN where the layer has nothing of the kind. Shape: (heads,)
    """

    name: str
    unit: str
    formula: str
    source: str
    says: str
    does_not_say: str
    of: Callable[[AttentionLayer, Setting], Tensor]

    def uniform(self, layer: AttentionLayer, setting: Setting) -> float:
        """Return the number of a head that looks at all it can see alike."""
        return self.of(uniform(layer), setting).item()


def visible(layer: AttentionLayer) -> Tensor:
    """Return which keys each query can see: windows mask what only a shift brought together.

    Shape: (windows, Q, K), bool
    """
    return layer.weights.amax(1) > NO_WEIGHT


def uniform(layer: AttentionLayer) -> AttentionLayer:
    """Return the layer as one head that gives every key a query can see the same weight."""
    seen = visible(layer)[:, None].float()
    return replace(layer, weights=seen / seen.sum(-1, keepdim=True), applied=None)


def mean_distance(layer: AttentionLayer, setting: Setting) -> Tensor:
    """Return how far away each head looks, in pixels of the image.

    Weights on tokens of no place are left out, the others sum to 1 again. In a clip the distance is
    that within the picture, whatever the time between.

    Shape: (heads,); NaN where no query or no key has a place

    Source: Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020, arXiv 2010.11929, figure 7.
    """
    places = layer.on_image
    asking = centres(places.queries, places.query_grid, places.frames, setting.image)
    answering = centres(places.keys, places.key_grid, places.frames, setting.image)
    apart = torch.cdist(asking, answering, compute_mode="donot_use_mm_for_euclid_dist")
    placed = (places.keys >= 0)[:, None].expand(apart.shape).float()
    far = torch.einsum("whqk,wqk->whq", layer.weights, apart * placed)
    whole = torch.einsum("whqk,wqk->whq", layer.weights, placed)
    return _mean((far / whole).where((places.queries >= 0)[:, None], torch.nan), layer)


def centres(places: Tensor, grid: tuple[int, int], frames: int, image: tuple[int, int]) -> Tensor:
    """Return the middle of each place's cell, in pixels from the top and from the left.

    Shape: (windows, N) -> (windows, N, 2)
    """
    rows, columns = max(grid[0], 1), max(grid[1], 1)
    across = max(columns // frames, 1)  # a clip's frames stand side by side
    row, column = places.div(columns, rounding_mode="floor"), places % columns % across
    down = (row + 0.5) * (image[0] / rows)
    return torch.stack([down, (column + 0.5) * (image[1] / across)], dim=-1)


def entropy(layer: AttentionLayer) -> Tensor:
    """Return how spread each head's weights are, in bits: 0 for one key, log2 n for n alike.

    Shape: (heads,)
    """
    return _mean(_bits(layer.weights), layer)


def relative_entropy(layer: AttentionLayer) -> Tensor:
    """Return the entropy as a share of the largest: that of uniform attention to what is visible.

    Shape: (heads,)
    """
    largest = visible(layer).sum(-1).clamp_min(2).log2()
    return _mean(_bits(layer.weights) / largest[:, None], layer)


def share_on(layer: AttentionLayer, keys: Tensor) -> Tensor:
    """Return the share of each head's weight that lies on certain keys.

    Args:
        layer: the attention.
        keys: bool. Shape: (windows, K), or (windows, Q, K)

    Shape: (heads,); NaN where there are no such keys
    """
    if not keys.any():
        return torch.full((layer.heads,), torch.nan)
    among = keys[:, None].expand(-1, layer.weights.shape[2], -1) if keys.dim() == 2 else keys
    return _mean(torch.einsum("whqk,wqk->whq", layer.weights, among.float()), layer)


def class_token(layer: AttentionLayer, setting: Setting) -> Tensor:
    """Return which key is the class token. Shape: (windows, K), bool."""
    tokens = layer.on_image.keys == TOKEN
    return tokens & (tokens.cumsum(-1) == 1) & setting.class_token


def registers(layer: AttentionLayer, setting: Setting) -> Tensor:
    """Return which keys have no place and are no class token. Shape: (windows, K), bool."""
    return (layer.on_image.keys == TOKEN) & ~class_token(layer, setting)


def itself(layer: AttentionLayer) -> Tensor:
    """Return which key stands at the query's own place. Shape: (windows, Q, K), bool."""
    places = layer.on_image
    queries, keys = places.queries[:, :, None], places.keys[:, None, :]
    return (queries == keys) & (queries >= 0) & places.on_one_grid


def differences(layer: AttentionLayer) -> Tensor:
    """Return how differently each two heads look: the Jensen-Shannon divergence of their weights.

    Shape: (heads, heads), in bits: 0 for the same weights, 1 for heads with no key in common

    Source: Clark, Khandelwal, Levy, Manning, "What Does BERT Look At?", 2019, arXiv 1906.04341.
    """
    alone = _bits(layer.weights)
    between = torch.zeros(layer.heads, layer.heads)
    for one in range(layer.heads - 1):
        rest = slice(one + 1, None)
        both = (layer.weights[:, one, None] + layer.weights[:, rest]) / 2
        apart = _bits(both) - (alone[:, one, None] + alone[:, rest]) / 2
        between[one, rest] = _mean(apart, layer).clamp(0, 1)
    return between + between.T


def _bits(weights: Tensor) -> Tensor:
    """Return the entropy of each row; what has no weight adds none. Shape: (…, K) -> (…)."""
    return (weights * weights.clamp_min(NO_WEIGHT).log2()).sum(-1).neg()


def _mean(of_queries: Tensor, layer: AttentionLayer) -> Tensor:
    """Return each head's mean over the queries that have a place. Shape: (w, h, Q) -> (h,)."""
    queries = layer.on_image.queries
    counted = queries >= 0 if (queries >= 0).any() else queries != PADDING
    return of_queries.transpose(1, 2)[counted].nanmean(0)


MEASURES = (
    Measure(
        "Mean distance",
        "px",
        r"\frac{\sum_j A_{ij}\,\lVert p_i-p_j\rVert}{\sum_j A_{ij}}",
        "Dosovitskiy et al. 2020, arXiv 2010.11929, figure 7",
        "How far from its own place a query looks: small is local, as in a convolution; at the "
        "line of uniform attention it may look everywhere alike.",
        "whether a head looks at one far place or at many, as the entropy does. Class token, "
        "registers and padding are left out.",
        mean_distance,
    ),
    Measure(
        "Entropy",
        "bits",
        r"-\sum_j A_{ij}\log_2 A_{ij}",
        "Shannon 1948; of attention: Clark et al. 2019, arXiv 1906.04341",
        "How many keys share the weight: H bits are as many as 2ᴴ keys alike.",
        "that the few keys of a low entropy matter: a head may rest on one token whose value is "
        "small.",
        lambda layer, setting: entropy(layer),
    ),
    Measure(
        "Relative entropy",
        "",
        r"\frac{-\sum_j A_{ij}\log_2 A_{ij}}{\log_2 n_i}",
        "the entropy over that of n visible keys alike",
        "1 looks everywhere alike, 0 at one key. It compares windows and maps of other sizes.",
        "what lies at the keys. Masked keys do not count as visible, padding does.",
        lambda layer, setting: relative_entropy(layer),
    ),
    Measure(
        "On the class token",
        "",
        r"A_{ij},\ j = \text{class token}",
        "sums of weights; Clark et al. 2019, arXiv 1906.04341",
        "How much patches look at the class token, which stands for the whole image.",
        "how much they take from it: a head with nothing to do often rests on a token whose value "
        "is small.",
        lambda layer, setting: share_on(layer, class_token(layer, setting)),
    ),
    Measure(
        "On registers",
        "",
        r"\sum_{j\,\in\,\text{registers}} A_{ij}",
        "Darcet et al. 2023, arXiv 2309.16588",
        "How much patches look at the tokens that stand for no place and are no class token.",
        "what the registers hold.",
        lambda layer, setting: share_on(layer, registers(layer, setting)),
    ),
    Measure(
        "On padding",
        "",
        r"\sum_{j\,\in\,\text{padding}} A_{ij}",
        "sums of weights; see torchvision's Swin, which fills up its windows and does not mask",
        "How much weight lies beside the image. It is lost for the image.",
        "whether the network learned to live with it: one trained at this size did.",
        lambda layer, setting: share_on(layer, layer.on_image.keys == PADDING),
    ),
    Measure(
        "On itself",
        "",
        r"A_{ii}",
        "the diagonal; Clark et al. 2019, arXiv 1906.04341",
        "How much a patch keeps of its own value in this head.",
        "how much of the patch is left after the layer: the residual sum beside the attention "
        "keeps it anyway.",
        lambda layer, setting: share_on(layer, itself(layer)),
    ),
)
