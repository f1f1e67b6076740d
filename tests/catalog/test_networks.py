"""What is built is the published network, with the options asked for, and nothing is downloaded."""

import threading
from typing import Any

import pytest
import torch
import torchvision
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.ops import FrozenBatchNorm2d

from cvexplore import catalog
from cvexplore.catalog import build, torchvision_models
from cvexplore.errors import BuildError, CvexploreError, OptionError, UnknownName

LOAD = nn.Module.load_state_dict


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def modules(model: nn.Module) -> list[tuple[str, str]]:
    return [(path, str(module)) for path, module in model.named_modules()]


# --- The published network ---


@pytest.mark.parametrize(
    "name",
    [
        "googlenet",
        "inception_v3",
        "resnet18",
        "vit_b_32",
        "swin_v2_t",
        "deeplabv3_mobilenet_v3_large",
        "fcn_resnet50",
        "lraspp_mobilenet_v3_large",
        "fasterrcnn_mobilenet_v3_large_320_fpn",
        "retinanet_resnet50_fpn",
        "ssdlite320_mobilenet_v3_large",
        "quantized_googlenet",
        "quantized_mobilenet_v2",
        "r3d_18",
        "raft_small",
    ],
)
def test_the_network_is_that_of_the_published_weights(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = torchvision_models._published(name)
    with monkeypatch.context() as patch:  # torchvision's own way, with nothing to download
        patch.setattr(WeightsEnum, "get_state_dict", lambda *args, **kwargs: {})
        patch.setattr(nn.Module, "load_state_dict", lambda *args, **kwargs: None)
        with torch.device("meta"):
            theirs = torchvision.models.get_model_builder(name)(weights=published)
    ours = build(f"torchvision/{name}", device="meta")
    assert modules(ours) == modules(theirs)
    for (path, ours_), (_, theirs_) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert (ours_.shape, ours_.dtype) == (theirs_.shape, theirs_.dtype), path


def test_what_torchvision_leaves_out_by_default_is_here() -> None:
    def named(name: str) -> set[str]:
        model = build(f"torchvision/{name}", device="meta")
        return {
            path
            for path, module in model.named_modules()
            if next(module.parameters(), None) is not None
        }

    assert "aux_classifier.4" in named("deeplabv3_resnet50")
    assert "aux_classifier.4" in named("fcn_resnet50")
    assert not {path for path in named("googlenet") if path.startswith("aux")}
    assert "AuxLogits.fc" in named("inception_v3")
    detector = build("torchvision/maskrcnn_resnet50_fpn", device="meta")
    norms = {
        type(module) for module in detector.modules() if type(module).__name__.endswith("Norm2d")
    }
    assert norms == {FrozenBatchNorm2d}


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/resnet18", "cvexplore/resnet"])
def test_random_weights_are_numbers_of_their_own(name: str) -> None:
    torch.manual_seed(0)
    first = build(name)
    torch.manual_seed(1)
    second = build(name)
    for model in (first, second):
        assert all(tensor.isfinite().all() for tensor in model.state_dict().values())
        assert all(parameter.requires_grad for parameter in model.parameters())
    drawn = [
        a for a, b in zip(first.parameters(), second.parameters(), strict=True) if not a.equal(b)
    ]
    assert len(drawn) > 15
    assert first(torch.rand(2, 3, 64, 64)).shape == (2, 1000)


# --- Options ---


@pytest.mark.parametrize(
    ("name", "options", "check"),
    [
        ("torchvision/resnet18", {"classes": 7}, lambda m: m.fc.out_features == 7),
        (
            "torchvision/fcn_resnet50",
            {"classes": 7},
            lambda m: m.aux_classifier[4].out_channels == 7,
        ),
        ("torchvision/googlenet", {"classes": 7}, lambda m: m.fc.out_features == 7),
        (
            "torchvision/retinanet_resnet50_fpn",
            {"classes": 7},
            lambda m: m.head.classification_head.num_classes == 7,
        ),
        (
            "torchvision/vit_b_32",
            {"image_size": 64},
            lambda m: m.encoder.pos_embedding.shape == (1, 1 + 4, 768),
        ),
        (
            "torchvision/vit_b_16",
            {"image_size": 384},
            lambda m: m.encoder.pos_embedding.shape == (1, 1 + 24 * 24, 768),
        ),
        ("timm/resnet18", {"classes": 7}, lambda m: m.fc.out_features == 7),
        ("timm/resnet18", {"channels": 1}, lambda m: m.conv1.in_channels == 1),
        (
            "timm/vit_tiny_patch16_224",
            {"image_size": 64, "classes": 3},
            lambda m: m.pos_embed.shape == (1, 1 + 16, 192) and m.head.out_features == 3,
        ),
        (
            "cvexplore/resnet",
            {"depth": 34, "classes": 7},
            lambda m: sum(isinstance(each, nn.Conv2d) for each in m.modules()) == 33 + 3,
        ),
    ],
)
def test_an_option_changes_the_network(name: str, options: dict, check: Any) -> None:
    assert check(build(name, device="meta", **options))
    seen = catalog.traced(name, **options)
    if "classes" in options and "fcn" not in name and "retina" not in name:
        assert [row for row in seen.layers if row.output_shape][-1].output_shape[1] == options[
            "classes"
        ]


@pytest.mark.parametrize("name", ["torchvision/resnet50", "timm/convnext_atto", "cvexplore/vit"])
def test_an_image_size_is_what_the_network_is_shown(name: str) -> None:
    (image,) = catalog.example(name, image_size=64)
    assert image.shape == (1, 3, 64, 64)
    assert image.is_meta
    seen = catalog.traced(name, image_size=64)
    assert seen.layers[0].input_shapes == ((1, 3, 64, 64),)
    assert catalog.preparation(name, image_size=64).image_size == 64


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("torchvision/alexnet", [(1, 3, 224, 224)]),
        ("torchvision/efficientnet_b4", [(1, 3, 380, 380)]),
        ("torchvision/fcn_resnet50", [(1, 3, 520, 520)]),
        ("torchvision/ssd300_vgg16", [[(3, 300, 300)]]),
        ("torchvision/mvit_v1_b", [(1, 3, 16, 224, 224)]),
        ("torchvision/r3d_18", [(1, 3, 16, 112, 112)]),
        ("torchvision/raft_small", [(1, 3, 512, 512), (1, 3, 512, 512)]),
        ("timm/vit_base_patch16_384", [(1, 3, 384, 384)]),
        ("cvexplore/simple_cnn", [(1, 1, 28, 28)]),
        ("cvexplore/detr", [(1, 3, 800, 800)]),
    ],
)
def test_an_example_is_what_the_network_takes(name: str, shapes: list) -> None:
    def shape(value: Any) -> Any:
        return [shape(each) for each in value] if isinstance(value, list) else tuple(value.shape)

    assert [shape(each) for each in catalog.example(name)] == shapes


