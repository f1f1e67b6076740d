"""Every builder is the published network: its parameters, and its function, number for number."""

import math
from types import ModuleType
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from cvexplore import plugins
from cvexplore.architectures import BUILDERS, convnext, detr, swin, vit
from cvexplore.errors import BuildError, CvexploreError

Shape = tuple[int, ...]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def on_meta(name: str, **options: object) -> Any:
    with torch.device("meta"):
        return BUILDERS[name](**options)


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


# --- The contract: whatever the options, a network or a sentence that helps ---


def every_option() -> list[tuple[str, str, object]]:
    found = []
    for name in BUILDERS:
        for option in BUILDERS.options(name):
            if option.choices:
                values = option.choices
            elif option.type is bool:
                values = (True, False)
            elif option.range:
                values = (option.type(option.range.low), option.type(option.range.high))
            else:
                values = ()
            found += [(name, option.name, value) for value in values]
    return found


@pytest.mark.parametrize(("name", "option", "value"), every_option())
def test_every_option_builds_or_says_why_not(name: str, option: str, value: object) -> None:
    options = BUILDERS.check(plugins.Choice(name, {option: value}))
    refusal = ""
    try:
        assert parameters(on_meta(name, **options)) > 0
    except BuildError as error:
        refusal = str(error)
    assert not refusal or (str(value) in refusal and refusal.endswith("."))


@pytest.mark.parametrize("name", list(BUILDERS))
def test_the_signature_is_a_form(name: str) -> None:
    docstring = BUILDERS[name].__doc__ or ""
    assert BUILDERS.summary(name).endswith(".")
    assert "Source:" in docstring
    assert "Options:" in docstring
    for option in BUILDERS.options(name):
        assert option.help, option.name
        assert option.range or option.choices or option.type is bool, option.name
        option.check(option.default)


@pytest.mark.parametrize("name", list(BUILDERS))
def test_random_weights_say_something_finite_about_each_image(name: str) -> None:
    form = {option.name: option.default for option in BUILDERS.options(name)}
    small = {"image_size": 64} if "image_size" in form else {}
    model = BUILDERS[name](**small).eval()
    with torch.no_grad():
        scores = model(torch.randn(2, form["channels"], 64, 64))
    scores = scores["logits"] if isinstance(scores, dict) else scores
    kinds = scores.shape[1 if scores.dim() == 4 else -1]  # of pixels, or of images and queries
    assert kinds in (form["classes"], form["classes"] + 1)
    assert scores.isfinite().all()
    assert scores.std() > 0
    assert not torch.equal(scores[0], scores[1])


# --- The published parameters ---

PUBLISHED = [
    ("alexnet", {}, "alexnet"),
    *[
        ("vgg", {"depth": depth, "batch_norm": norm}, f"vgg{depth}{'_bn' if norm else ''}")
        for depth in (11, 13, 16, 19)
        for norm in (False, True)
    ],
    *[("resnet", {"depth": depth}, f"resnet{depth}") for depth in (18, 34, 50, 101, 152)],
    *[("densenet", {"depth": depth}, f"densenet{depth}") for depth in (121, 161, 169, 201)],
    *[("convnext", {"size": s}, f"convnext_{s}") for s in ("tiny", "small", "base", "large")],
    *[("swin", {"size": size}, f"swin_{size[0]}") for size in ("tiny", "small", "base")],
    ("vit", {}, "vit_b_16"),
    ("vit", {"patch_size": 32}, "vit_b_32"),
    ("vit", {"width": 1024, "depth": 24, "heads": 16}, "vit_l_16"),
    ("vit", {"width": 1024, "depth": 24, "heads": 16, "patch_size": 32}, "vit_l_32"),
    (
        "vit",
        {"width": 1280, "depth": 32, "heads": 16, "patch_size": 14, "image_size": 518},
        "vit_h_14",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "published"), PUBLISHED)
def test_parameters_are_torchvisions(name: str, options: dict, published: str) -> None:
    weights = torchvision.models.get_model_weights(published)
    expected = next(iter(weights)).meta["num_params"]
    assert parameters(on_meta(name, **options)) == expected


