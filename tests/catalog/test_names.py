"""Every architecture there is, by name; and a wrong name is answered with the nearest."""

import subprocess
import sys

import pytest
import timm
import torchvision

from cvexplore import catalog
from cvexplore.architectures import BUILDERS, cards
from cvexplore.catalog import Architecture, architectures, find
from cvexplore.catalog.names import names
from cvexplore.errors import UnknownName


def test_the_catalog_is_what_the_libraries_list() -> None:
    assert set(names()) == {
        *(f"cvexplore/{name}" for name in BUILDERS),
        *(f"torchvision/{name}" for name in torchvision.models.list_models()),
        *(f"timm/{name}" for name in timm.list_models()),
    }
    assert len(names()) == len(set(names()))


@pytest.mark.parametrize(
    ("library", "count"), [("timm", 1371), ("torchvision", 121), ("cvexplore", len(list(BUILDERS)))]
)
def test_each_library_is_here_in_full(library: str, count: int) -> None:
    found = architectures(library=library)
    assert len(found) == count
    assert {each.library for each in found} == {library}
    assert all(each.name.startswith(f"{library}/") for each in found)


def test_every_fact_is_known_of_every_architecture() -> None:
    families = {card.name: card for card in cards()}
    for each in architectures():
        assert each.error == "", each.name
        assert min(each.parameters or 0, each.macs or 0, each.layers or 0) > 0, each.name
        family = families[each.family]
        assert (each.kind, each.year) == (family.kind, family.year), each.name


@pytest.mark.parametrize(
    ("name", "fact", "value"),
    [
        ("torchvision/resnet50", "parameters", 25_557_032),
        ("torchvision/resnet50", "top1", 80.858),
        ("torchvision/resnet50", "accuracy_weights", "IMAGENET1K_V2"),
        ("torchvision/fcn_resnet50", "task", "segmentation"),
        ("torchvision/retinanet_resnet50_fpn", "task", "detection"),
        ("torchvision/swin3d_t", "task", "video"),
        ("torchvision/raft_large", "task", "optical flow"),
        ("torchvision/efficientnet_b4", "image_size", 380),
        ("torchvision/fcn_resnet50", "classes", 21),
        ("timm/vit_base_patch16_224", "parameters", 86_567_656),
        ("timm/resnet50", "top1", None),
        ("cvexplore/detr", "task", "detection"),
    ],
)
def test_facts_are_those_of_the_papers(name: str, fact: str, value: object) -> None:
    assert getattr(find(name), fact) == value


# --- Searching ---


@pytest.mark.parametrize(
    ("pattern", "library", "expected"),
    [
        ("Quantized_ResNet", "torchvision", {"quantized_resnet18", "quantized_resnet50"}),
        ("vgg16", "torchvision", {"vgg16", "vgg16_bn", "ssd300_vgg16"}),
        ("vgg1?", "torchvision", {"vgg11", "vgg13", "vgg16", "vgg19"}),
        ("torchvision/vgg1[16]", "", {"vgg11", "vgg16"}),
        ("swin v2", "torchvision", {"swin_v2_b", "swin_v2_s", "swin_v2_t"}),
        ("Swin V2*", "torchvision", {"swin_v2_b", "swin_v2_s", "swin_v2_t"}),
        ("*_bn", "torchvision", {"vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"}),
        ("no such thing", "", set()),
        ("*[", "", set()),
    ],
)
def test_a_pattern_finds_names_and_families(pattern: str, library: str, expected: set[str]) -> None:
    found = {each.name.partition("/")[2] for each in architectures(pattern, library)}
    assert found == expected


def test_nothing_asked_for_is_everything() -> None:
    assert architectures() == architectures("*") == architectures("", "")
    assert [each.name for each in architectures()] == list(names())


def test_what_is_found_is_what_is_listed() -> None:
    (listed,) = architectures("torchvision/alexnet*")
    assert find("torchvision/alexnet") is listed
    assert isinstance(listed, Architecture)


# --- Wrong names ---


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("torchvision/resnet5", "torchvision/resnet50"),
        ("resnet50", "torchvision/resnet50"),
        ("timm/ResNet50", "timm/resnet50"),
        ("pytorch/resnet50", "torchvision/resnet50"),
        ("cvexplore/resnet50", "timm/resnet50"),
        ("torchvision/vit_b_61", "torchvision/vit_b_16"),
        ("timm/vit_base_patch16", "timm/vit_base_patch16_224"),
    ],
)
@pytest.mark.parametrize(
    "ask", [find, catalog.build, catalog.options, catalog.preparation, catalog.traced]
)
def test_a_wrong_name_offers_the_nearest(ask: object, wrong: str, near: str) -> None:
    with pytest.raises(UnknownName, match="There is no architecture named") as caught:
        ask(wrong)  # type: ignore[operator]
    assert near in caught.value.nearest


@pytest.mark.parametrize("wrong", ["", "/", "timm", "timm/", "torchvision//alexnet", "../alexnet"])
def test_no_name_is_too_strange_to_be_refused(wrong: str) -> None:
    with pytest.raises(UnknownName):
        catalog.build(wrong)


def test_listing_needs_no_torch() -> None:
    code = (
        "import sys, cvexplore; assert len(cvexplore.architectures()) > 1400; "
        "cvexplore.find('timm/resnet50'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
