"""What is captured is what the layer returned at that call, bit for bit; nothing changes."""

import copy
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from cvexplore import catalog
from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.activations import as_maps, capture, feature_maps
from cvexplore.trace import trace

NETWORKS = (
    "torchvision/alexnet",  # in-place ReLUs write over what convolutions return
    "torchvision/resnet50",  # one ReLU is called three times a block
    "torchvision/densenet121",  # every output is read again and again
    "torchvision/mobilenet_v3_small",
    "torchvision/convnext_tiny",
    "torchvision/swin_t",
    "torchvision/vit_b_32",
    "timm/tf_efficientnet_lite0",
    "cvexplore/simple_cnn",
)
IMAGE = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))


@functools.cache
def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return catalog.build(name).eval()


def image_for(name: str) -> Tensor:
    return IMAGE[:, :1, :28, :28] if name.endswith("simple_cnn") else IMAGE


def cloned(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    return tuple(cloned(each) for each in value) if isinstance(value, tuple) else value


def with_plain_hooks(model: nn.Module, image: Tensor) -> dict[str, list[Any]]:
    """Return what every layer returns at each call, by hooks that copy, on a copy of the model."""
    twin, kept = copy.deepcopy(model), {}
    for path, module in twin.named_modules():
        into = kept[path] = []
        module.register_forward_hook(lambda m, a, out, into=into: into.append(cloned(out)))
    with torch.inference_mode():
        twin(image)
    return kept


def assert_equal(ours: Any, theirs: Any, where: str) -> None:
    if isinstance(theirs, Tensor):
        assert torch.equal(ours, theirs), where
    elif isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs), where
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(one, other, where)
    else:
        assert ours == theirs, where


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_is_captured_as_a_copying_hook_sees_it(name: str) -> None:
    model, image = network(name), image_for(name)
    truth = with_plain_hooks(model, image)
    seen = capture(model, image, list(truth))
    for path, calls in truth.items():
        assert_equal(seen.layers[path], tuple(calls), path)
    if name == "torchvision/resnet50":
        assert len(truth["layer1.0.relu"]) == 3
    assert_equal(seen.output, truth[""][0], "output")


@pytest.mark.parametrize("name", NETWORKS[:2])
def test_one_layer_alone_is_captured_the_same(name: str) -> None:
    model, truth = network(name), with_plain_hooks(network(name), IMAGE)
    for path in list(truth)[1::20]:
        assert_equal(capture(model, IMAGE, [path]).layers[path], tuple(truth[path]), path)


def test_the_network_is_left_as_it_was() -> None:
    model = network("torchvision/resnet50")
    layer = model.get_submodule("layer2.1.bn2")
    before = {path: dict(vars(module)) for path, module in model.named_modules()}
    capture(model, IMAGE[..., :64, :64], ["layer2.1.bn2"])
    assert not layer._forward_hooks
    assert {path: vars(module) for path, module in model.named_modules()} == before


def test_a_network_that_is_learning_goes_on_learning() -> None:
    model = torchvision.models.resnet18().train()
    mean = model.bn1.running_mean.clone()
    seen = capture(model, IMAGE[..., :64, :64], ["bn1"])
    assert model.training
    assert all(module.training for module in model.modules())
    assert torch.equal(model.bn1.running_mean, mean)
    truth = with_plain_hooks(copy.deepcopy(model).eval(), IMAGE[..., :64, :64])
    assert torch.equal(seen.layers["bn1"][0], truth["bn1"][0])


def test_one_module_under_two_names_is_captured_under_both() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = self.second = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.first(x))

    torch.manual_seed(0)
    model = Twice().eval()
    once = model.first(IMAGE)
    seen = capture(model, IMAGE, ["first", "second"])
    for name in ("first", "second"):
        first, second = seen.layers[name]
        assert torch.equal(first, once)
        assert torch.equal(second, model.first(once))