def test_parameters_of_detr_are_the_papers() -> None:
    """41.5 million, counted here by hand; the reference code's FrozenBatchNorm has none either."""
    width, hidden, classes, queries = 256, 2048, 91, 100

    def dense(inputs: int, outputs: int) -> int:
        return inputs * outputs + outputs

    resnet_50, its_head, its_batch_norms = 25_557_032, dense(2048, 1000), 53_120
    attention = 4 * dense(width, width)
    mlp = dense(width, hidden) + dense(hidden, width)
    layer_norm = 2 * width
    encoder_layer = attention + mlp + 2 * layer_norm
    decoder_layer = 2 * attention + mlp + 3 * layer_norm
    heads = dense(width, classes + 1) + 2 * dense(width, width) + dense(width, 4)
    expected = (
        resnet_50 - its_head - its_batch_norms + dense(2048, width)
        + 6 * encoder_layer + 6 * decoder_layer + layer_norm + queries * width + heads
    )  # fmt: skip
    assert expected == 41_524_768
    assert parameters(on_meta("detr")) == expected


# --- The same function as torchvision's ---


def randomized(model: nn.Module) -> Any:
    """Every tensor off its initial zeros and ones, which would hide a wrong place or order."""
    for name, tensor in model.state_dict().items():
        if name.endswith("layer_scale"):
            tensor.normal_(std=0.5)
        elif name.endswith("running_var"):
            tensor.uniform_(0.7, 1.3)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor), alpha=0.1 if tensor.dim() == 1 else 0.005)
    return model.eval()


def transplant(source: nn.Module, target: nn.Module) -> nn.Module:
    """Fill our network with theirs: tensors of one shape stand in the same order in both."""

    def shape(tensor: Tensor) -> Shape:
        return tuple(side for side in tensor.shape if side != 1)

    by_shape: dict[Shape, list[Tensor]] = {}
    for tensor in source.state_dict().values():
        if tensor.is_floating_point():
            by_shape.setdefault(shape(tensor), []).append(tensor)
    filled = target.state_dict()
    for name, tensor in filled.items():
        if tensor.is_floating_point():
            filled[name] = by_shape[shape(tensor)].pop(0).reshape(tensor.shape)
    assert not any(by_shape.values())
    target.load_state_dict(filled)
    return target.eval()


SAME_FUNCTION = [
    ("alexnet", "alexnet", {}, (96, 80)),
    ("vgg", "vgg11_bn", {"depth": 11, "batch_norm": True}, (32, 64)),
    ("resnet", "resnet18", {"depth": 18}, (64, 96)),
    ("resnet", "resnet50", {"depth": 50}, (64, 96)),
    ("densenet", "densenet121", {}, (64, 96)),
    ("convnext", "convnext_tiny", {}, (64, 96)),
    ("swin", "swin_t", {}, (64, 64)),  # maps smaller than a window
    ("swin", "swin_t", {}, (112, 224)),  # maps that shift along one axis only
    ("swin", "swin_t", {}, (90, 150)),  # maps that are no multiple of 7, or of 2
]


@pytest.mark.parametrize(("name", "theirs", "options", "size"), SAME_FUNCTION)
def test_function_is_torchvisions(name: str, theirs: str, options: dict, size: Shape) -> None:
    published = randomized(torchvision.models.get_model(theirs))
    ours = transplant(published, BUILDERS[name](**options))
    images = torch.randn(2, 3, *size)
    with torch.no_grad():
        expected = published(images)
        torch.testing.assert_close(ours(images), expected, rtol=1e-4, atol=1e-4)
    assert expected.std() > 0.01


def test_function_of_vit_is_torchvisions() -> None:
    published = randomized(
        torchvision.models.VisionTransformer(
            image_size=32, patch_size=8, num_layers=3, num_heads=4, hidden_dim=48, mlp_dim=96
        )
    )
    ours = BUILDERS["vit"](image_size=32, patch_size=8, depth=3, heads=4, width=48, mlp_ratio=2.0)
    transplant(published, ours)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), published(images), rtol=1e-4, atol=1e-5)


# --- What each family promises ---


@pytest.mark.parametrize("depth", [18, 50])
def test_resnet_blocks_add_their_input(depth: int) -> None:
    model = BUILDERS["resnet"](depth=depth, width=8).eval()
    seen: dict[str, Tensor] = {}
    block = model.stages[2][1]
    for part, module in {"block": block, "F": block.branch}.items():
        module.register_forward_hook(
            lambda _, args, out, part=part: seen.update({part: out, "x": args[0]})
        )
    model(torch.randn(1, 3, 64, 64))
    torch.testing.assert_close(seen["block"], torch.relu(seen["F"] + seen["x"]))


