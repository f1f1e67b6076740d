"""Totals are the sums of their columns, at every depth a trace is folded to."""

import functools
import warnings

import pytest
import torch
from torch import nn

from cvexplore.catalog import traced
from cvexplore.trace import LayerRecord, Trace, trace
from cvexplore.trace.records import ROLES, role

NAMES = [
    "torchvision/resnet50",
    "torchvision/densenet121",
    "torchvision/vit_b_16",
    "torchvision/swin_t",
    "torchvision/inception_v3",  # its auxiliary head does not run
    "torchvision/fasterrcnn_resnet50_fpn",
    "torchvision/raft_small",
    "timm/efficientvit_b0",
    "cvexplore/detr",
]


@functools.cache
def traced_once(name: str) -> Trace:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return traced(name)


def totals(seen: Trace) -> tuple[int, ...]:
    return (seen.parameters, seen.trainable, seen.macs, seen.flops, seen.activation_bytes)


def every_depth(seen: Trace) -> range:
    return range(max(layer.depth for layer in seen.layers) + 2)


# --- Sums ---


@pytest.mark.parametrize("name", NAMES)
def test_every_total_is_the_sum_of_its_column(name: str) -> None:
    seen = traced_once(name)
    assert seen.parameters == sum(layer.parameters for layer in seen.layers)
    assert seen.flops == sum(layer.flops for layer in seen.layers) == 2 * seen.macs
    assert seen.activation_bytes == sum(layer.activation_bytes for layer in seen.layers)
    by_kind = seen.by_kind()
    assert sum(total.layers for total in by_kind) == len(seen.layers)
    assert sum(total.parameters for total in by_kind) == seen.parameters
    assert sum(total.macs for total in by_kind) == seen.macs
    assert [total.parameters for total in by_kind] == sorted(
        (total.parameters for total in by_kind), reverse=True
    )
    by_role = seen.by_role()
    assert tuple(by_role) == ROLES
    assert sum(by_role.values()) == seen.parameters


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("torchvision/vgg16", {"convolution": 14_714_688, "dense": 123_642_856}),
        (
            "torchvision/vit_b_16",
            {
                "convolution": 16 * 16 * 3 * 768 + 768,
                "attention": 12 * (4 * 768 * 768 + 4 * 768),
                "normalisation": 25 * 2 * 768,
                "tokens, positions, scales": 768 + 197 * 768,
            },
        ),
        ("torchvision/resnet18", {"normalisation": 2 * 4800, "dense": 513_000}),
    ],
)
def test_parameters_are_told_apart_by_what_they_do(name: str, where: dict[str, int]) -> None:
    found = traced_once(name).by_role()
    assert {each: found[each] for each in where} == where


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Conv2d", "convolution"),
        ("ConvTranspose2d", "convolution"),
        ("FrozenBatchNorm2d", "normalisation"),
        ("LayerNorm2d", "normalisation"),
        ("MultiheadAttention", "attention"),
        ("Linear", "dense"),
        ("add", "tokens, positions, scales"),
        ("Embedding", "other"),
    ],
)
def test_a_kind_has_one_role(kind: str, expected: str) -> None:
    assert role(kind) == expected


# --- Folding ---


@pytest.mark.parametrize("name", NAMES)
def test_folding_keeps_totals_and_edges_in_range(name: str) -> None:
    seen = traced_once(name)
    sizes = []
    for depth in every_depth(seen):
        folded = seen.folded(depth)
        assert totals(folded) == totals(seen)
        assert [layer.index for layer in folded.layers] == list(range(len(folded.layers)))
        assert all(0 <= start < end < len(folded.layers) for start, end in folded.edges)
        assert all(layer.depth <= max(depth, 1) for layer in folded.layers)
        assert len(set(folded.edges)) == len(folded.edges)
        sizes.append(len(folded.layers))
    assert sizes == sorted(sizes)
    assert folded == seen


@pytest.mark.parametrize("name", NAMES)
def test_folding_in_steps_is_folding_at_once(name: str) -> None:
    seen = traced_once(name)
    for depth in (1, 2, 3):
        assert seen.folded(depth + 1).folded(depth) == seen.folded(depth)


@pytest.mark.parametrize("name", NAMES)
def test_no_edge_between_blocks_is_lost_or_made_up(name: str) -> None:
    seen = traced_once(name)
    for depth in (1, 2, 3):
        folded = seen.folded(depth)
        blocks = [".".join(layer.path.split(".")[:depth]) for layer in seen.layers]
        lifted = {(blocks[start], blocks[end]) for start, end in seen.edges}
        drawn = {(folded.layers[a].path, folded.layers[b].path) for a, b in folded.edges}
        assert {e for e in drawn if e[0] != e[1]} == {e for e in lifted if e[0] != e[1]}


def test_a_folded_block_takes_and_gives_what_the_block_does() -> None:
    folded = traced_once("torchvision/resnet50").folded(1)
    assert [(row.path, row.kind) for row in folded.layers] == [
        ("conv1", "Conv2d"),
        ("bn1", "BatchNorm2d"),
        ("relu", "ReLU"),
        ("maxpool", "MaxPool2d"),
        *((f"layer{stage}", "Sequential") for stage in (1, 2, 3, 4)),
        ("avgpool", "AdaptiveAvgPool2d"),
        ("fc", "Linear"),
    ]
    stage = folded.layers[5]
    assert stage.input_shapes == ((1, 256, 56, 56),)
    assert stage.output_shape == (1, 512, 28, 28)
    assert folded.edges == tuple((index, index + 1) for index in range(9))


def test_folded_to_nothing_a_network_is_one_layer() -> None:
    (whole,) = traced_once("torchvision/resnet50").folded(0).layers
    assert (whole.path, whole.kind) == ("", "ResNet")
    assert whole.input_shapes == ((1, 3, 224, 224),)
    assert whole.output_shape == (1, 1000)
    assert whole.parameters == 25_557_032


def test_a_block_that_did_not_run_has_no_output() -> None:
    folded = traced_once("torchvision/inception_v3").folded(1)
    last = folded.layers[-1]
    assert (last.path, last.output_shape, last.macs) == ("AuxLogits", None, 0)
    assert last.parameters > 3e6


def test_a_block_that_runs_twice_is_shown_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
            self.b = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.a(self.b(self.a(x)))

    folded = trace(Twice(), torch.empty(1, 4)).folded(1)
    assert [layer.path for layer in folded.layers] == ["a", "b", "a"]
    assert [layer.parameters for layer in folded.layers] == [20, 20, 0]
    assert folded.edges == ((0, 1), (1, 2))


def test_joins_have_two_sources_or_more() -> None:
    rows = tuple(LayerRecord(index, f"l{index}", "add", 1, (), (1,), 0, 0, 0) for index in range(4))
    seen = Trace(rows, ((0, 1), (0, 2), (1, 2), (2, 3)))
    assert seen.joins() == (rows[2],)
