"""Recorded attention is the attention that was used: by other means, on many kinds of layer."""

import itertools
import threading
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attention import Recording, locate, record
from cvexplore.errors import LayerError
from tests.attention.conftest import noise, sharpened

CONFIGURATIONS = list(
    itertools.product(
        [True, False],  # batch first
        [True, False],  # bias
        [None, "bool", "float"],  # mask
        [True, False],  # one more key, of zeros
        [True, False],  # the network asks for weights itself
    )
)


class OneAttention(nn.Module):
    """Patches of an image ask patches of its mirror."""

    def __init__(self, batch_first: bool, bias: bool, mask: str | None, zero: bool, ask: bool):
        super().__init__()
        self.attention = nn.MultiheadAttention(
            12, 3, batch_first=batch_first, bias=bias, add_zero_attn=zero
        )
        self.batch_first, self.mask, self.ask = batch_first, mask, ask

    def forward(self, image: Tensor) -> Tensor:
        """Return what the patches gathered."""
        return self.run(image, self.ask)[0]

    def run(self, image: Tensor, ask: bool) -> tuple[Tensor, Tensor | None]:
        """Return that, and the weights by torch itself."""
        tokens = image.unfold(2, 4, 4).unfold(3, 4, 4).flatten(2, 3).permute(0, 2, 1, 3, 4)
        tokens = tokens.flatten(2)[..., :12]  # (1, N, 12)
        mirrored = tokens.flip(1)
        if not self.batch_first:
            tokens, mirrored = tokens.transpose(0, 1), mirrored.transpose(0, 1)
        count = tokens.shape[1 if self.batch_first else 0]
        mask = torch.ones(count, count).triu(1)
        masks = {None: None, "bool": mask.bool(), "float": mask * -3.0}
        return self.attention(
            tokens,
            mirrored,
            mirrored,
            need_weights=ask,
            average_attn_weights=False,
            attn_mask=masks[self.mask],
        )


@pytest.mark.parametrize(
    ("batch_first", "bias", "mask", "zero", "ask"), CONFIGURATIONS, ids=lambda value: str(value)
)
def test_multi_head_attention_is_recorded_as_torch_itself_tells_it(
    batch_first: bool, bias: bool, mask: str | None, zero: bool, ask: bool
) -> None:
    torch.manual_seed(0)
    model = OneAttention(batch_first, bias, mask, zero, ask).eval()
    image = noise(1, 3, 16, 16)
    recording = record(model, image)
    with torch.no_grad():
        output, weights = model.run(image, ask=True)
    (layer,) = recording.layers
    assert layer.path == "attention"
    torch.testing.assert_close(layer.weights, weights)
    torch.testing.assert_close(recording.output, output)
    assert layer.reconstruction_error is not None
    assert layer.reconstruction_error < 1e-5


def test_a_vision_transformers_weights_are_the_softmax_of_its_own_products() -> None:
    model = sharpened("cvexplore/vit", image_size=32, patch_size=8, width=48, heads=3, depth=3)
    image = noise(1, 3, 32, 32)
    seen: dict[str, Tensor] = {}
    for path, module in model.named_modules():
        if path.endswith("qkv"):
            module.register_forward_hook(
                lambda module, args, output, path=path: seen.update({path: output})
            )
    with torch.no_grad():
        expected_output = model(image)
    recording = record(model, image)
    assert torch.equal(recording.output, expected_output)
    assert len(recording.layers) == 3
    for layer in recording.layers:
        query, key, _ = seen[f"{layer.path}.qkv"].view(1, 17, 3, 3, 16).permute(2, 0, 3, 1, 4)
        expected = torch.zeros(3, 17, 17)
        for head, asking in itertools.product(range(3), range(17)):
            dots = [float(query[0, head, asking] @ key[0, head, each]) / 4 for each in range(17)]
            exponents = [torch.tensor(each).exp().item() for each in dots]
            expected[head, asking] = torch.tensor(exponents) / sum(exponents)
        torch.testing.assert_close(layer.weights[0], expected, rtol=1e-4, atol=1e-6)


def test_a_wrong_place_is_found_by_the_check() -> None:
    model = sharpened("torchvision/swin_t")
    image = noise(1, 3, 64, 64)
    locations = dict(locate(model, image))
    right = record(model, image, locations=locations)
    assert max(layer.stitched_error or 0 for layer in right.layers) < 1e-5
    shifted = right.layers[1]
    key = (shifted.path, shifted.number)
    places = shifted.on_image
    moved = replace(places, queries=places.queries.roll(1, 0))
    wrong = record(
        model,
        image,
        locations={**locations, key: replace(locations[key], places=moved)},
        layers=[shifted.name],
    )
    assert (wrong.layers[0].stitched_error or 0) > 1e-2


