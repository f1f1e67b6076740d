"""Switching off equals editing a copy of the network by hand, and leaves the shared one alone."""

import copy
import functools
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.ablation import needs, switched_off

IMAGE = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
RESNET = "torchvision/resnet18"


@functools.cache
def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return catalog.build(name).eval().requires_grad_(False)


def by_hand(model: nn.Module, image: Tensor, layer: str, change: Any) -> Tensor:
    """Run a deep copy whose layer's output goes through ``change(output, input)``."""
    twin = copy.deepcopy(model)
    twin.get_submodule(layer).register_forward_hook(
        lambda module, given, output: change(output.clone(), given[0])
    )
    with torch.no_grad():
        return twin(image)


def test_a_channel_off_is_a_filter_and_a_bias_of_zeros() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.LazyLinear(5)
    ).eval()
    model(IMAGE)
    edited = copy.deepcopy(model)
    with torch.no_grad():
        edited.get_parameter("0.weight")[[2, 5]] = 0
        edited.get_parameter("0.bias")[[2, 5]] = 0
        truth = edited(IMAGE)
        assert not torch.equal(truth, model(IMAGE))
    assert torch.equal(switched_off(model, IMAGE, "0", [2, 5]), truth)


def test_channels_get_zeros_or_their_own_mean() -> None:
    def zeros(output: Tensor, given: Tensor) -> Tensor:
        output[:, [1, 7]] = 0
        return output

    def means(output: Tensor, given: Tensor) -> Tensor:
        output[:, [1, 7]] = output[:, [1, 7]].mean((2, 3), keepdim=True)
        return output

    model = network(RESNET)
    ours = switched_off(model, IMAGE, "layer2.0.conv1", [1, 7])
    assert torch.equal(ours, by_hand(model, IMAGE, "layer2.0.conv1", zeros))
    ours = switched_off(model, IMAGE, "layer2.0.conv1", [1, 7], "mean")
    theirs = by_hand(model, IMAGE, "layer2.0.conv1", means)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    assert not torch.equal(theirs, model(IMAGE))


def test_a_whole_layer_gives_zeros_or_lets_its_input_pass() -> None:
    model = network(RESNET)
    nothing = by_hand(model, IMAGE, "layer2.1", lambda output, given: output * 0)
    assert torch.equal(switched_off(model, IMAGE, "layer2.1"), nothing)
    skipped = copy.deepcopy(model)
    skipped.get_submodule("layer2").register_module("1", nn.Identity())
    ours = switched_off(model, IMAGE, "layer2.1", instead="input")
    assert torch.equal(ours, skipped(IMAGE))
    assert not torch.equal(ours, nothing)


def test_what_passes_by_is_the_input_before_the_layer_wrote_over_it() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten()).eval()
    truth = model[0](IMAGE).flatten(1)
    assert (truth < 0).any()
    assert torch.equal(switched_off(model, IMAGE, "1", instead="input"), truth)


def test_a_layer_called_three_times_is_off_each_time() -> None:
    model = network("torchvision/resnet50")
    theirs = by_hand(model, IMAGE, "layer1.0.relu", lambda output, given: output * 0)
    assert torch.equal(switched_off(model, IMAGE, "layer1.0.relu"), theirs)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("torchvision/swin_t", "features.1.0"),  # (B, H, W, C)
        ("torchvision/swin_t", "features.1.0.mlp.0"),
        ("timm/deit_tiny_patch16_224", "blocks.2"),  # (B, N, C), a class token among them
        ("timm/deit_tiny_patch16_224", "blocks.2.attn"),
    ],
)
def test_channels_of_tokens_lie_at_the_end(name: str, layer: str) -> None:
    def zeros(output: Tensor, given: Tensor) -> Tensor:
        output[..., [0, 3]] = 0
        return output

    model, side = network(name), 224 if "deit" in name else 64
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    ours = switched_off(model, image, layer, [0, 3])
    assert torch.equal(ours, by_hand(model, image, layer, zeros))
    assert not torch.equal(ours, model(image))


@pytest.mark.parametrize(
    ("name", "layer"),
    [(RESNET, "layer3.0"), ("timm/swin_tiny_patch4_window7_224", "layers.0.blocks.0.attn")],
)
def test_trying_every_channel_equals_switching_each_off_alone(name: str, layer: str) -> None:
    model = network(name)
    image = IMAGE if "resnet" in name else IMAGE.repeat(1, 1, 4, 4)[..., :224, :224]
    first = int(model(image).argmax())
    tried = [0, 9, 10] if "resnet" in name else [9, 10]
    for instead in ("zero", "mean") if "resnet" in name else ("mean",):
        found = list(needs(model, image, layer, tried, instead, batch=2))
        assert [each.channel for each in found] == tried
        for each in found[1:]:
            alone = switched_off(model, image, layer, [each.channel], instead)[0].softmax(0)
            assert each.probability == pytest.approx(alone[first].item(), rel=1e-3)
            assert each.likeliest == int(alone.argmax())


def test_the_shared_network_is_left_as_it_was() -> None:
    model = network(RESNET)
    truth = model(IMAGE)
    before = {path: dict(vars(module)) for path, module in model.named_modules()}
    numbers = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    switched_off(model, IMAGE, "layer2.1", instead="input")
    list(needs(model, IMAGE, "layer2.0.bn2", [0, 1]))
    assert {path: vars(module) for path, module in model.named_modules()} == before
    assert all(torch.equal(tensor, numbers[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(model(IMAGE), truth)


def test_two_threads_switch_off_each_its_own_channels() -> None:
    model = network(RESNET)
    truth = [switched_off(model, IMAGE, "layer1.0", [channel]) for channel in range(2)]
    assert not torch.equal(*truth)
    wrong: list[int] = []
    ready = threading.Barrier(2)

    def work(channel: int) -> None:
        ready.wait()
        for _ in range(10):
            found = switched_off(model, IMAGE, "layer1.0", [channel])
            if not torch.equal(found, truth[channel]):
                wrong.append(channel)

    threads = [threading.Thread(target=work, args=[channel]) for channel in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_network_that_is_learning_goes_on_learning() -> None:
    model = catalog.build(RESNET).train()
    mean = model.get_buffer("bn1.running_mean").clone()
    list(needs(model, IMAGE, "layer1.0", [0]))
    assert all(module.training for module in model.modules())
    assert torch.equal(model.get_buffer("bn1.running_mean"), mean)


def test_mistakes_are_told() -> None:
    model = network(RESNET)
    with pytest.raises(UnknownName, match=r"layer2\.1"):
        switched_off(model, IMAGE, "layer2.1x")
    with pytest.raises(LayerError, match="no channel 64; it has 64"):
        switched_off(model, IMAGE, "layer1.0", [64])
    with pytest.raises(LayerError, match="cannot be skipped"):
        switched_off(model, IMAGE, "layer2.0", instead="input")
    with pytest.raises(LayerError, match="one score a class"):
        list(needs(nn.Sequential(nn.Conv2d(3, 4, 3)).eval(), IMAGE, "0", [0]))
    attention = network("torchvision/vit_b_32")
    wide = IMAGE.repeat(1, 1, 4, 4)[..., :224, :224]
    with pytest.raises(LayerError, match="not called"):
        switched_off(attention, wide, "encoder.layers.encoder_layer_0.self_attention.out_proj")
