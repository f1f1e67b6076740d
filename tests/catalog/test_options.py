"""The options of other people's constructors: they are read from there, and do what they say."""

import re
import time
from typing import Any

import pytest
import torch
from torch import nn

from cvexplore import catalog
from cvexplore.catalog import build, detectors, timm_models, torchvision_models
from cvexplore.catalog.build import library
from cvexplore.errors import BuildError, TraceError
from cvexplore.plugins import Option

# One of each of many constructors of timm, the small ones.
SAMPLE = """\
beit_base_patch16_224 caformer_s18 cait_xxs24_224 coat_tiny coatnet_nano_rw_224 convmixer_768_32
convnext_atto convit_tiny crossvit_9_240 cs3darknet_s csatv2 cspnext_s davit_tiny densenet121 dla34
deit_tiny_distilled_patch16_224 dpn48b edgenext_xx_small efficientformer_l1 efficientnet_b0
efficientvit_b0 efficientvit_m0 eva02_tiny_patch14_224 fasternet_t0 focalnet_tiny_srf gcvit_xxtiny
gernet_s ghostnet_050 gmlp_ti16_224 hgnet_tiny hiera_tiny_224 inception_v4 levit_128s mambaout_femto
mobilenetv3_small_050 mvitv2_tiny naflexvit_base_patch16_gap nfnet_f0 pit_ti_224 pvt_v2_b0
regnety_002 repvit_m0_9 resnet18 resnetv2_50 rexnet_100 sequencer2d_s starnet_s1
swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 tiny_vit_5m_224 tresnet_m twins_svt_small
vgg11 visformer_tiny vit_base_r50_s16_224 vovnet39a xception41 xcit_nano_12_p16_224""".split()


def built(name: str, **chosen: Any) -> Any:
    return build(name, device="meta", **chosen)


def defaults(name: str) -> dict[str, Any]:
    return {option.name: option.default for option in catalog.options(name)}


def anatomy(name: str, **chosen: Any) -> tuple[Any, ...]:
    """Return all modules of a network, its parameters and its multiply-adds."""
    modules = [(path, type(each)) for path, each in built(name, **chosen).named_modules()]
    seen = catalog.traced(name, **chosen)
    return modules, seen.parameters, seen.macs


# --- One published network becomes another by its options alone ---


@pytest.mark.parametrize(
    ("name", "options", "other"),
    [
        (
            "timm/deit_tiny_patch16_224",
            {"embed_dim": 384, "num_heads": 6},
            "deit_small_patch16_224",
        ),
        ("timm/vit_base_patch16_224", {"patch_size": 32}, "vit_base_patch32_224"),
        (
            "timm/beit_base_patch16_224",
            {"depth": 24, "embed_dim": 1024, "num_heads": 16, "init_values": 1e-5},
            "beit_large_patch16_224",
        ),
        ("timm/resnet50", {"layers_3": 23}, "resnet101"),
        ("timm/resnet50", {"cardinality": 32, "base_width": 4}, "resnext50_32x4d"),
        (
            "timm/convnext_tiny",
            {"depths_3": 27, "dims_1": 128, "dims_2": 256, "dims_3": 512, "dims_4": 1024},
            "convnext_base",
        ),
        ("timm/swin_tiny_patch4_window7_224", {"depths_3": 18}, "swin_small_patch4_window7_224"),
        ("timm/densenet121", {"block_config_3": 32, "block_config_4": 32}, "densenet169"),
        (
            "timm/regnety_040",
            {"depth": 21, "w0": 80, "wa": 42.63, "wm": 2.66, "group_size": 24},
            "regnety_032",
        ),
        ("timm/xcit_nano_12_p16_224", {"embed_dim": 192, "num_heads": 4}, "xcit_tiny_12_p16_224"),
        ("torchvision/resnet50", {"groups": 32, "width_per_group": 4}, "resnext50_32x4d"),
        ("torchvision/resnet50", {"width_per_group": 128}, "wide_resnet50_2"),
        (
            "torchvision/fasterrcnn_mobilenet_v3_large_fpn",
            {"proposals": 150, "candidates": 150, "min_size": 320, "max_size": 640},
            "fasterrcnn_mobilenet_v3_large_320_fpn",
        ),
    ],
)
def test_options_turn_one_published_network_into_another(
    name: str, options: dict[str, Any], other: str
) -> None:
    assert anatomy(name, **options) == anatomy(f"{name.partition('/')[0]}/{other}")
    assert anatomy(name, **options) != anatomy(name)


