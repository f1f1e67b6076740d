"""What is offered in place of a network without attention is like it, and has attention."""

import dataclasses

import pytest

from cvexplore.catalog import architectures, find
from cvexplore.choosing.nearest import with_attention


@pytest.mark.parametrize(
    "name", ["torchvision/resnet18", "torchvision/fasterrcnn_resnet50_fpn", "timm/convnext_tiny"]
)
def test_the_nearest_have_attention_and_do_the_same(name: str) -> None:
    one = find(name)
    found = [find(each) for each in with_attention(one, architectures())]
    assert len(found) == 3
    assert all(each.attention_layers for each in found)
    assert len({each.family for each in found}) == 3
    doing_the_same = [
        each for each in architectures() if each.attention_layers and each.task == one.task
    ]
    assert found[0].task == one.task or not doing_the_same


def test_its_own_family_comes_first_then_its_size() -> None:
    one = find("torchvision/resnet18")
    own = dataclasses.replace(one, name="own", attention_layers=2, parameters=10**9)
    near = dataclasses.replace(own, name="near", family="Near", parameters=one.parameters)
    far = dataclasses.replace(own, name="far", family="Far", parameters=10**8)
    assert with_attention(one, [far, near, own, one]) == ["own", "near", "far"]