def test_four_threads_see_each_its_own_image() -> None:
    model = network("torchvision/alexnet")
    images = [torch.rand(1, 3, 64, 64) for _ in range(4)]
    truth = [with_plain_hooks(model, image)["features.3"][0] for image in images]
    wrong: list[int] = []
    ready = threading.Barrier(4)

    def look(index: int) -> None:
        ready.wait()
        for _ in range(25):
            seen = capture(model, images[index], ["features.3"]).layers["features.3"]
            if len(seen) != 1 or not torch.equal(seen[0], truth[index]):
                wrong.append(index)

    threads = [threading.Thread(target=look, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_layer_that_does_not_exist_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"layer3\.0\.conv1"):
        capture(network("torchvision/resnet50"), IMAGE, ["layer3.0.conv"])


def test_a_layer_that_is_never_called_says_so() -> None:
    # nn.MultiheadAttention takes its output projection's weights and never calls it
    layer = "encoder.layers.encoder_layer_3.self_attention.out_proj"
    with pytest.raises(LayerError, match="not called"):
        feature_maps(network("torchvision/vit_b_32"), IMAGE, layer)


# --- How layers of each kind are laid out as maps ---


def test_maps_are_the_layers_output() -> None:
    model = network("torchvision/alexnet")
    truth = with_plain_hooks(model, IMAGE)["features.3"][0]
    seen = feature_maps(model, IMAGE, "features.3")
    assert seen.shape == (192, 27, 27)
    assert torch.equal(seen.maps, truth[0])


def test_tokens_lie_where_their_patches_lie() -> None:
    model = network("torchvision/vit_b_32")
    tokens = with_plain_hooks(model, IMAGE)["encoder.layers.encoder_layer_5"][0]
    maps = feature_maps(model, IMAGE, "encoder.layers.encoder_layer_5").maps
    assert maps.shape == (768, 7, 7)
    for row in range(7):
        for column in range(7):
            patch = tokens[0, 1 + row * 7 + column]  # after the class token
            assert torch.equal(maps[:, row, column], patch)


def test_channels_that_stand_last_come_first() -> None:
    model = network("torchvision/swin_t")
    truth = with_plain_hooks(model, IMAGE)["features.3"][0]
    assert truth.shape == (1, 28, 28, 192)
    maps = feature_maps(model, IMAGE, "features.3").maps
    assert torch.equal(maps, truth[0].permute(2, 0, 1))


def test_a_vector_is_one_point_a_channel() -> None:
    model = network("torchvision/alexnet")
    maps = feature_maps(model, IMAGE, "classifier.6").maps
    with torch.inference_mode():
        assert torch.equal(maps[:, 0, 0], model(IMAGE)[0])
    assert maps.shape == (1000, 1, 1)


class Returns(nn.Module):
    """A network whose layer returns whatever it is told to."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.layer = nn.Identity()
        self.value = value

    def forward(self, x: Tensor) -> Any:
        return self.layer(self.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.rand(1, 11, 5), "11 tokens, which do not lie on a grid"),
        (torch.rand(5), "not maps of an image"),
        (torch.rand(1, 2, 3, 4, 5), "not maps of an image"),
        (torch.zeros(1, 2, 3, 3, dtype=torch.int64), "not feature maps"),
        ({"boxes": 1}, "int, not feature maps"),
        ({}, "tuple, not feature maps"),
    ],
)
def test_what_is_not_maps_is_said(value: Any, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        as_maps(capture(Returns(value).eval(), IMAGE, ["layer"]), "layer", Returns(value))


def test_the_first_of_several_outputs_is_shown() -> None:
    first, second = torch.rand(1, 2, 3, 3), torch.rand(1, 4, 3, 3)
    for value in ((first, second), [first, second], {"fine": first, "coarse": second}):
        assert torch.equal(feature_maps(Returns(value).eval(), IMAGE, "layer").maps, first[0])


def test_object_queries_are_no_places_of_the_image() -> None:
    model = catalog.build("cvexplore/detr", backbone_depth=18, width=32, encoder_layers=1).eval()
    seen = capture(model, IMAGE, ["transformer.encoder.0", "transformer.decoder.0"])
    assert as_maps(seen, "transformer.encoder.0", model).shape == (32, 7, 7)
    with pytest.raises(LayerError, match="100 object queries"):
        as_maps(seen, "transformer.decoder.0", model)


# ------------------------------------------------------------------ functions between modules


class Block(nn.Module):
    """Two sums, one in place and overwritten later, and a constant that is one too."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)
        self.inner = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True))
        self.scale = nn.Parameter(torch.ones(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        bias = self.scale + self.scale  # a constant being prepared: a sum all the same
        y = self.first(x) + x
        z = self.second(y)
        z += y * bias
        joined = torch.cat([z, y], 1)
        return self.inner(z) + F.relu_(joined)[:, :3]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Block(), Block()

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x)) + self.one(x)