@pytest.mark.parametrize(
    "name", ["vit_tiny_patch16_224", "eva02_tiny_patch14_224", "cait_xxs24_224", "convit_tiny"]
)
def test_half_as_deep_has_half_the_blocks(name: str) -> None:
    depth = defaults(f"timm/{name}")["depth"]
    whole = built(f"timm/{name}")
    half = built(f"timm/{name}", depth=depth // 2)
    assert len(half.blocks) * 2 == len(whole.blocks) == depth


# --- What is offered ---


def test_what_is_not_chosen_changes_nothing() -> None:
    for model in SAMPLE:
        given = defaults(f"timm/{model}")
        assert timm_models.arguments(model, given) == timm_models.arguments(model, {}) == {}
    for model in torchvision_models.names()[::4]:
        given = defaults(f"torchvision/{model}")
        assert torchvision_models.arguments(model, given) == torchvision_models.arguments(model, {})


@pytest.mark.parametrize("model", SAMPLE[::2])
def test_shares_that_timm_drops_are_chosen(model: str) -> None:
    name = f"timm/{model}"
    rates = {each.name: 0.45 for each in catalog.options(name) if each.name.endswith("drop_rate")}
    assert rates
    network = built(name, **rates)
    held = [vars(each).values() for each in network.modules()]
    assert any(type(each) is float and each == 0.45 for values in held for each in values)


@pytest.mark.parametrize("model", ["alexnet", "convnext_tiny", "googlenet", "swin_t", "mvit_v1_b"])
def test_shares_that_torchvision_drops_are_chosen(model: str) -> None:
    name = f"torchvision/{model}"
    rate = "stochastic_depth_prob" if "stochastic_depth_prob" in defaults(name) else "dropout"
    seen = [getattr(each, "p", None) for each in built(name, **{rate: 0.45}).modules()]
    assert any(each == pytest.approx(0.45) for each in seen if each is not None)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("googlenet", "aux1.fc2"),
        ("inception_v3", "AuxLogits.fc"),
        ("fcn_resnet50", "aux_classifier.4"),
    ],
)
def test_auxiliary_heads_come_and_go(model: str, name: str) -> None:
    for wanted in (True, False):
        network = built(f"torchvision/{model}", auxiliary_heads=wanted)
        assert (name in dict(network.named_modules())) == wanted
        assert catalog.traced(f"torchvision/{model}", auxiliary_heads=wanted).macs


def test_options_are_told_at_once() -> None:
    names = [f"timm/{model}" for model in SAMPLE] + ["torchvision/resnet50"]
    for name in names:
        catalog.options(name)
    start = time.process_time()
    for name in names:
        catalog.options(name)
    assert (time.process_time() - start) / len(names) < 0.02


def test_looking_for_options_leaves_the_library_alone() -> None:
    import timm

    before = timm.models.resnet.__dict__.copy()
    timm_models._own_options.cache_clear()
    timm_models._call.cache_clear()
    catalog.options("timm/resnet50")
    assert timm.models.resnet.__dict__ == before
    assert isinstance(timm.create_model("test_resnet"), nn.Module)


# --- The number of boxes ---


def test_the_number_of_proposals_is_the_second_stage_s_work() -> None:
    name = "torchvision/fasterrcnn_resnet50_fpn"
    none, few, many = (catalog.traced(name, proposals=n).macs for n in (0, 100, 1000))
    head = built(name).roi_heads
    layers = [each for part in (head.box_head, head.box_predictor) for each in part.modules()]
    each_box = sum(e.in_features * e.out_features for e in layers if isinstance(e, nn.Linear))
    assert few - none == 100 * each_box
    assert many - none == 1000 * each_box


@pytest.mark.parametrize(
    "model", ["fasterrcnn_mobilenet_v3_large_320_fpn", "ssdlite320_mobilenet_v3_large"]
)
def test_a_real_detector_keeps_no_more_boxes_than_chosen(model: str) -> None:
    torch.manual_seed(0)
    network: Any = build(f"torchvision/{model}", detections=3).eval()
    if hasattr(network, "roi_heads"):
        network.roi_heads.score_thresh = 0.0
    else:
        network.score_thresh = 0.0
    with torch.no_grad():
        (found,) = network([torch.rand(3, 160, 160)])
    assert len(found["boxes"]) == 3


def test_every_detector_lets_the_number_of_boxes_be_seen() -> None:
    for model in filter(detectors.is_detector, torchvision_models.names()):
        offered = defaults(f"torchvision/{model}")
        assert offered["detections"] in (100, 200, 300)
        assert ("proposals" in offered) == ("rcnn" in model)


