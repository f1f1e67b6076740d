"""What users of other summaries report as failing: odd inputs, and parameters in odd places."""

import sys
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore.catalog import build, example, traced
from cvexplore.errors import TraceError
from cvexplore.trace import trace, watch

X = torch.empty(2, 4, 8)


class Two(nn.Module):
    """Takes two inputs, by place or by name."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, left: Tensor, right: Tensor | None = None, *, scale: float = 1) -> Tensor:
        return self.a(left) + (0 if right is None else self.b(right)) * scale


def joined(seen: Any) -> list[str]:
    return [seen.layers[start].path for start, end in seen.edges if end == seen.joins()[0].index]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((X, X), {}),
        (X, {"right": X}),
        ((X,), {"right": X, "scale": 2.0}),
        ((), {"left": X, "right": X}),
    ],
)
def test_inputs_may_be_given_by_place_or_by_name(given: Any, named: dict[str, Any]) -> None:
    seen = trace(Two(), given, **named)
    assert [row.kind for row in seen.layers][:2] == ["Linear", "Linear"]
    assert seen.macs == 2 * 2 * 4 * 64
    assert joined(seen) == ["a", "b"] or len(seen.joins()) == 1


def test_a_dictionary_may_be_one_input_or_all_of_them() -> None:
    class OneDictionary(Two):
        def forward(self, batch: dict[str, Any]) -> Tensor:  # type: ignore[override]
            return super().forward(batch["image"], batch["more"]["mask"])

    batch = {"image": X, "more": {"mask": X}, "name": "a picture"}
    assert trace(OneDictionary(), batch).macs == 2 * 2 * 4 * 64
    assert trace(Two(), **{"left": X, "right": X}).macs == 2 * 2 * 4 * 64


def test_an_input_that_is_not_given_is_left_out() -> None:
    seen = trace(Two(), X)
    assert seen.macs == 2 * 4 * 64
    assert [row.path for row in seen.layers if row.output_shape is None] == ["b"]


@pytest.mark.parametrize(
    "name",
    [
        "torchvision/fasterrcnn_mobilenet_v3_large_320_fpn",
        "torchvision/ssdlite320_mobilenet_v3_large",
    ],
)
def test_a_detector_takes_a_list_of_pictures_of_any_sizes(name: str) -> None:
    one = traced(name)
    ((picture,),) = example(name)
    several = watch(
        build(name, device="meta"), ([picture, torch.empty(3, 200, 320, device="meta")],)
    )
    assert several.parameters == one.parameters
    stem = next(row for row in several.layers if row.kind == "Conv2d")
    assert stem.input_shapes[0][:2] == (2, 3)  # brought to one size, in one batch
    assert stem.macs >= 2 * next(row for row in one.layers if row.kind == "Conv2d").macs


def test_parameters_outside_layers_are_counted_and_those_outside_the_network_are_not() -> None:
    class Loose(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 8)
            self.listed = nn.ParameterList([nn.Parameter(torch.zeros(8)) for _ in range(3)])
            self.named = nn.ParameterDict({"scale": nn.Parameter(torch.ones(8))})
            self.own = nn.Parameter(torch.zeros(5, 5))
            self.hidden = [nn.Parameter(torch.zeros(8))]  # no optimiser would ever see it

        def forward(self, x: Tensor) -> Tensor:
            for shift in self.listed:
                x = x + shift
            return self.layer(x * self.named["scale"]) + self.hidden[0]

    model = Loose()
    seen = trace(model, X)
    assert seen.parameters == sum(p.numel() for p in model.parameters()) == 72 + 24 + 8 + 25
    assert {each.path for each in seen.tensors} == {path for path, _ in model.named_parameters()}


def test_empty_containers_are_no_trouble() -> None:
    class Hollow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList()
            self.heads = nn.ModuleDict()
            self.weights = nn.ParameterList()
            self.body = nn.Sequential(nn.Sequential(), nn.Linear(8, 8), nn.Sequential())
            self.nothing = None

        def forward(self, x: Tensor) -> Tensor:
            for layer in (*self.layers, *self.heads.values()):
                x = layer(x)
            return self.body(x)

    for depth in (1, 2, 3):
        seen = trace(Hollow(), X).folded(depth)
        assert seen.parameters == 72
        assert seen.layers[-1].output_shape == (2, 4, 8)


def test_lazy_layers_get_their_shapes_in_the_trace_alone() -> None:
    model = nn.Sequential(nn.LazyConv1d(5, 3), nn.ReLU(), nn.LazyLinear(2))
    seen = trace(model, X)
    assert [row.output_shape for row in seen.layers] == [(2, 5, 6), (2, 5, 6), (2, 5, 2)]
    assert seen.parameters == 5 * (4 * 3 + 1) + 2 * (6 + 1)
    assert all(nn.parameter.is_lazy(each) for each in model.parameters())


def test_what_cannot_be_copied_is_shared_or_refused_in_a_sentence() -> None:
    class Locked(nn.Linear):
        def __init__(self) -> None:
            super().__init__(8, 8)
            self.lock = threading.Lock()
            self.files = [sys.stdout]

        def forward(self, x: Tensor) -> Tensor:
            with self.lock:
                return super().forward(x)

    class Unique(nn.Linear):
        def __deepcopy__(self, memo: object) -> None:
            raise TypeError("there is only one")

    assert trace(nn.Sequential(Locked()), X).parameters == 72
    with pytest.raises(TraceError, match=r"for no copy can be made: there is only one$"):
        trace(nn.Sequential(Unique(8, 8)), X)


def test_a_network_without_any_layer_has_none() -> None:
    for model in (nn.Sequential(), nn.Identity()):
        seen = trace(model, X)
        assert (seen.parameters, seen.macs, seen.edges) == (0, 0, ())


def test_complex_and_whole_numbers_may_be_input_and_parameters() -> None:
    class Waves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Parameter(torch.zeros(8, 8, dtype=torch.complex64))
            self.words = nn.Embedding(9, 8)

        def forward(self, waves: Tensor, words: Tensor) -> Tensor:
            return (waves @ self.mix).abs() + self.words(words)

    seen = trace(Waves(), (torch.empty(2, 4, 8, dtype=torch.cfloat), torch.zeros(2, 4).int()))
    assert seen.parameters == 64 + 72
    assert seen.layers[0].input_shapes[0] == (2, 4, 8)
    assert next(row for row in seen.layers if row.kind == "Embedding").output_shape == (2, 4, 8)


def test_a_block_that_runs_on_several_maps_costs_for_each() -> None:
    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.ReLU())

        def forward(self, maps: list[Tensor]) -> dict[str, Tensor]:
            return {f"{each.shape[-1]}": self.head(each) for each in maps}

    maps = [torch.empty(1, 3, side, side) for side in (8, 4, 2)]
    seen = trace(Pyramid(), maps)
    assert seen.macs == 12 * (64 + 16 + 4)
    assert [row.parameters for row in seen.layers if row.kind == "Conv2d"] == [12, 0, 0]
    assert [row.output_shape for row in seen.layers if row.kind == "ReLU"] == [
        (1, 4, side, side) for side in (8, 4, 2)
    ]
