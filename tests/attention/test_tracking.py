"""Attention written in unusual ways is recorded and located as what it is."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.attention import PADDING, AttentionLayer, locate, record
from cvexplore.errors import LayerError
from tests.attention.conftest import noise

Attention = Callable[..., Tensor]
IMAGE = noise(1, 3, 16, 24)  # 4 x 6 patches


class Written(nn.Module):
    """Three heads ask the patches of an image, by the attention that it is given.

    Args:
        attention: of queries, keys and values. Shape: (1, 3, 24, 4) each -> (1, 3, 24, 4)
    """

    def __init__(self, attention: Attention):
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, 12, 4, 4)
        self.query, self.key, self.value = (nn.Linear(12, 12) for _ in range(3))
        self.head = nn.Linear(4, 5)
        self.attention = attention
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        """Return class scores."""
        return self.head(self.attention(*self.asked(image)).mean((1, 2)))

    def asked(self, image: Tensor) -> list[Tensor]:
        """Return queries, keys and values of three heads."""
        tokens = self.patches(image).flatten(2).transpose(1, 2)
        layers = (self.query, self.key, self.value)
        return [2 * each(tokens).unflatten(-1, (3, 4)).transpose(1, 2) for each in layers]


def weights_of(query: Tensor, key: Tensor) -> Tensor:
    """Return the weights as most write them."""
    return (query @ key.transpose(-2, -1)).softmax(-1)


def transposed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Values stand left of the weights."""
    return (value.mT @ weights_of(query, key).mT).mT


