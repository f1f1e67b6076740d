"""What comes of a design's layers: shapes, parameters, multiply-adds, and reasons."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from cvexplore.designs import Design, Layer, layer
from cvexplore.designs.blocks import BLOCKS, checked, fresh, holds_layers
from cvexplore.designs.code import source
from cvexplore.designs.network import build, obstacle, steps
from cvexplore.designs.plan import plan
from cvexplore.designs.starts import start
from cvexplore.errors import DesignError
from cvexplore.trace import trace

# Every kind of block once, those that only fit maps first.
EVERY = Design(
    title='Every "kind" \\ once',
    channels=3,
    image_size=32,
    classes=5,
    layers=(
        layer("convolution", channels=12, kernel=5, padding=2, stride=2, bias=False),
        layer("convolution", channels=24, depthwise=True, dilation=2, padding=2),
        layer("convolution", channels=16, kernel=1, padding=0, groups=4),
        layer("batch_norm"),
        layer("activation", function="leaky relu"),
        layer("batch_norm", frozen=True),
        layer("group_norm", groups=4),
        layer("residual", layer("convolution", channels=32, stride=2), layer_scale=True),
        layer("residual", layer("convolution", channels=8), projection="plain"),
        layer("concatenation", layer("convolution", channels=8)),
        layer("stack", layer("concatenation", layer("convolution", channels=4)), times=2),
        layer("max_pooling", kernel=3, stride=1, padding=1),
        layer("residual", layer("layer_norm"), layer("window_attention", window=3, shift=1)),
        layer("patch_merging"),
        layer("mlp", ratio=0.5, activation="silu", dropout=0.1),
        layer("adaptive_pooling", side=6, method="max"),
        layer("average_pooling", kernel=3, stride=1),
        layer("patch_embedding", patch_size=2, width=20, class_token=True),
        layer("stack", layer("residual", layer("layer_norm"), layer("attention", heads=5))),
        layer("residual", layer("dense", features=24), stochastic_depth=0.2),
        layer("concatenation", layer("dense", features=3)),
        layer("token_pooling", method="class token"),
        layer("batch_norm"),
        layer("dropout", share=0.2),
        layer("classifier"),
    ),
)
ENDS = {"flatten", "global_pooling", "detection"}


def kinds(layers: tuple[Layer, ...]) -> set[str]:
    return {each.kind for each in layers}.union(*(kinds(each.inside) for each in layers))


def test_every_kind_of_block_is_in_the_design_of_all() -> None:
    assert kinds(EVERY.layers) == set(BLOCKS) - ENDS


def test_shapes_parameters_and_macs_are_what_a_trace_of_the_network_says() -> None:
    network = build(EVERY).eval()
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str, made: Any) -> None:
        shapes[name] = tuple(made.shape[1:])

    for name, module in network.named_children():
        module.register_forward_hook(lambda _, __, made, name=name: note(name, made))
    images = torch.rand(1, 3, 32, 32)
    network(images)
    seen = trace(network, images)
    outer = [step for step in steps(EVERY) if len(step.place) == 1]
    assert [step.outgoing and step.outgoing.shape for step in outer] == list(shapes.values())
    for step, (name, module) in zip(outer, network.named_children(), strict=True):
        assert step.parameters == sum(each.numel() for each in module.parameters()), name
        mine = [r for r in seen.layers if r.path == name or r.path.startswith(f"{name}.")]
        assert step.macs == sum(each.macs for each in mine), name


@pytest.mark.parametrize("name", ["resnet", "densenet", "vit", "swin", "detr"])
def test_the_multiply_adds_of_a_builders_design_are_the_catalogs(name: str) -> None:
    from cvexplore.catalog import find

    row = plan(start(name))
    assert sum(each.macs for each in row) == find(f"cvexplore/{name}").macs


def test_the_code_of_every_kind_of_block_makes_the_same_network() -> None:
    alone: dict = {}
    exec(compile(source(EVERY), "every", "exec"), alone)
    ours, theirs = build(EVERY).eval(), alone["build"]().eval()
    theirs.load_state_dict(ours.state_dict())
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(theirs(images), ours(images))


def test_the_layers_inside_a_stack_count_all_their_rounds() -> None:
    whole, inner = steps(Design(layers=(layer("stack", layer("convolution", channels=0)),)))
    assert whole.parameters == inner.parameters == 2 * (1 * 9 + 1)


def row_of(*layers: Layer, size: int = 8) -> Design:
    return Design(channels=4, image_size=size, layers=layers)


CONVOLVED = layer("convolution", channels=6)
REASONS = [
    (row_of(CONVOLVED, layer("dense")), "Layer 2 (dense) takes a row of features, but gets 6 × 8"),
    (row_of(layer("flatten"), CONVOLVED), "Layer 2 (convolution) takes maps, but gets 256 "),
    (row_of(layer("attention")), "Layer 1 (attention) takes tokens, but gets 4 × 8 × 8 maps: put"),
    (row_of(layer("convolution", kernel=13)), "looks at 13 × 13 places, but gets maps of 10 × 10"),
    (row_of(layer("convolution", channels=6, groups=4)), "deal 6 filters out to 4 groups: 3 or 6"),
    (row_of(layer("group_norm", groups=3)), "4 channels out to 3 groups: 2 or 4 would do"),
    (row_of(layer("patch_embedding", patch_size=3)), "patch size 2 or 4 would fit"),
    (row_of(layer("residual")), "Layer 1 (residual) holds no layers yet"),
    (row_of(layer("residual", layer("flatten"))), "cannot add 4 × 8 × 8 maps to 256 features"),
    (row_of(layer("residual", CONVOLVED, projection="none")), "let it project"),
    (row_of(layer("residual", layer("convolution", padding=0))), "no stride of a 1 × 1"),
    (row_of(layer("concatenation", layer("max_pooling"))), "only channels may differ"),
    (row_of(layer("stack", layer("max_pooling"), times=4)), "Layer 1.1 (max pooling) in round 4"),
    (row_of(layer("residual", CONVOLVED, layer("dense"))), "Layer 1.2 (dense) takes a row"),
    (row_of(layer("detection", heads=4), layer("flatten")), "(flatten) cannot follow a layer"),
    (row_of(layer("classifer")), "There is no block named 'classifer'. Did you mean classifier?"),
    (row_of(layer("dense", feature=3)), "Did you mean features?"),
    (row_of(layer("convolution", kernel=0)), "kernel must be between 1 and 64"),
    (row_of(layer("convolution", layer("flatten"))), "holds no layers, but has some inside"),
    (row_of(), "needs at least one layer"),
    (
        row_of(layer("flatten"), layer("dense", features=16_384), layer("dense", features=16_384),
               layer("dense", features=16_384), size=32),
        "This design has 604,028,928 parameters; 400,000,000 are allowed",
    ),
    (
        row_of(layer("flatten"), layer("dense", features=1_000), size=1024),
        "Layer 2 (dense) needs 4,194,305,000 parameters",
    ),
    (
        row_of(*[layer("convolution", channels=2048), *[layer("convolution", channels=0)] * 6],
               size=128),
        "multiply-adds; 1,000,000,000,000 are allowed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("design", "says"), REASONS, ids=lambda value: str(value)[-40:])
def test_a_layer_that_does_not_fit_is_named_with_a_reason(design: Design, says: str) -> None:
    assert says in obstacle(design)
    with pytest.raises(DesignError) as told:
        build(design)
    assert str(told.value) == obstacle(design)


def test_behind_the_first_misfit_nothing_is_known() -> None:
    found = steps(row_of(CONVOLVED, layer("dense"), layer("classifier")))
    assert [bool(step.outgoing) for step in found] == [True, False, False]
    assert [bool(step.reason) for step in found] == [False, True, False]


@pytest.mark.parametrize("kind", sorted(kind for kind in BLOCKS if holds_layers(kind)))
@pytest.mark.parametrize("before", [(), (layer("flatten"),), (layer("patch_embedding"),)])
def test_a_fresh_layer_that_holds_others_fits_at_once(kind: str, before: tuple) -> None:
    design = row_of(*before)
    incoming = steps(design)[-1].outgoing if before else None
    assert not obstacle(replace(design, layers=(*before, fresh(kind, incoming))))


def test_a_checked_design_says_no_defaults_and_has_the_types_of_its_options() -> None:
    said = row_of(layer("convolution", channels=16.0, kernel=3), layer("dropout", share=0))
    first, second = checked(said).layers
    assert (first, second) == (layer("convolution", channels=16), layer("dropout", share=0.0))
    assert isinstance(first.get("channels"), int)


def test_learned_tokens_and_filters_start_with_the_size_their_papers_say() -> None:
    torch.manual_seed(0)
    network = build(start("vit", depth=1))
    positions = network.get_parameter("patch_embedding_1.positions")
    assert abs(positions.std().item() - 0.02) < 0.001
    first = build(start("alexnet")).get_parameter("convolution_1.weight")
    assert abs(first.std().item() - (2 / (3 * 11 * 11)) ** 0.5) < 0.003
