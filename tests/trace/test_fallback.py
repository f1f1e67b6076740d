"""What cannot run without numbers runs with them; what cannot run at all shows how far it came."""

import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from cvexplore.catalog import traced
from cvexplore.errors import TraceError
from cvexplore.trace import trace
from cvexplore.trace.records import Trace


class Toy(nn.Module):
    """Two dense layers, and what to do with them."""

    def __init__(self, forward: Callable[..., Any]) -> None:
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)
        self.does = forward

    def forward(self, x: Tensor) -> Any:
        return self.does(self, x)


X = torch.rand(2, 4, 8, generator=torch.Generator().manual_seed(0))


def ran(seen: Trace | None) -> list[str]:
    assert seen is not None
    return [row.path for row in seen.layers if row.output_shape is not None]


# --- With numbers ---


@pytest.mark.parametrize(
    "asks",
    [
        lambda m, x: m.b(m.a(x)) if x.sum() > 0 else x,
        lambda m, x: m.b(m.a(x) * x.max().item()),
        lambda m, x: m.b(m.a(x)[x[..., 0] > 0.5]),
        lambda m, x: m.b(m.a(x)[:, torch.nonzero(x[0, 0] > 0.5)[0]]),
        lambda m, x: m.b(m.a(x) * x.tolist()[0][0][0]),
        lambda m, x: m.b(m.a(x) * float(x.numpy().sum())),
        lambda m, x: m.b(m.a(x)) if f"{x[0, 0, 0]:.2f}" else x,
        lambda m, x: m.b(m.a(x)) if torch.equal(x, x) else x,
        lambda m, x: m.b(m.a(x)[:, : len(torch.unique(x[0, :, 0].round()))]),
    ],
)
def test_a_network_that_asks_for_values_is_run_in_earnest(asks: Callable[..., Any]) -> None:
    model = Toy(asks)
    shapes = []
    for layer in (model.a, model.b):
        layer.register_forward_hook(lambda _m, _given, output: shapes.append(tuple(output.shape)))
    model(X)
    truth, shapes[:] = list(shapes), []
    seen = trace(model, X)
    assert [row.output_shape for row in seen.layers if row.kind == "Linear"] == truth
    assert seen.parameters == 144


def test_it_is_the_numbers_that_choose_the_way() -> None:
    model = Toy(lambda m, x: m.a(x) if x.sum() > 0 else m.b(m.b(x)))
    assert ran(trace(model, X)) == ["a"]
    assert ran(trace(model, -X)) == ["b", "b"]