def test_three_threads_on_one_network_each_get_their_own() -> None:
    model = sharpened("timm/test_vit")
    images = [noise(1, 3, 160, 160) * scale for scale in (0.2, 1.0, 3.0)]
    locations = locate(model, images[0])
    alone = [record(model, image, locations=locations) for image in images]
    found: dict[int, list[Recording]] = {0: [], 1: [], 2: []}

    def look(number: int) -> None:
        for _ in range(6):
            found[number].append(record(model, images[number], locations=locations))

    threads = [threading.Thread(target=look, args=(number,)) for number in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, recordings in found.items():
        assert len(recordings) == 6
        for recording in recordings:
            assert torch.equal(recording.output, alone[number].output)
            pairs = zip(recording.layers, alone[number].layers, strict=True)
            assert all(torch.equal(one.weights, other.weights) for one, other in pairs)


def test_recording_leaves_nothing_on_the_network() -> None:
    model = sharpened("timm/test_vit")
    before = {
        path: (set(vars(module)), len(module._forward_hooks), len(module._forward_pre_hooks))
        for path, module in model.named_modules()
    }
    record(model, noise(1, 3, 160, 160))
    after = {
        path: (set(vars(module)), len(module._forward_hooks), len(module._forward_pre_hooks))
        for path, module in model.named_modules()
    }
    assert after == before


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/skresnet18", "timm/resnest14d"])
def test_a_softmax_that_averages_no_values_is_no_attention(name: str) -> None:
    model = catalog.build(name).eval()
    with pytest.raises(LayerError, match="no attention weights"):
        record(model, noise(1, 3, 64, 64))


def test_heads_mixed_after_the_softmax_are_told_from_the_softmax() -> None:
    model = sharpened("timm/cait_xxs24_224")
    recording = record(model, noise(1, 3, 224, 224), layers=["blocks.0.attn"])
    (layer,) = recording.layers
    assert layer.applied is not None
    mixing = model.get_submodule("blocks.0.attn.proj_w")
    mixed = mixing(layer.weights.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(layer.applied, mixed.detach(), rtol=1e-4, atol=1e-6)
    assert (layer.row_sum_error or 0) < 1e-5
    assert (layer.reconstruction_error or 0) < 1e-5


def test_gradients_of_a_class_are_those_of_finite_differences() -> None:
    model = sharpened("cvexplore/vit", image_size=16, patch_size=8, width=32, heads=2, depth=2)
    model = model.double()
    image = noise(1, 3, 16, 16).double()
    recording = record(model, image, target=3)
    layer = recording.layer("blocks.0.attention")
    assert layer.gradients is not None

    def score(change: Tensor) -> float:
        def changed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            weights = (query @ key.transpose(-2, -1) / 4).softmax(-1)
            return (weights + change) @ value

        whole = F.scaled_dot_product_attention
        calls: list[int] = []

        def first_only(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            calls.append(1)
            return changed(query, key, value) if len(calls) == 1 else whole(query, key, value)

        F.scaled_dot_product_attention = first_only
        try:
            return float(model(image)[0, 3])
        finally:
            F.scaled_dot_product_attention = whole

    for head, query, key in [(0, 0, 0), (1, 2, 4), (0, 4, 1)]:
        change = torch.zeros(1, 2, 5, 5, dtype=torch.float64)
        change[0, head, query, key] = 1e-5
        slope = (score(change) - score(-change)) / 2e-5
        assert float(layer.gradients[0, head, query, key]) == pytest.approx(slope, rel=1e-5)


def test_the_cap_leaves_out_layers_and_names_them() -> None:
    model = sharpened("timm/test_vit")
    image = noise(1, 3, 160, 160)
    locations = locate(model, image)
    each = next(iter(locations.values())).bytes
    recording = record(model, image, locations=locations, cap=int(2.5 * each))
    assert [layer.path for layer in recording.layers] == ["blocks.0.attn", "blocks.1.attn"]
    assert recording.left_out == tuple(f"blocks.{number}.attn" for number in range(2, 6))
    asked = record(model, image, locations=locations, layers=["blocks.5.attn"], cap=0)
    assert [layer.path for layer in asked.layers] == ["blocks.5.attn"]


def test_an_unknown_layer_is_told_with_those_there_are() -> None:
    with pytest.raises(LayerError, match=r"blocks\.9.*blocks\.0\.attn"):
        record(sharpened("timm/test_vit"), noise(1, 3, 160, 160), layers=["blocks.9"])


def test_the_numbers_on_the_way_lead_to_the_weights() -> None:
    for name, layer_name in (
        ("cvexplore/vit", "blocks.1.attention"),
        ("torchvision/swin_t", "features.1.1.attn"),
    ):
        model = sharpened(name)
        image = noise(1, 3, 224, 224)
        (layer,) = record(model, image, layers=[layer_name], with_products=True).layers
        products = layer.products
        assert products is not None
        torch.testing.assert_close(products.scores.softmax(-1), layer.weights)
        assert products.queries is not None
        assert products.keys is not None
        dots = products.queries @ products.keys.transpose(-2, -1)
        torch.testing.assert_close(products.dots, dots, rtol=1e-4, atol=1e-4)