def test_one_channel_is_prepared_with_the_mean_of_three() -> None:
    prepared = catalog.preparation("timm/resnet18", channels=1)
    assert prepared.channels == 1
    assert prepared.mean == pytest.approx((0.449,))
    assert prepared.std == pytest.approx((0.226,))


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("torchvision/resnet50", {"clases": 3}, UnknownName, "Did you mean classes"),
        ("torchvision/resnet50", {"channels": 1}, UnknownName, "option of torchvision/resnet50"),
        ("torchvision/raft_small", {"classes": 3}, UnknownName, "option of torchvision/raft_small"),
        ("torchvision/resnet50", {"classes": 0}, OptionError, "between 1 and 100000"),
        ("torchvision/resnet50", {"classes": 2.5}, OptionError, "whole number"),
        ("timm/resnet50", {"channels": 17}, OptionError, "between 1 and 16"),
        ("timm/resnet50", {"image_size": 4096}, OptionError, "between 8 and 1024 pixels"),
        ("cvexplore/resnet", {"depth": 77}, OptionError, "one of 18, 34, 50, 101, 152"),
        (
            "torchvision/vit_b_16",
            {"image_size": 100},
            BuildError,
            "16 does not divide .* 96 and 112",
        ),
        ("torchvision/vit_b_32", {"image_size": 8}, BuildError, "32 does not divide"),
        ("torchvision/maxvit_t", {"image_size": 225}, BuildError, "maxvit_t cannot be built with"),
        (
            "timm/nest_tiny_jx",
            {"image_size": 100},
            BuildError,
            "nest_tiny_jx cannot be built with image_size 100",
        ),
        ("cvexplore/vit", {"patch_size": 15}, BuildError, "15"),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_options_that_do_not_fit_are_refused(
    name: str, options: dict, error: type[CvexploreError], says: str, device: str
) -> None:
    with pytest.raises(error, match=says):
        build(name, device=device, **options)


