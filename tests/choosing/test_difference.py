"""The sentence says what the facts say."""

import itertools
import re

import pytest

from cvexplore.catalog import architectures, find
from cvexplore.choosing import difference

PAIRS = [
    ("torchvision/vit_b_16", "torchvision/resnet50"),
    ("torchvision/resnet50", "torchvision/vit_b_16"),
    ("torchvision/swin_t", "torchvision/vit_b_16"),
    ("torchvision/resnet18", "torchvision/vgg16"),
    ("timm/mixer_s32_224", "torchvision/alexnet"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_its_amounts_are_the_ratios(one: str, other: str) -> None:
    said = difference(find(one), find(other))
    ratios = [float(each) for each in re.findall(r"([\d.]+(?:e[+-]\d+)?) ×", said)]
    facts = ("parameters", "macs", "activation_bytes")
    truth = [getattr(find(one), fact) / getattr(find(other), fact) for fact in facts]
    assert ratios == pytest.approx(truth, rel=0.06)


def test_a_whole_sentence() -> None:
    said = difference(find("torchvision/vit_b_16"), find("torchvision/resnet50"))
    assert said == (
        "vit_b_16 has 3.4 × the parameters, 4.3 × the multiply-adds and 1.2 × the activation "
        "memory of resnet50; attends in 12 layers, where the other has none; its published top-1 "
        "is 1.0 points higher."
    )


def test_accuracy_and_depth_have_a_direction() -> None:
    deep, shallow = find("torchvision/resnet152"), find("torchvision/resnet18")
    assert "is 152 weighted layers deep instead of 18" in difference(deep, shallow)
    assert "points higher" in difference(deep, shallow)
    assert "points lower" in difference(shallow, deep)
    assert "1451 pixels a side instead of 435" in difference(deep, shallow)


def test_any_two_can_be_compared() -> None:
    every = architectures()
    for one, other in itertools.pairwise(every):
        said = difference(one, other)
        assert said.endswith(".")
        assert not re.search(r"\b(None|nan|inf)\b", said)