def transposed_copy(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Values stand left of a copy of the weights."""
    return (value.mT @ weights_of(query, key).mT.contiguous()).mT


def softmax_over_rows(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Keys ask for queries, and the softmax goes over the axis before the last."""
    return (key @ query.mT).softmax(-2).mT @ value


def heads_last(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every tensor has its heads behind."""
    weights = torch.einsum("bhqd,bhkd->bqkh", query, key).softmax(dim=2)
    return torch.einsum("bqkh,bhkd->bqhd", weights, value).transpose(1, 2)


def merged(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Images and heads are one axis after the softmax, and stand in the middle."""
    weights = weights_of(query, key).flatten(0, 1).transpose(0, 1).contiguous()
    return torch.einsum("qbk,bkd->bqd", weights, value.flatten(0, 1)).unflatten(0, (1, 3))


def keys_in_two_axes(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """The keys are rows and columns when they are summed over."""
    weights, grid = weights_of(query, key), value.unflatten(2, (4, 6))
    return torch.einsum("bhqij,bhijd->bhqd", weights.unflatten(-1, (4, 6)), grid)


def by_names(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every argument is named."""
    scores = torch.matmul(input=query, other=key.mT)
    gathered = torch.matmul(input=F.softmax(input=scores, dim=-1), other=value)
    return F.linear(input=gathered, weight=torch.eye(4).to(query), bias=None)


def padded_by_a_buffer(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Two rows of zeros stand before the keys and values, which are written into them."""
    keys = key.new_zeros(1, 3, 26, 4)
    values = torch.zeros(1, 3, 26, 4).to(value)
    keys[:, :, 2:], values[:, :, 2:] = key, value
    return weights_of(query, keys) @ values


def mirrored(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Two keys stand once more before the first, as a mirror shows them."""
    key, value = (F.pad(each.mT, (2, 0, 0, 0), mode="reflect").mT for each in (key, value))
    return weights_of(query, key) @ value


def additive(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Scores are of sums, not of products (Bahdanau et al. 2014, arXiv:1409.0473)."""
    return (query.unsqueeze(3) + key.unsqueeze(2)).tanh().sum(-1).softmax(-1) @ value


def heads_mixed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Each head uses what another computed (Shazeer et al. 2020, arXiv:2003.02436)."""
    mixing = torch.eye(3).to(query).roll(1, 0) * 0.5
    return torch.einsum("bhqk,hg->bgqk", weights_of(query, key), mixing) @ value


def expected(attention: Attention) -> Tensor:
    """Return what the softmax of these returns, by another way."""
    query, key, _ = Written(attention).asked(IMAGE)
    if attention is padded_by_a_buffer:
        key = F.pad(key, (0, 0, 2, 0))
    if attention is mirrored:
        key = key[:, :, [2, 1, *range(24)]]
    if attention is additive:
        pairs = [(query[..., [each], :] + key).tanh().sum(-1) for each in range(24)]
        return torch.stack(pairs, 2).softmax(-1)
    return torch.einsum("bhqd,bhkd->bhqk", query, key).softmax(-1)


WAYS = (
    transposed,
    transposed_copy,
    softmax_over_rows,
    heads_last,
    merged,
    keys_in_two_axes,
    by_names,
    padded_by_a_buffer,
    mirrored,
    additive,
    heads_mixed,
)
BEFORE: dict[Attention, list[int]] = {padded_by_a_buffer: [PADDING, PADDING], mirrored: [2, 1]}


@pytest.mark.parametrize("attention", WAYS, ids=lambda way: way.__name__)
def test_weights_and_places_are_the_same_however_they_are_written(attention: Attention) -> None:
    model = Written(attention)
    (layer,) = record(model, IMAGE, with_products=True).layers
    torch.testing.assert_close(layer.weights, expected(attention))
    assert layer.reconstruction_error is not None
    assert layer.reconstruction_error < 1e-5
    assert layer.kind == "spatial"
    assert layer.on_image.queries.tolist() == [list(range(24))]
    assert layer.on_image.keys.tolist() == [BEFORE.get(attention, []) + list(range(24))]
    assert layer.products is not None
    torch.testing.assert_close(layer.products.scores.softmax(-1), layer.weights)
    if layer.products.queries is not None and layer.products.keys is not None:
        dots = layer.products.queries @ layer.products.keys.mT
        torch.testing.assert_close(layer.products.dots, dots)


@pytest.mark.parametrize("attention", WAYS, ids=lambda way: way.__name__)
def test_gradients_lead_to_the_slope_of_a_score_along_the_image(attention: Attention) -> None:
    model, way = Written(attention).double(), noise(*IMAGE.shape).double().roll(1, -1)
    image, step = IMAGE.double(), 1e-6
    (layer,) = record(model, image, target=1).layers

    def moved(sign: int) -> Tensor:
        return record(model, image + sign * step * way).layers[0].weights

    def score(sign: int) -> Tensor:
        query, key, _ = model.asked(image + sign * step * way)
        return model.head(attention(query, key, model.asked(image)[2]).mean((1, 2)))[0, 1]

    assert layer.gradients is not None
    along = (layer.gradients * (moved(1) - moved(-1))).sum()
    torch.testing.assert_close(along, score(1) - score(-1), rtol=1e-4, atol=1e-12)


def recorded(attention: Attention, dtype: torch.dtype = torch.float32) -> list[AttentionLayer]:
    """Return the layers of a network of this attention."""
    return list(record(Written(attention).to(dtype), IMAGE.to(dtype)).layers)


def test_weights_used_twice_are_two_attentions() -> None:
    def twice(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        weights = weights_of(query, key)
        return weights @ value + weights @ value.square()

    first, second = recorded(twice)
    assert torch.equal(first.weights, second.weights)
    assert torch.equal(second.values, first.values.square())


def test_values_of_other_places_than_their_keys_lie_nowhere() -> None:
    def crossed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return weights_of(query, key) @ value.flip(2)

    (layer,) = recorded(crossed)
    assert layer.kind == "unknown"
    assert layer.places is None


def test_all_maps_may_be_computed_before_the_first_is_used() -> None:
    def all_first(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        maps = [weights_of(number * query, key) for number in range(1, 7)]
        return torch.stack([each @ value for each in maps]).sum(0)

    layers = recorded(all_first)
    query, key, _ = Written(all_first).asked(IMAGE)
    assert len(layers) == 6
    for number, layer in enumerate(layers, 1):
        torch.testing.assert_close(layer.weights, weights_of(number * query, key))


def test_a_query_that_may_see_nothing_gathers_nothing() -> None:
    def blind(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        mask = torch.ones(24, 24, dtype=torch.bool)
        mask[3] = False
        return F.scaled_dot_product_attention(query, key, value, mask)

    model = Written(blind)
    recording = record(model, IMAGE, target=0)
    (layer,) = recording.layers
    assert layer.weights[:, :, 3].abs().max() == 0
    assert (layer.row_sum_error or 0) < 1e-5
    assert (layer.reconstruction_error or 0) < 1e-5
    torch.testing.assert_close(recording.output, model(IMAGE))


def test_attention_among_learned_queries_alone_has_gradients_too() -> None:
    learned = noise(1, 3, 4, 4)

    def latent(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        by_hand = weights_of(learned, learned) @ learned
        fused = F.scaled_dot_product_attention(by_hand, learned, learned)
        return F.scaled_dot_product_attention(fused, key, value)

    layers = record(Written(latent), IMAGE, target=0).layers
    assert [layer.kind for layer in layers] == ["tokens", "tokens", "spatial"]
    assert all(layer.gradients is not None and layer.gradients.any() for layer in layers)


def test_tokens_without_heads_are_recorded() -> None:
    def single(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(query[0, 0], key[0, 0], value[0, 0])[None, None]

    (layer,) = recorded(single)
    assert layer.weights.shape == (1, 1, 24, 24)
    assert layer.on_image.keys.tolist() == [list(range(24))]


def test_weights_of_half_precision_are_told_in_single() -> None:
    def mixed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return (
            F.linear(weights_of(query, key).permute(0, 2, 3, 1), MIXING).permute(0, 3, 1, 2) @ value
        )

    for attention in (F.scaled_dot_product_attention, mixed):
        (layer,) = recorded(attention, torch.bfloat16)
        assert layer.weights.dtype == layer.values.dtype == torch.float32
        assert (layer.reconstruction_error or 1) < 1e-2
    assert layer.applied is not None


MIXING = torch.eye(3, dtype=torch.bfloat16).roll(1, 0)


def test_another_size_or_several_images_are_refused() -> None:
    model = Written(F.scaled_dot_product_attention)
    locations = locate(model, IMAGE)
    with pytest.raises(LayerError, match="16 x 24"):
        record(model, IMAGE.mT.contiguous(), locations=locations)
    for given in (None, locations):
        with pytest.raises(LayerError, match="one image"):
            record(model, IMAGE.expand(2, -1, -1, -1), locations=given)