def test_resnet_without_its_shortcuts_is_a_plain_network() -> None:
    images = torch.randn(1, 3, 64, 64)
    residual = BUILDERS["resnet"](depth=18, width=8)
    plain = BUILDERS["resnet"](depth=18, width=8, residual=False)
    kept = {name: value for name, value in residual.state_dict().items() if "shortcut" not in name}
    plain.load_state_dict(kept)
    assert len(kept) < len(residual.state_dict())
    with torch.no_grad():
        assert not torch.allclose(residual.eval()(images), plain.eval()(images), atol=1e-3)


def test_densenet_layers_keep_their_input() -> None:
    layer = BUILDERS["densenet"](growth_rate=12).stages[0][3].eval()
    x = torch.randn(1, 24 + 3 * 12, 8, 8)
    with torch.no_grad():
        y = layer(x)
    assert y.shape == (1, 24 + 4 * 12, 8, 8)
    assert torch.equal(y[:, : x.shape[1]], x)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_vit_block_is_torchs_encoder_layer(norm: str) -> None:
    theirs = randomized(
        nn.TransformerEncoderLayer(
            32, 4, 64, 0.0, "gelu", layer_norm_eps=1e-6, batch_first=True, norm_first=norm == "pre"
        )
    )
    block = vit.EncoderBlock(32, 4, 2.0, norm, dropout=0.0)
    block.load_state_dict(
        {
            "norm1.weight": theirs.norm1.weight,
            "norm1.bias": theirs.norm1.bias,
            "attention.qkv.weight": theirs.self_attn.in_proj_weight,
            "attention.qkv.bias": theirs.self_attn.in_proj_bias,
            "attention.projection.weight": theirs.self_attn.out_proj.weight,
            "attention.projection.bias": theirs.self_attn.out_proj.bias,
            "norm2.weight": theirs.norm2.weight,
            "norm2.bias": theirs.norm2.bias,
            "mlp.0.weight": theirs.linear1.weight,
            "mlp.0.bias": theirs.linear1.bias,
            "mlp.3.weight": theirs.linear2.weight,
            "mlp.3.bias": theirs.linear2.bias,
        }
    )
    x = torch.randn(2, 7, 32)
    torch.testing.assert_close(block(x), theirs(x), rtol=1e-4, atol=1e-5)


def test_vit_has_one_token_without_a_place() -> None:
    model = on_meta("vit")
    assert model.num_prefix_tokens == 1
    assert model.position_embedding.shape == (1, model.num_prefix_tokens + 14 * 14, 768)


@pytest.mark.parametrize("module", [convnext, swin])
def test_stochastic_depth_skips_whole_images_in_training_only(module: ModuleType) -> None:
    x = torch.ones(1000, 2, 2, 3)
    assert torch.equal(module.stochastic_depth(x, 0.25, training=False), x)
    dropped = module.stochastic_depth(x, 0.25, training=True)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert (dropped.flatten(1).std(1) == 0).all()
    assert dropped.mean().item() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", ["vit", "swin", "convnext"])
def test_every_parameter_learns(name: str) -> None:
    small = {
        "vit": {"image_size": 32, "width": 32, "heads": 4, "depth": 2},
        "swin": {"window": 4, "stochastic_depth": 0.5},
        "convnext": {"stochastic_depth": 0.0},
    }
    model = BUILDERS[name](**small[name])
    side = 32 if name == "vit" else 64
    model(torch.randn(8, 3, side, side)).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


# --- DETR ---


@pytest.fixture
def small_detr() -> Any:
    small = {"backbone_depth": 18, "width": 32, "encoder_layers": 2, "decoder_layers": 2}
    return BUILDERS["detr"](**small, heads=4, queries=7, classes=5).eval()


def test_detr_answers_each_query_with_classes_and_a_box(small_detr: Any) -> None:
    with torch.no_grad():
        found = small_detr(torch.randn(2, 3, 64, 96))
    assert found["logits"].shape == (2, 7, 5 + 1)
    assert found["boxes"].shape == (2, 7, 4)
    assert (found["boxes"] > 0).all()
    assert (found["boxes"] < 1).all()


