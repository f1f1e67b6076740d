"""Published and measured figures side by side: all are the same, or it is said why not."""

import re

import pytest

from cvexplore import catalog
from cvexplore.catalog import torchvision_models
from cvexplore.catalog.published import UNEXPLAINED, Comparison, comparison, published

COUNTED_OTHERWISE = {
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "quantized_inception_v3",
}


def of_facts(name: str, **chosen: object) -> Comparison:
    """Compare what is published with the measured facts of the catalog."""
    facts = catalog.find(name)
    assert facts.parameters
    assert facts.macs
    found = comparison(name, facts.parameters, facts.macs, chosen)
    assert found
    return found


def traced(name: str, **chosen: object) -> Comparison:
    seen = catalog.traced(name, **chosen)
    found = comparison(name, seen.parameters, seen.macs, chosen)
    assert found
    return found


@pytest.mark.parametrize("model", torchvision_models.names())
def test_a_figure_is_the_same_or_explained(model: str) -> None:
    found = of_facts(f"torchvision/{model}")
    assert found.same == (model not in COUNTED_OTHERWISE)
    assert bool(found.explanation) != found.same
    assert found.explanation != UNEXPLAINED


@pytest.mark.parametrize("model", sorted(COUNTED_OTHERWISE))
def test_the_explanation_is_true(model: str) -> None:
    name = f"torchvision/{model}"
    met_by = of_facts(name).met_by
    assert met_by
    assert traced(name, **met_by).same


def test_a_thousand_proposals_meet_the_published_multiply_adds() -> None:
    name = "torchvision/fasterrcnn_resnet50_fpn"
    assert published(name).gmacs == 134.38  # type: ignore[union-attr]
    assert traced(name, proposals=1000).same
    assert not traced(name, proposals=999).same


def test_the_last_digit_counts() -> None:
    facts = catalog.find("torchvision/resnet50")
    assert facts.parameters
    assert facts.macs
    for parameters, macs in ((1, 0), (0, 1_000_000)):
        found = comparison(facts.name, facts.parameters + parameters, facts.macs + macs, {})
        assert found
        assert not found.same
        assert found.explanation == UNEXPLAINED


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("resnet18", {"classes": 10}, "for other options: classes is 10 here, not 1,000."),
        ("resnet18", {"image_size": 64}, "image size is 64 here, not 224."),
        ("inception_v3", {"auxiliary_heads": False}, "this is without auxiliary heads."),
        ("maskrcnn_resnet50_fpn", {}, "counts 0 detections, the one here up to 100: the head"),
        ("keypointrcnn_resnet50_fpn", {}, "counts 1 detection, the one here up to 100"),
        ("fasterrcnn_mobilenet_v3_large_fpn", {"proposals": 30}, "counts 0 proposals.* up to 30"),
        ("quantized_inception_v3", {}, "counts auxiliary heads: they serve training only"),
    ],
)
def test_a_difference_is_told(name: str, options: dict, says: str) -> None:
    found = traced(f"torchvision/{name}", **options)
    assert not found.same
    assert re.search(says, found.explanation)


def test_options_that_change_no_figure_leave_them_the_same() -> None:
    assert traced("torchvision/alexnet", dropout=0.1).same


def test_another_size_meets_the_figures_of_the_weights_for_it() -> None:
    found = traced("torchvision/vit_b_16", image_size=384)
    assert found.same
    assert found.published.image_size == 384
    assert found.published.gmacs == 55.484


@pytest.mark.parametrize("name", ["timm/resnet50", "cvexplore/resnet"])
def test_nothing_is_said_where_nothing_is_published(name: str) -> None:
    assert published(name) is None
    assert comparison(name, 1, 1, {}) is None
