"""A tensor's statistics are NumPy's, and a filter's picture is what the layer weighs pixels by."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from cvexplore import catalog
from cvexplore.errors import LayerError
from cvexplore.interpret.weights import TensorStatistics, first_filters, statistics

PIECE = 2**17  # numbers that are read at once


class Holder(nn.Module):
    """A network of one tensor."""

    def __init__(self, numbers: Tensor) -> None:
        super().__init__()
        self.numbers = nn.Parameter(numbers)


def told(numbers: Tensor) -> TensorStatistics:
    (only,) = statistics(Holder(numbers))
    return only


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# ------------------------------------------------------------------ statistics


@pytest.mark.parametrize("name", ["cvexplore/simple_cnn", "timm/tf_efficientnet_lite0"])
def test_every_tensor_has_numpy_s_statistics(name: str) -> None:
    model = catalog.build(name, weights="bundled" if name.startswith("timm") else "random")
    found = {each.name: each for each in statistics(model)}
    assert list(found) == [path for path, _ in model.named_parameters()]
    for path, tensor in model.named_parameters():
        numbers, each = tensor.detach().numpy().astype(np.float64), found[path]
        assert each.shape == numbers.shape
        assert each.kind == type(model.get_submodule(path.rpartition(".")[0])).__name__
        assert each.mean == pytest.approx(numbers.mean(), rel=1e-9, abs=1e-12)
        assert each.std == pytest.approx(numbers.std(), rel=1e-6, abs=1e-12)
        assert (each.low, each.high) == (numbers.min(), numbers.max())
        assert each.zeros == (numbers == 0).mean()
        bound = 0.01 * math.sqrt((numbers**2).mean())
        assert each.near_zeros == max(each.zeros, (np.abs(numbers) < bound).mean())


@pytest.mark.parametrize("count", [1, 7, 1000, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_a_histogram_is_numpy_s(count: int) -> None:
    numbers = normal(count)
    each = told(numbers).histogram
    expected, edges = np.histogram(numbers.numpy(), len(each.counts), (each.low, each.high))
    assert each.edges == pytest.approx(edges)
    assert each.below == each.above == 0
    assert each.counts.sum() == count
    # Single precision may put a number on the other side of an edge that it nearly touches.
    assert np.abs(each.counts.cumsum() - expected.cumsum()).max() <= count * 1e-5


@pytest.mark.parametrize("count", [8, 1000, 2_000_000])
def test_numbers_on_the_edges_stand_where_numpy_puts_them(count: int) -> None:
    bins = len(told(torch.arange(count) / count).histogram.counts)
    numbers = (torch.arange(count) % (bins + 1)).float()
    each = told(numbers).histogram
    assert (each.counts == np.histogram(numbers.numpy(), bins)[0]).all()


def test_more_numbers_make_more_bins() -> None:
    counts = [len(told(normal(n)).histogram.counts) for n in (8, 1000, 100_000, 1_000_000)]
    assert counts == [4, 20, 93, 128]  # Rice's rule, and its limit


def test_far_numbers_are_counted_beside_the_histogram() -> None:
    numbers = normal(10_000)
    numbers[:3], numbers[3] = 40.0, -50.0
    each = told(numbers)
    within = np.abs(numbers.numpy() - each.mean) <= 8 * each.std
    assert (each.histogram.below, each.histogram.above) == (1, 3)
    assert each.histogram.counts.sum() == within.sum() == 9_996
    assert each.histogram.high == pytest.approx(each.mean + 8 * each.std)
    assert (each.low, each.high) == (-50.0, 40.0)


def test_a_density_adds_up_to_the_share_inside() -> None:
    numbers = normal(10_000)
    numbers[:100] = 1e3
    each = told(numbers).histogram
    width = (each.high - each.low) / len(each.counts)
    assert each.density.sum() * width == pytest.approx(each.counts.sum() / 10_000)


def test_the_share_below_an_edge_is_the_share_of_the_numbers_below_it() -> None:
    numbers = normal(5_000)
    numbers[:5] = -100.0
    each = told(numbers).histogram
    assert each.below == 5
    expected = [(numbers.numpy() < edge).mean() for edge in each.edges]
    assert each.share_below(each.edges)[:-1] == pytest.approx(expected[:-1], abs=2 / 5_000)
    assert each.share_below(np.array([1e9])) == 1


@pytest.mark.parametrize("value", [0.0, 1.0, -0.3, 1e-20, 1e20])
def test_a_tensor_of_one_value_has_no_spread(value: float) -> None:
    each = told(torch.full((3, 70_000), value))
    assert each.std == 0
    assert each.mean == each.low == each.high == pytest.approx(value)
    assert sorted(each.histogram.counts)[-1] == each.histogram.counts.sum() == 210_000
    assert each.zeros == each.near_zeros == (value == 0)


def test_a_small_spread_far_from_zero_is_not_lost() -> None:
    numbers = 1 + 1e-4 * normal(500_000)
    assert told(numbers).std == pytest.approx(numbers.numpy().astype(np.float64).std(), rel=1e-6)


def test_numbers_that_are_not_finite_are_counted_and_left_out() -> None:
    numbers = normal(3 * PIECE)
    numbers[5], numbers[PIECE + 1], numbers[-1] = math.nan, math.inf, -math.inf
    each, rest = told(numbers), told(numbers[numbers.isfinite()])
    assert (each.not_finite, rest.not_finite) == (3, 0)
    assert (each.mean, each.std) == pytest.approx((rest.mean, rest.std))
    assert (each.histogram.counts == rest.histogram.counts).all()


def test_a_tensor_without_a_finite_number_has_no_statistics() -> None:
    each = told(torch.full((4,), math.nan))
    assert each.not_finite == 4
    assert math.isnan(each.mean)
    assert each.histogram.counts.sum() == 0


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_read_too(kind: torch.dtype) -> None:
    numbers = normal(2_000).to(kind)
    assert told(numbers).std == pytest.approx(numbers.double().numpy().std(), rel=1e-6)


def test_the_order_in_memory_does_not_matter() -> None:
    numbers = normal(8, 5, 7, 7)
    turned = numbers.contiguous(memory_format=torch.channels_last)
    assert told(turned).std == told(numbers).std
    assert (told(turned).histogram.counts == told(numbers).histogram.counts).all()


def test_a_normal_distribution_has_its_share_near_zero() -> None:
    expected = math.erf(0.01 / math.sqrt(2))
    assert told(0.02 * normal(2_000_000)).near_zeros == pytest.approx(expected, rel=0.03)


def test_a_shared_tensor_is_told_once() -> None:
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    model[1].weight = model[0].weight
    assert [each.name for each in statistics(model)] == ["0.weight"]


@pytest.mark.parametrize(
    ("shape", "vector"),
    [((64,), True), ((64, 1, 1), True), ((1, 1, 768), True), ((), True), ((64, 3, 7, 7), False)],
)
def test_a_vector_has_one_number_a_channel(shape: tuple[int, ...], vector: bool) -> None:
    assert told(torch.zeros(shape)).is_vector == vector


def test_convolutions_are_as_wide_as_kaiming_drew_them() -> None:
    model = catalog.build("cvexplore/resnet", depth=18)
    convolutions = {path: m for path, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    found = {each.name.removesuffix(".weight"): each for each in statistics(model)}
    assert len(convolutions) == 20  # ResNet-18: 17 of 3 x 3 and 7 x 7, and 3 shortcuts
    for path, layer in convolutions.items():
        fan_out = layer.out_channels * math.prod(layer.kernel_size)
        error = 1 / math.sqrt(2 * found[path].numbers)  # of a deviation measured on so many
        assert found[path].std == pytest.approx(math.sqrt(2 / fan_out), rel=6 * error)


class Largest(TorchDispatchMode):
    """Notes the largest tensor that is made and is not a view."""

    bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        given = {a.untyped_storage().data_ptr() for a in args if isinstance(a, Tensor)}
        if isinstance(out, Tensor) and out.untyped_storage().data_ptr() not in given:
            self.bytes = max(self.bytes, out.nbytes)
        return out


def test_a_large_tensor_is_never_copied_whole() -> None:
    model = Holder(torch.zeros(8_000, 1_000))
    with Largest() as largest:
        statistics(model)
    assert 0 < largest.bytes <= 8 * PIECE  # of 32 MB


# ------------------------------------------------------------------ filters


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("torchvision/resnet18", "conv1"),
        ("torchvision/vit_b_16", "conv_proj"),
        ("cvexplore/resnet", "stem.0"),
        ("timm/tf_efficientnet_lite0", "conv_stem"),
        ("torchvision/fasterrcnn_mobilenet_v3_large_fpn", "backbone.body.0.0"),
    ],
)
def test_filters_are_the_first_convolution_s_weights(name: str, layer: str) -> None:
    model = catalog.build(name)
    found = first_filters(model)
    weight = model.get_parameter(f"{layer}.weight").detach()
    assert found.layer == layer
    (pictures,) = found.pictures().values()
    assert (pictures == weight.numpy()).all()
    assert found.norms == pytest.approx(weight.flatten(1).norm(dim=1).numpy(), rel=1e-5)


def test_filters_are_a_copy() -> None:
    layer = nn.Conv2d(3, 4, 3)
    before = layer.weight.clone()
    first_filters(layer).values[:] = 7
    assert torch.equal(layer.weight, before)


def test_the_layer_that_reads_the_image_need_not_be_declared_first() -> None:
    model = nn.Sequential(nn.Conv2d(8, 4, 1), nn.Conv2d(3, 8, 3))
    assert first_filters(model).layer == "1"
    assert first_filters(model, channels=8).layer == "0"


def test_an_image_rearranged_before_leaves_the_first_convolution() -> None:
    found = first_filters(nn.Sequential(nn.PixelUnshuffle(4), nn.Conv2d(48, 8, 3)))
    assert found.layer == "1"
    assert len(found.pictures()) == 48


@pytest.mark.parametrize("channels", [2, 5])
def test_other_than_colours_are_seen_one_at_a_time(channels: int) -> None:
    layer = nn.Conv2d(channels, 6, 3)
    pictures = first_filters(layer, channels).pictures()
    assert list(pictures) == [f"channel {each}" for each in range(channels)]
    for each, seen in enumerate(pictures.values()):
        assert (seen == layer.weight.detach()[:, each : each + 1].numpy()).all()


def test_filters_of_clips_are_seen_frame_by_frame() -> None:
    layer = nn.Conv3d(3, 6, (2, 5, 5))
    pictures = first_filters(layer).pictures()
    assert list(pictures) == ["colour, frame 0", "colour, frame 1"]
    for each, seen in enumerate(pictures.values()):
        assert (seen == layer.weight.detach()[:, :, each].numpy()).all()


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 8)])
def test_a_dense_layer_over_an_image_weighs_it_by_its_filters(channels: int, side: int) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(channels * side**2, 10, bias=False))
    image = normal(1, channels, side, side)
    (filters,) = first_filters(model, channels).pictures().values()
    assert filters.shape == (10, channels, side, side)
    weighed = (filters * image.numpy()).sum((1, 2, 3))
    assert weighed == pytest.approx(model(image)[0].detach().numpy(), abs=1e-4)


def test_dense_patch_embeddings_weigh_patches_by_their_filters() -> None:
    from timm.models.naflexvit import batch_patchify

    model = catalog.build("timm/naflexvit_base_patch16_gap")
    found = first_filters(model)
    patch = normal(1, 3, 16, 16)
    weight = model.get_parameter(f"{found.layer}.weight")
    expected = (batch_patchify(patch, (16, 16))[0] @ weight.T)[0, 0]
    (filters,) = found.pictures().values()
    weighed = (filters * patch.numpy()).sum((1, 2, 3))
    assert weighed == pytest.approx(expected.detach().numpy(), abs=1e-4)


@pytest.mark.parametrize("model", [nn.Linear(10, 4), nn.Sequential(nn.ReLU())])
def test_without_a_layer_over_pixels_there_are_no_filters(model: nn.Module) -> None:
    with pytest.raises(LayerError, match="no filters"):
        first_filters(model)