def by_hand(block: Block, x: Tensor) -> dict[str, Tensor]:
    y = block.first(x) + x
    z = block.second(y) + y * (block.scale + block.scale)
    joined = torch.cat([z, y], 1)
    last = block.inner(z.clone()) + joined.relu()[:, :3]
    return {"add_2": y, "add_3": z, "cat": joined, "relu": joined.relu(), "add_4": last}


def test_functions_are_captured_at_each_call_as_they_were_before_others_wrote_over_them() -> None:
    torch.manual_seed(0)
    model, x = Net().eval(), IMAGE[..., :16, :16]
    names = ("add_2", "add_3", "cat", "relu", "add_4")
    paths = [f"{block}.{name}" for block in ("one", "two") for name in names]
    seen = capture(model, x, [*paths, "add", "one", "one.inner.0"])
    with torch.no_grad():
        first, second = by_hand(model.one, x), by_hand(model.two, model.one(x))
        for name in names:
            assert len(seen.layers[f"one.{name}"]) == 2  # the block is called twice
            assert torch.equal(seen.layers[f"one.{name}"][0], first[name]), name
            assert torch.equal(seen.layers[f"two.{name}"][0], second[name]), name
        assert torch.equal(seen.layers["add"][0], model(x))
        assert torch.equal(seen.layers["one"][1], model.one(x))
        before = model.one.inner[0](first["add_3"])
    assert torch.equal(seen.layers["one.inner.0"][0], before)  # its ReLU writes over it


@pytest.mark.parametrize("name", ["torchvision/resnet18", "torchvision/swin_t", "timm/dla34"])
def test_a_trace_and_a_capture_call_functions_alike(name: str) -> None:
    model, seen = network(name), trace(network(name), IMAGE)
    functions = [layer for layer in seen.layers if layer.path not in seen.kinds]
    assert functions
    found = capture(model, IMAGE, [layer.path for layer in functions])
    for layer in functions:
        output = found.layers[layer.path][0]
        first = output[0] if isinstance(output, tuple) else output
        assert tuple(first.shape) == layer.output_shape, layer.path


def test_a_function_that_never_ran_is_no_layer() -> None:
    for missing in ("one.matmul", "one.first.add", "three.add"):
        with pytest.raises(UnknownName, match=missing):
            capture(Net().eval(), IMAGE, [missing])


def test_a_block_keeps_no_second_copy_of_what_its_last_layer_returned() -> None:
    seen = capture(network("torchvision/alexnet"), IMAGE, ["features", "features.12", "avgpool"])
    assert seen.layers["features"][0] is seen.layers["features.12"][0]
    assert seen.layers["avgpool"][0] is not seen.layers["features"][0]


# ------------------------------------------------------------------ many at once


def test_twenty_five_captures_at_once_on_one_network_give_each_its_own() -> None:
    model = network("torchvision/resnet18")
    photos = torch.rand(25, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    layers = ("layer1.0.conv1", "layer2.1.add", "layer3.0.relu", "fc")
    alone = [capture(model, photo[None], layers) for photo in photos]
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda photo: capture(model, photo[None], layers), photos))
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one.output, other.output)
        for layer in layers:
            assert_equal(other.layers[layer], one.layers[layer], layer)
