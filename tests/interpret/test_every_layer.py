"""Every layer in one pass: each output as it was at its call."""

import pytest
import torch
from torch import Tensor, nn

import cvexplore as cv
from cvexplore.interpret.activations import as_maps, capture
from cvexplore.interpret.every_layer import Call, every_layer


def received(model: nn.Module, image: Tensor) -> dict[str, Call]:
    found: dict[str, Call] = {}

    def keep(call: Call) -> None:
        assert call.key not in found
        found[call.key] = Call(
            call.layer,
            call.number,
            None if call.values is None else call.values.clone(),
            call.extra,
            call.note,
        )

    every_layer(model, image, keep)
    return found


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/vit_tiny_patch16_224"])
def test_each_layer_is_what_it_is_alone(name: str) -> None:
    torch.manual_seed(0)
    model = cv.build(name).eval()
    image = cv.prepare(cv.sample_image("coffee"), cv.preparation(name))
    found = received(model, image)
    firsts = [call for call in found.values() if call.number == 1]
    assert len(firsts) > 60
    some = firsts[::5]
    seen = capture(model, image, [call.layer for call in some])
    for call in some:
        assert call.values is not None
        if "not maps of an image" in call.note:
            assert torch.equal(call.values, seen.layers[call.layer][0])
            continue
        alone = as_maps(seen, call.layer, model)
        assert torch.equal(call.values, alone.maps)
        assert call.note == alone.note
        assert (call.extra is None) == (len(alone.extra) == 0)
        if call.extra is not None:
            assert torch.equal(call.extra, alone.extra)


class Twice(nn.Module):
    """One convolution that runs twice, a ReLU that writes over it, and a layer nobody calls."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.idle = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"out": self.conv(self.relu(self.conv(x)))}


def test_calls_of_one_layer_stay_apart_and_are_not_written_over() -> None:
    torch.manual_seed(0)
    model, image = Twice().eval(), torch.randn(1, 3, 8, 8)
    found = received(model, image)
    first = nn.functional.conv2d(image, model.conv.weight, model.conv.bias, padding=1)
    second = nn.functional.conv2d(first.relu(), model.conv.weight, model.conv.bias, padding=1)
    assert list(found) == ["conv", "relu", "conv#2"]
    for key, expected in (("conv", first), ("relu", first.relu()), ("conv#2", second)):
        values = found[key].values
        assert values is not None
        assert torch.equal(values, expected[0])
    output, idle = every_layer(model, image, lambda call: None)
    assert torch.equal(output["out"], second)
    assert idle == ("idle",)
    assert not model.conv._forward_hooks


def test_what_the_receiver_raises_ends_the_pass() -> None:
    calls = []

    def stop(call: Call) -> None:
        calls.append(call.key)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        every_layer(Twice().eval(), torch.randn(1, 3, 8, 8), stop)
    assert calls == ["conv"]


def test_what_is_not_maps_comes_as_it_was_returned() -> None:
    class Proposing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.boxes = nn.Linear(4, 2)
            self.both = nn.ModuleList([nn.Identity()])
            self.table = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            self.table({"a": "no tensor"})
            return self.boxes(x.flatten()[:28].reshape(7, 4))

    found = received(Proposing().eval(), torch.randn(1, 3, 8, 8))
    values = found["boxes"].values
    assert values is not None
    assert values.shape == (7, 2)
    assert "not maps of an image" in found["boxes"].note
    assert found["table"].values is None
    assert "str, not feature maps" in found["table"].note
