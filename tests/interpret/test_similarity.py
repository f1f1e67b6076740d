"""Similarity is linear CKA: by its definition, its properties, and another implementation."""

import functools
import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.activations import capture
from cvexplore.interpret.similarity import (
    Similarity,
    batch_size,
    centred_gram,
    linear_cka,
    relative_depth,
    representative_layers,
    similarity,
)
from cvexplore.trace import Trace

LITE0, RESNET18 = "timm/tf_efficientnet_lite0", "torchvision/resnet18"


@functools.cache
def seen(name: str) -> Trace:
    return catalog.traced(name)


def features(images: int, count: int, seed: int) -> Tensor:
    return torch.randn(images, count, generator=torch.Generator().manual_seed(seed)).double()


def related(images: int = 12) -> tuple[Tensor, Tensor]:
    first = features(images, 7, 0)
    return first, torch.cat([first[:, :3] * 2 + 1, features(images, 4, 1)], 1)


# ------------------------------------------------------------------ the measure


def plain_by_definition(first: Tensor, second: Tensor) -> float:
    """||YᵀX||² / (||XᵀX|| ||YᵀY||), features centred: Kornblith et al. 2019, equation 3 and on."""
    x, y = (each.numpy() - each.numpy().mean(0) for each in (first, second))
    between = np.linalg.norm(y.T @ x) ** 2
    return float(between / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def hsic_by_quadruples(first: Tensor, second: Tensor) -> float:
    """Song et al. 2012, equation 4: the mean over all ordered quadruples of different images."""
    k, alike = ((each.double() @ each.double().T).numpy() for each in (first, second))
    terms = [
        k[i, j] * (alike[i, j] + alike[q, r] - 2 * alike[i, q])
        for i, j, q, r in itertools.permutations(range(len(first)), 4)
    ]
    return float(np.mean(terms))


def debiased_by_features(first: Tensor, second: Tensor) -> float:
    """``feature_space_linear_cka(debiased=True)`` of google-research/representation_similarity."""
    x, y = (each.numpy() - each.numpy().mean(0) for each in (first, second))
    n = len(x)

    def debiased(product: Any, rows: tuple[np.ndarray, np.ndarray]) -> float:
        norms = rows[0].sum() * rows[1].sum() / ((n - 1) * (n - 2))
        return product - n / (n - 2) * rows[0].dot(rows[1]) + norms

    sx, sy = (np.einsum("ij,ij->i", each, each) for each in (x, y))
    between = debiased(np.linalg.norm(x.T @ y) ** 2, (sx, sy))
    own_x = debiased(np.linalg.norm(x.T @ x) ** 2, (sx, sx))
    own_y = debiased(np.linalg.norm(y.T @ y) ** 2, (sy, sy))
    return between / np.sqrt(own_x * own_y)


def test_plain_cka_is_its_definition() -> None:
    first, second = related()
    found = linear_cka(first, second, unbiased=False)
    assert found == pytest.approx(plain_by_definition(first, second), abs=1e-6)
    assert 0.2 < found < 0.95


def test_the_unbiased_product_is_the_mean_over_all_quadruples_of_images() -> None:
    first, second = related(7)
    found = centred_gram(first) @ centred_gram(second) / (7 * (7 - 3))
    assert float(found) == pytest.approx(hsic_by_quadruples(first, second), rel=1e-5)


def test_unbiased_cka_is_what_its_authors_code_gives() -> None:
    first, second = related()
    found = linear_cka(first, second)
    assert found == pytest.approx(debiased_by_features(first, second), abs=1e-6)
    assert abs(found - linear_cka(first, second, unbiased=False)) > 0.01


@pytest.mark.parametrize("unbiased", [True, False])
def test_rotating_scaling_and_shifting_features_changes_nothing(unbiased: bool) -> None:
    first, second = related()
    turn, _ = torch.linalg.qr(features(7, 7, 2))
    moved = second @ turn * 37 + features(1, 7, 3)
    before = linear_cka(first, second, unbiased=unbiased)
    assert linear_cka(first, moved, unbiased=unbiased) == pytest.approx(before, abs=1e-5)
    assert linear_cka(second, moved, unbiased=unbiased) == pytest.approx(1, abs=1e-6)
    stretched = second * torch.arange(1.0, 8)
    assert linear_cka(first, stretched, unbiased=unbiased) != pytest.approx(before, abs=1e-2)


def test_random_features_look_alike_to_the_plain_measure_only() -> None:
    first, second = features(32, 10_000, 0), features(32, 10_000, 1)
    assert linear_cka(first, second, unbiased=False) > 0.98
    drawn = [
        linear_cka(features(32, 300, seed), features(32, 300, seed + 100)) for seed in range(40)
    ]
    assert abs(np.mean(drawn)) < 3 * np.std(drawn) / np.sqrt(40)


def test_features_that_never_vary_have_no_similarity() -> None:
    still = torch.full((8, 5), 0.1).double()
    assert np.isnan(linear_cka(still, features(8, 5, 0)))


def test_three_images_are_too_few() -> None:
    with pytest.raises(LayerError, match="at least 4 images; this has 3"):
        linear_cka(features(3, 5, 0), features(3, 5, 1))


# ------------------------------------------------------------------ networks


class Tokens(nn.Module):
    """Returns features in unlike orders: maps, tokens first, a pair."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.maps = nn.Conv2d(3, 4, 4, 4)
        self.turned = Turned()
        self.dead = Dead()
        self.head = nn.Linear(4 * 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        maps = self.maps(image)
        self.turned(maps)
        self.dead(maps)
        return self.head(maps.flatten(1))


class Turned(nn.Module):
    def forward(self, maps: Tensor) -> tuple[Tensor, None]:
        return maps.flatten(2).permute(2, 0, 1), None


class Dead(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return torch.full_like(maps, 0.3)


def pictures(count: int, side: int = 8) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def last(*asked: object) -> Similarity:
    return list(similarity(*asked))[-1]  # type: ignore[arg-type]


def test_one_batch_gives_the_cka_of_every_pair_of_captured_layers() -> None:
    first, second = catalog.build(LITE0).eval(), catalog.build(RESNET18).eval()
    layers, others = ["conv_stem", "blocks.3", "classifier"], ["layer1.0", "fc"]
    ours, theirs = pictures(6, 64), pictures(6, 48)
    found = last(first, layers, second, others, [(ours, theirs)])
    one, two = capture(first, ours, layers), capture(second, theirs, others)
    for row, column in itertools.product(range(3), range(2)):
        x, y = one.layers[layers[row]][0].flatten(1), two.layers[others[column]][0].flatten(1)
        own = hsic_by_quadruples(x, x) * hsic_by_quadruples(y, y)
        expected = np.clip(hsic_by_quadruples(x, y) / np.sqrt(own), 0, 1)
        assert found.values[row, column] == pytest.approx(expected, abs=1e-3)
    assert found.values.shape == (3, 2)


def test_a_network_against_itself_is_1_on_the_diagonal_and_symmetric() -> None:
    model = catalog.build(RESNET18).eval()
    layers = representative_layers(seen(RESNET18))
    found = last(model, layers, model, layers, [(each, each) for each in pictures(12, 48).split(6)])
    assert found.values.diagonal() == pytest.approx(np.ones(len(layers)), abs=1e-9)
    assert found.values == pytest.approx(found.values.T, abs=1e-9)
    assert found.values.min() < 0.9


def test_batches_average_their_estimates_by_their_images() -> None:
    model = Tokens().eval()
    parts = pictures(14).split([8, 6])
    steps = list(similarity(model, ["maps"], model, ["head"], [(each, each) for each in parts]))
    assert [each.images for each in steps] == [8, 14]

    def mean(*names: str) -> float:
        """Return the mean of HSIC over the batches, an image counting as an image."""
        hsic = []
        for part in parts:
            kept = capture(model, part, ["maps", "head"]).layers
            one, two = (kept[name][0].flatten(1).double() for name in names)
            hsic.append(len(part) * hsic_by_quadruples(one, two))
        return sum(hsic) / 14

    expected = mean("maps", "head") / np.sqrt(mean("maps", "maps") * mean("head", "head"))
    assert steps[-1].values[0, 0] == pytest.approx(expected, abs=1e-5)


def test_the_order_in_which_a_layer_holds_its_features_does_not_matter() -> None:
    model = Tokens().eval()
    batch = pictures(6)
    found = last(model, ["maps"], model, ["turned"], [(batch, batch)])
    assert found.values[0, 0] == pytest.approx(1, abs=1e-6)


def test_a_dead_layer_has_no_similarity_and_spoils_no_other() -> None:
    model = Tokens().eval()
    batch = pictures(6)
    found = last(model, ["maps", "dead"], model, ["maps", "head"], [(batch, batch)])
    assert np.isnan(found.values[1]).all()
    assert not np.isnan(found.values[0]).any()


def test_a_layer_that_does_not_exist_is_named() -> None:
    model = Tokens().eval()
    with pytest.raises(UnknownName, match="mops"):
        last(model, ["mops"], model, ["maps"], [(pictures(6), pictures(6))])


# ------------------------------------------------------------------ which layers


@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        (LITE0, 10),
        (RESNET18, 10),
        ("torchvision/vgg16", 16),
        ("torchvision/resnet50", 16),
        ("torchvision/vit_b_16", 14),
        ("torchvision/densenet121", 9),
        ("timm/convnext_tiny", 9),
    ],
)
def test_representative_layers_run_from_the_first_filter_to_the_classes(
    name: str, fewest: int
) -> None:
    layers = representative_layers(seen(name))
    assert fewest <= len(layers) <= 16
    assert len(set(layers)) == len(layers)
    depths = [relative_depth(seen(name), layer) for layer in layers]
    assert depths == sorted(depths)
    assert depths[0] < 0.1
    assert depths[-1] == 1
    modules = dict(catalog.build(name, device="meta").named_modules())
    assert set(layers) <= set(modules)


def test_resnet18_is_compared_by_its_residual_blocks() -> None:
    blocks = [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert representative_layers(seen(RESNET18)) == ("conv1", *blocks, "fc")


def test_too_many_layers_are_thinned_out_evenly() -> None:
    every = representative_layers(seen("torchvision/resnet50"), most=18)
    assert len(every) == 18
    fewer = representative_layers(seen("torchvision/resnet50"), most=16)
    gaps = np.diff([every.index(layer) for layer in fewer])
    assert set(gaps) == {1, 2}
    assert (fewer[0], fewer[-1]) == (every[0], every[-1])


def test_larger_maps_come_in_smaller_batches() -> None:
    def size(name: str) -> int:
        return batch_size(seen(name), representative_layers(seen(name)))

    vgg16 = seen("torchvision/vgg16")
    an_image = 4 * sum(
        int(np.prod(layer.output_shape or 0)) for layer in vgg16.layers if layer.macs
    )
    assert size(RESNET18) == 32
    assert size("torchvision/vgg16") == (512 << 20) // an_image < 32