def test_detr_takes_its_queries_in_any_order(small_detr: Any) -> None:
    images, order = torch.randn(2, 3, 64, 96), torch.randperm(7)
    with torch.no_grad():
        before = small_detr(images)
        small_detr.transformer.queries.copy_(small_detr.transformer.queries[order])
        after = small_detr(images)
    for name in ("logits", "boxes"):
        torch.testing.assert_close(after[name], before[name][:, order])
        assert not torch.allclose(after[name], before[name])


def test_detr_teaches_its_backbone_but_not_its_frozen_norms(small_detr: Any) -> None:
    found = small_detr(torch.randn(1, 3, 64, 64))
    (found["boxes"].sum() + found["logits"].square().sum()).backward()
    assert small_detr.backbone.stem[0].weight.grad.any()
    assert not [n for n, _ in small_detr.backbone.named_parameters() if n.endswith("bias")]
    idle = [n for n, p in small_detr.named_parameters() if p.grad is None or not p.grad.any()]
    # Keys' biases add the same to all scores of a row, which softmax does not see; and the first
    # self-attention has only zeros for values.
    assert [
        name for name in idle if not name.startswith("transformer.decoder.0.self_attention")
    ] == []


def test_detr_backbone_takes_a_trained_resnet(small_detr: Any) -> None:
    resnet = randomized(BUILDERS["resnet"](depth=18))
    left_out = small_detr.backbone.load_state_dict(resnet.state_dict(), strict=False)
    assert left_out.missing_keys == []
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected = resnet.stages(resnet.stem(images))
        torch.testing.assert_close(small_detr.train().backbone(images), expected)


def test_detr_attention_is_torchs() -> None:
    theirs = nn.MultiheadAttention(32, 4, batch_first=True)
    ours = detr.MultiHeadAttention(32, 4)
    weights = dict(zip(("query", "key", "value"), theirs.in_proj_weight.chunk(3), strict=True))
    ours.load_state_dict(
        {f"{name}.weight": weight for name, weight in weights.items()}
        | {f"{name}.bias": torch.zeros(32) for name in weights}
        | {"projection.weight": theirs.out_proj.weight, "projection.bias": theirs.out_proj.bias}
    )
    query, key, value = torch.randn(2, 5, 32), torch.randn(2, 9, 32), torch.randn(2, 9, 32)
    expected, _ = theirs(query, key, value)
    torch.testing.assert_close(ours(query, key, value), expected, rtol=1e-4, atol=1e-5)


def test_detr_positions_are_the_sines_of_the_paper() -> None:
    height, width, features = 3, 4, 16
    positions = detr.sine_positions(height, width, features).unflatten(0, (height, width))
    half = features // 2
    for row in range(height):
        for column in range(width):
            for i in range(half):
                wave = math.sin if i % 2 == 0 else math.cos
                length = 10_000 ** (2 * (i // 2) / half)
                y = wave(2 * math.pi * (row + 1) / height / length)
                x = wave(2 * math.pi * (column + 1) / width / length)
                assert positions[row, column, i].item() == pytest.approx(y, abs=1e-5)
                assert positions[row, column, half + i].item() == pytest.approx(x, abs=1e-5)


# --- Combinations that do not fit ---


@pytest.mark.parametrize(
    ("name", "options", "numbers"),
    [
        ("vit", {"patch_size": 15}, ("15", "224", "14 and 16 would")),
        ("vit", {"image_size": 223}, ("16", "223", "1 would", "image size 224")),
        ("vit", {"heads": 10}, ("768", "10", "8 and 12")),
        ("detr", {"heads": 10}, ("256", "10", "8 and 16")),
        ("detr", {"width": 250}, ("250", "248 and 256")),
    ],
)
def test_what_does_not_fit_names_the_nearest_that_does(
    name: str, options: dict, numbers: tuple[str, ...]
) -> None:
    with pytest.raises(BuildError) as caught:
        on_meta(name, **options)
    for number in numbers:
        assert number in str(caught.value)


def test_vit_says_which_image_it_takes() -> None:
    with pytest.raises(CvexploreError, match=r"224 × 224.*cannot take 64 × 48"):
        on_meta("vit")(torch.empty(1, 3, 64, 48, device="meta"))
