"""The tree of errors, and the nearest right answer that a wrong name is given."""

import inspect
import re

import pytest

from cvexplore import errors
from cvexplore.errors import CvexploreError, UnknownName, nearest


def test_the_docstring_draws_every_error_there_is() -> None:
    drawn = re.findall(r"^ {4}(?:[├└]── )?(\w+Error|UnknownName) ", errors.__doc__ or "", re.M)
    defined = [n for n, value in vars(errors).items() if inspect.isclass(value) and "Error" in n]
    assert drawn == ["CvexploreError", "UnknownName", *defined[1:]]


def test_every_error_is_one_a_person_can_mend() -> None:
    classes = [value for value in vars(errors).values() if inspect.isclass(value)]
    ours = [each for each in classes if each.__module__ == errors.__name__]
    assert len(ours) > 5
    assert all(issubclass(each, CvexploreError) for each in ours)


def test_an_unknown_name_says_kind_and_neighbours() -> None:
    error = UnknownName("colour", "grene", ["red", "green", "blue"])
    assert str(error) == "There is no colour named 'grene'. Did you mean green?"
    assert error.name == "grene"
    assert error.nearest == ("green",)


def test_a_name_far_from_all_is_offered_none() -> None:
    error = UnknownName("colour", "xyzzy", ["red", "green"])
    assert error.nearest == ()
    assert "None is near it." in str(error)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("resnet5", "torchvision/resnet50"),
        ("timm/ResNet50", "torchvision/resnet50"),
        ("torchvision/resnet_50", "torchvision/resnet50"),
        ("swin", "torchvision/swin_t"),
        ("efficientnet", "timm/efficientnet_b0"),
    ],
)
def test_neighbours_are_found_whatever_the_library(name: str, found: str) -> None:
    known = ["torchvision/resnet50", "torchvision/swin_t", "timm/efficientnet_b0", "timm/vit"]
    assert nearest(name, known)[0] == found


def test_one_model_in_two_libraries_is_offered_twice() -> None:
    assert set(nearest("vgg_16", ["timm/vgg16", "torchvision/vgg16"])) == {
        "timm/vgg16",
        "torchvision/vgg16",
    }


def test_a_beginning_is_completed_shortest_first() -> None:
    assert nearest("conv", ["convnext_base", "convit", "convnextv2_nano"])[0] == "convit"


@pytest.mark.parametrize("name", ["", "/", "timm/", "\x00", "a" * 10_000])
def test_no_name_is_too_strange_to_ask_for(name: str) -> None:
    assert nearest(name, ["timm/vgg16"]) == ()


def test_no_more_than_asked_for_and_each_once() -> None:
    known = [f"resnet{depth}" for depth in range(100)]
    found = nearest("resnet", known, most=4)
    assert len(found) == len(set(found)) == 4