@pytest.mark.parametrize("name", ["torchvision/resnet50", "timm/resnet50", "cvexplore/resnet"])
def test_every_form_has_bounds_and_defaults_it_allows(name: str) -> None:
    for option in catalog.options(name):
        assert option.range or option.choices or option.type is bool
        assert option.check(option.default) == option.default
    defaults = {option.name: option.default for option in catalog.options(name)}
    plain, chosen = build(name, device="meta"), build(name, device="meta", **defaults)
    assert parameters(plain) == parameters(chosen)


# --- Many at once ---


def test_threads_may_build_at_once() -> None:
    names = ["torchvision/resnet18", "torchvision/swin_t", "timm/resnet18", "cvexplore/vit"]
    alone = {name: parameters(build(name, device="meta")) for name in names}
    found: list[tuple[str, int, bool]] = []
    ready = threading.Barrier(len(names))

    def often(name: str) -> None:
        ready.wait()
        for _ in range(8):
            model = build(name, device="meta")
            found.append((name, parameters(model), all(p.is_meta for p in model.parameters())))

    threads = [threading.Thread(target=often, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted((name, alone[name], True) for name in names for _ in range(8))
    assert nn.Module.load_state_dict is LOAD


def test_others_load_and_build_for_real_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, leave = threading.Event(), threading.Event()
    init = torchvision.models.AlexNet.__init__

    def slow(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        inside.set()
        assert leave.wait(10)

    monkeypatch.setattr(torchvision.models.AlexNet, "__init__", slow)
    thread = threading.Thread(
        target=build, args=("torchvision/alexnet",), kwargs={"device": "meta"}
    )
    thread.start()
    try:
        assert inside.wait(10)
        one, other = nn.Linear(3, 4), nn.Linear(3, 4)
        assert not one.weight.is_meta
        assert other.load_state_dict(one.state_dict()).missing_keys == []
        assert torch.equal(one.weight, other.weight)
        with pytest.raises(RuntimeError, match="Missing key"):
            other.load_state_dict({})
        norm = nn.BatchNorm2d(3)
        assert not norm.running_mean.is_meta
        assert build("cvexplore/simple_cnn")(torch.rand(1, 1, 28, 28)).isfinite().all()
    finally:
        leave.set()
        thread.join()
    assert nn.Module.load_state_dict is LOAD


def test_a_builder_that_fails_leaves_all_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise KeyError("a defect of the library")

    with monkeypatch.context() as patch:
        patch.setattr(torchvision.models.AlexNet, "__init__", broken)
        for device in ("cpu", "meta"):
            with pytest.raises(BuildError, match=r"alexnet cannot be built with .*a defect"):
                build("torchvision/alexnet", device=device)
    assert nn.Module.load_state_dict is LOAD
    assert not nn.BatchNorm2d(3).running_mean.is_meta
    assert not torch.empty(1).is_meta


# --- Labels and preparation ---


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [
        ("torchvision/resnet50", "tench", 1000),
        ("torchvision/fcn_resnet50", "__background__", 21),
        ("torchvision/fasterrcnn_resnet50_fpn", "__background__", 91),
        ("torchvision/r3d_18", "abseiling", 400),
        ("timm/tf_efficientnet_lite0", "tench", 1000),
    ],
)
def test_outputs_have_the_names_of_the_weights_classes(name: str, first: str, count: int) -> None:
    labels = catalog.labels(name, "pretrained")
    assert len(labels) == count
    assert labels[0].startswith(first)
    assert catalog.labels(name) == ()


def test_labels_of_two_libraries_name_the_same_classes() -> None:
    ours = catalog.labels("timm/tf_efficientnet_lite0", "bundled")
    theirs = catalog.labels("torchvision/resnet50", "pretrained")
    words = [
        set(a.lower().replace(",", "").split()) & set(b.lower().replace(",", "").split())
        for a, b in zip(ours, theirs, strict=True)
    ]
    assert sum(map(bool, words)) > 950
