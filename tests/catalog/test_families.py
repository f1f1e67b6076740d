"""The families' file says what the cards and the facts say today, and tells a sound history."""

import subprocess
import sys
from pathlib import Path

import pytest

from cvexplore.catalog import families as module
from cvexplore.catalog.families import (
    Family,
    ancestors,
    descendants,
    families,
    read_families,
    summed_up,
    write,
)
from cvexplore.catalog.names import architectures, read_facts

# What the evolution page promises to show, each in the words of its card.
PROMISED = (
    "AlexNet, VGG, GoogLeNet, Inception-v3, ResNet, ResNeXt, SqueezeNet, DenseNet, MobileNetV2, "
    "MobileNetV3, ShuffleNet V2, MnasNet, EfficientNet, EfficientNetV2, RegNet, ViT, DeiT, Swin, "
    "Swin V2, MLP-Mixer, ConvMixer, ConvNeXt, ConvNeXt V2, MaxViT, MobileViT, BEiT, EVA, DINOv2, "
    "DETR, Faster R-CNN, Mask R-CNN, RetinaNet, FCOS, SSD, FCN, DeepLabV3, RAFT, R(2+1)D, S3D, "
    "MViT, Video Swin"
).split(", ")


def by_name() -> dict[str, Family]:
    return {each.name: each for each in families()}


def family(name: str, *builds_on: str, year: int = 2020) -> Family:
    words = dict.fromkeys(("kind", "learning", "task", "idea", "title", "authors", "link"), "x")
    return Family(name=name, year=year, month=1, builds_on=builds_on, models=1, **words)


# --- The file -------------------------------------------------------------------------------------


def test_the_file_is_what_the_cards_and_facts_say_today() -> None:
    assert read_families() == summed_up(read_facts())


def test_written_families_are_read_back(tmp_path: Path) -> None:
    odd = family('A, "quoted" é', "One", "Two words", "Three, with a comma")
    write([odd, *families()], tmp_path / "families.csv")
    assert read_families(tmp_path / "families.csv") == [odd, *families()]


def test_no_name_holds_what_divides_names() -> None:
    assert not [each.name for each in families() if module._BETWEEN.strip() in each.name]


def test_reading_needs_no_torch() -> None:
    code = (
        "import sys; from cvexplore.catalog.families import families; "
        "assert len(families()) > 150; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- What it says ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_family_is_told_in_full(name: str) -> None:
    told = by_name()[name]
    assert told.year >= 2012
    assert told.idea.endswith(".")
    assert told.link.startswith("https://")
    assert told.title
    assert told.smallest
    assert told.largest


def test_figures_are_those_of_its_models() -> None:
    for told in families():
        smallest, largest, count, best = 10**20, 0, 0, 0.0
        for each in architectures():
            if each.family == told.name:
                count += 1
                smallest = min(smallest, each.parameters or 10**20)
                largest = max(largest, each.parameters or 0)
                best = max(best, each.top1 or 0)
        assert (told.models, told.smallest, told.largest) == (count, smallest, largest)
        assert (told.top1 or 0) == best
        assert bool(told.best) == bool(told.top1) == bool(told.macs)


@pytest.mark.parametrize(
    ("name", "fact", "value"),
    [
        (
            "ResNet",
            "smallest",
            269_722,
        ),  # ResNet-20 of small pictures, 0.27M
        ("ResNet", "best", "torchvision/resnet152"),
        ("ResNet", "month", 12),  # arXiv 1512.03385
        ("ResNeXt", "best", "torchvision/resnext101_64x4d"),  # not its quantized copy
        ("Faster R-CNN", "task", "detection"),
        ("Faster R-CNN", "builds_on", ("VGG",)),
        ("MaxViT", "builds_on", ("CoAtNet", "Swin")),
        ("RAFT", "task", "optical flow"),
        ("CLIP", "learning", "image-text"),
    ],
)
def test_known_facts(name: str, fact: str, value: object) -> None:
    assert getattr(by_name()[name], fact) == value


@pytest.mark.parametrize(
    ("arxiv", "year", "month"),
    [("1512.03385", 2015, 12), ("2101.00001", 2020, 12), ("1912.1", 2020, 1), ("", 2020, 7)],
)
def test_the_month_is_the_paper_s(arxiv: str, year: int, month: int) -> None:
    assert module._month(arxiv, year) == month


# --- The history ----------------------------------------------------------------------------------


def test_no_idea_builds_on_one_that_is_unknown_or_younger() -> None:
    known = by_name()
    for each in families():
        for name in each.builds_on:
            assert known[name].year <= each.year, f"{each.name} on {name}"


def test_kin_are_found_by_every_way() -> None:
    """Against a relation that is closed by brute force."""
    names = [each.name for each in families()]
    builds = {(each.name, parent) for each in families() for parent in each.builds_on}
    reach = set(builds)
    while more := {(a, d) for a, b in reach for c, d in builds if b == c} - reach:
        reach |= more
    for name in names:
        assert ancestors(families(), name) == {b for a, b in reach if a == name}
        assert descendants(families(), name) == {a for a, b in reach if b == name}


def test_kin_of_a_diamond_and_of_nobody() -> None:
    few = [family("a"), family("b", "a"), family("c", "a"), family("d", "b", "c", "elsewhere")]
    assert ancestors(few, "d") == {"a", "b", "c", "elsewhere"}
    assert descendants(few, "a") == {"b", "c", "d"}
    assert ancestors(few, "nobody") == descendants(few, "nobody") == frozenset()