def test_a_model_run_in_earnest_is_as_it_was() -> None:
    def counts(m: Any, x: Tensor) -> Tensor:
        m.norm.running_mean += x.sum().item()
        m.a.weight.mul_(2)
        x.zero_()
        return m.norm(m.a(x).flatten(0, 1))

    model = Toy(counts)
    model.norm = nn.BatchNorm1d(8)
    model.train()
    held = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    given = X.clone()
    assert trace(model, given).parameters == 144 + 16
    assert all(torch.equal(tensor, held[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(given, X)
    assert model.training


def test_both_ways_see_the_same_network() -> None:
    class Asking(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) if x.sum() >= 0 else x

    network, image = torchvision.models.resnet18(), torch.rand(1, 3, 64, 64)
    one, other = trace(Asking(network), image), trace(nn.Sequential(network), image)
    assert one.layers == other.layers
    assert one.edges == other.edges
    assert one.tensors == other.tensors


def test_a_detector_of_ones_own_is_traced_with_the_boxes_it_finds() -> None:
    model = torchvision.models.get_model(
        "ssdlite320_mobilenet_v3_large", weights_backbone=None, num_classes=3
    )
    pictures = [torch.rand(3, 60, 80), torch.rand(3, 90, 40)]
    seen = trace(model, pictures)
    assert seen.parameters == sum(p.numel() for p in model.parameters())
    heads = [row for row in seen.layers if row.path.startswith("head") and row.kind == "Conv2d"]
    assert {row.output_shape[0] for row in heads if row.output_shape} == {2}


def test_without_numbers_a_network_that_asks_for_values_is_refused() -> None:
    model = Toy(lambda m, x: m.b(m.a(x)) if m.a(x).sum() > 0 else x)
    for refused, given in ((model, X.to("meta")), (model.to("meta"), X)):
        with pytest.raises(TraceError, match="cannot take this input: ") as caught:
            trace(refused, given)
        assert ran(caught.value.partial) == ["a", "sum"]


def test_a_network_of_the_catalog_is_run_in_earnest_where_it_asks_for_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "cvexplore/simple_cnn"
    before = traced(name)
    building = sys.modules["cvexplore.catalog.build"]
    own, _ = building.library(name)
    plain = own.build

    def asking(model: str, options: Any) -> nn.Module:
        network = plain(model, options)
        forward = network.forward
        network.forward = lambda x: forward(x) if x.sum() >= 0 else x
        return network

    monkeypatch.setattr(own, "build", asking)
    assert traced(name) == before
    monkeypatch.setattr(building, "_AFFORDABLE", before.parameters)
    with pytest.raises(TraceError) as caught:
        traced(name)
    assert caught.value.partial is not None
    assert caught.value.partial.parameters == before.parameters


# --- Not at all ---


def test_the_error_carries_what_ran_and_then_the_layer_that_failed() -> None:
    model = nn.Sequential(
        nn.Linear(8, 6), nn.ReLU(), nn.Sequential(nn.Linear(7, 2)), nn.Linear(2, 1)
    )
    with pytest.raises(TraceError) as caught:
        trace(model, X)
    error = caught.value
    assert error.layer == "2.0"
    assert error.partial is not None
    assert [(row.path, row.input_shapes, row.output_shape) for row in error.partial.layers] == [
        ("0", ((2, 4, 8),), (2, 4, 6)),
        ("1", ((2, 4, 6),), (2, 4, 6)),
        ("2.0", ((2, 4, 6),), None),
        ("3", (), None),
    ]
    assert error.partial.edges == ((0, 1), (1, 2))
    assert [row.parameters for row in error.partial.layers] == [54, 0, 16, 3]
    assert error.partial.macs == 2 * 4 * 8 * 6


@pytest.mark.parametrize(
    "fails",
    [
        lambda m, x: m.a(x) + torch.zeros(5),
        lambda m, x: m.a(x).view(7, -1),
        lambda m, x: m.b(m.a(x)[..., :3]),
        lambda m, x: 1 / 0 if m.a(x) is not None else x,
        lambda m, x: (m.a(x), m.missing)[1],
        lambda m, x: m.a(x)[{}],
    ],
)
def test_whatever_goes_wrong_is_a_sentence_and_a_partial_trace(fails: Callable[..., Any]) -> None:
    with pytest.raises(TraceError) as caught:
        trace(nn.Sequential(nn.Linear(8, 8), Toy(fails)), X)
    error = caught.value
    assert "\n" not in str(error)
    assert ran(error.partial)[:2] == ["0", "1.a"]
    assert error.partial is not None
    assert error.partial.parameters == 3 * 72
    assert sum(each.parameters for each in error.partial.tensors) == 3 * 72


def test_the_partial_trace_of_a_wrong_size_is_the_beginning_of_the_right_one() -> None:
    whole = traced("torchvision/alexnet", image_size=63)
    with pytest.raises(TraceError) as caught:
        traced("torchvision/alexnet", image_size=48)
    began = ran(caught.value.partial)
    assert began
    assert began == ran(whole)[: len(began)]
    assert caught.value.layer == ran(whole)[len(began)]


def test_an_error_with_a_trace_can_be_sent_to_another_process() -> None:
    with pytest.raises(TraceError) as caught:
        trace(nn.Linear(7, 2), X)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.partial == caught.value.partial
