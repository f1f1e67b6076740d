"""The drawing shows what the trace saw, no less and no more."""

import json

import pytest

from cvexplore.catalog import traced
from cvexplore.figures.dataflow import INPUT, drawing
from cvexplore.trace import Trace

NAMES = ("torchvision/resnet18", "torchvision/densenet121", "cvexplore/vit", "torchvision/swin_t")


def drawn(seen: Trace) -> dict:
    return drawing(seen, (1, 3, 224, 224))


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_that_ran_is_drawn_once_and_adds_up(name: str) -> None:
    seen = traced(name)
    shown = drawn(seen)
    ran = [layer for layer in seen.layers if layer.output_shape is not None]
    assert [node["id"] for node in shown["nodes"]] == [INPUT, *(layer.index for layer in ran)]
    for key, total in (("parameters", seen.parameters), ("macs", seen.macs)):
        assert sum(node[key] for node in shown["nodes"]) == shown["totals"][key] == total


@pytest.mark.parametrize("name", [*NAMES[:3], "torchvision/inception_v3"])
def test_every_layer_is_reached_from_the_image(name: str) -> None:
    shown = drawn(traced(name))
    onwards: dict[int, list[int]] = {}
    for start, end in shown["edges"]:
        onwards.setdefault(start, []).append(end)
    reached, waiting = {INPUT}, [INPUT]
    while waiting:
        for each in onwards.get(waiting.pop(), []):
            if each not in reached:
                reached.add(each)
                waiting.append(each)
    assert reached == {node["id"] for node in shown["nodes"]}


def test_what_is_made_of_parameters_alone_is_not_fed_by_the_image() -> None:
    seen = traced("torchvision/swin_v2_t")  # its tables of positions go through a small MLP
    shown = drawing(seen, (1, 3, 256, 256))
    assert [end for start, end in shown["edges"] if start == INPUT] == [0]
    assert seen.layers[0].path == "features.0.0"


@pytest.mark.parametrize(
    ("name", "sign", "count"),
    [
        ("torchvision/resnet18", "+", 8),  # one a residual block
        ("torchvision/resnet50", "+", 16),
        ("torchvision/densenet121", "⧺", 58),
        ("torchvision/vit_b_16", "+", 25),  # 24, and the positions
    ],
)
def test_joins_are_signs(name: str, sign: str, count: int) -> None:
    assert sum(node["sign"] == sign for node in drawn(traced(name))["nodes"]) == count


def test_a_layer_looks_like_what_it_does() -> None:
    looks = {node["kind"]: node["look"] for node in drawn(traced("torchvision/resnet18"))["nodes"]}
    assert looks == {
        "Image": "image",
        "Conv2d": "convolution",
        "BatchNorm2d": "normalisation",
        "ReLU": "activation",
        "MaxPool2d": "pool",
        "add": "join",
        "AdaptiveAvgPool2d": "pool",
        "Linear": "dense",
    }


def test_it_travels_as_json() -> None:
    shown = drawn(traced("torchvision/resnet18"))
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