# --- Impossible choices ---


def _is_a_sentence(text: str) -> None:
    assert text.endswith(".")
    assert "\n" not in text
    assert not re.search(r"\{|torch\.|Error|assert|None|\bself\b|batch2|broadcast", text), text


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        (
            "timm/vit_tiny_patch16_224",
            {"num_heads": 5},
            r"in its Attention, 5 heads do not divide width 192",
        ),
        (
            "timm/vit_tiny_patch16_224",
            {"image_size": 8},
            r"patch_embed.proj .Conv2d.* 16 × 16 window is larger than the 8 × 8",
        ),
        (
            "timm/vit_tiny_patch16_224",
            {"class_token": False},
            "token pooling needs the class token",
        ),
        (
            "timm/samvit_base_patch16",
            {"patch_size": 15},
            "PatchEmbed.* patch size 15 does not divide image size 1024; 1020 and 1035 would do",
        ),
        (
            "timm/vit_base_r50_s16_224",
            {"patch_size": 15},
            "in its HybridEmbed, patch size 15 does not divide feature size 14",
        ),
        (
            "timm/halonet26t",
            {"image_size": 225},
            "stages.2.1.self_attn .HaloAttn.* block size 8 does not divide height 15",
        ),
        ("timm/efficientvit_m0", {"image_size": 8}, "nothing of the image is left for it"),
        ("timm/vgg11", {"image_size": 8}, r"MaxPool2d.* of 1 × 1 values it would leave nothing"),
        (
            "timm/mobileone_s1",
            {"width_factor": 0.1},
            "in its Conv2d of ConvNormAct, 6 groups do not divide out channels 8",
        ),
        (
            "torchvision/maxvit_t",
            {"image_size": 225},
            "windows of 7 × 7 do not divide its 57 × 57 map",
        ),
        ("torchvision/mvit_v1_b", {"image_size": 112}, "spatial_size is fixed at .224, 224."),
        (
            "torchvision/resnet18",
            {"groups": 2},
            "in its BasicBlock, BasicBlock only supports groups=1",
        ),
        (
            "torchvision/vit_b_16",
            {"image_size": 8},
            "Patch size 16 does not divide image size 8; 16 would do",
        ),
        ("cvexplore/vit", {"patch_size": 15}, "^Patch size 15 does not divide image size 224"),
        ("cvexplore/vit", {"heads": 5}, "^Width 768 is not a multiple of 5 heads"),
    ],
)
def test_an_impossible_choice_says_which_layer_cannot_work_and_why(
    name: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises((BuildError, TraceError), match=says) as caught:
        catalog.traced(name, **options)
    _is_a_sentence(str(caught.value))


def _another(option: Option) -> Any:
    """Return a value that an option allows and that is not its default."""
    if option.type is bool:
        return not option.default
    if option.choices:
        return next(each for each in option.choices if each != option.default)
    bounds = option.range
    assert bounds
    step = bounds.step or (1 if option.type is int else (bounds.high - bounds.low) / 7)
    up = option.default + step <= bounds.high
    return option.check(option.default + step if up else option.default - step)


@pytest.mark.parametrize(
    "model", ["convnext_atto", "eva02_tiny_patch14_224", "pvt_v2_b0", "resnet18"]
)
def test_whatever_is_chosen_works_or_is_told_in_one_sentence(model: str) -> None:
    name = f"timm/{model}"
    offered = {each.name: each for each in catalog.options(name)}
    hostile = {"image_size": 33, "patch_size": 15, "num_heads": 5, "window_size": 5}
    settings = [{key: value} for key, value in hostile.items() if key in offered]
    settings += [{each.name: _another(each)} for each in offered.values()]
    works = 0
    for options in settings:
        try:
            works += catalog.traced(name, **options).parameters > 0
        except (BuildError, TraceError) as error:
            _is_a_sentence(str(error))
    assert works >= len(settings) / 2


def test_arguments_are_those_of_the_library() -> None:
    module, model = library("timm/convnext_atto")
    given = module.arguments(model, {"classes": 5, "depths_2": 4, "depths_4": 1, "image_size": 64})
    assert given == {"num_classes": 5, "depths": (2, 4, 6, 1)}
    module, model = library("torchvision/maskrcnn_resnet50_fpn")
    given = module.arguments(model, {"proposals": 7, "detections": 5, "min_size": 640})
    assert given == {"rpn_post_nms_top_n_test": 7, "box_detections_per_img": 5, "min_size": 640}
