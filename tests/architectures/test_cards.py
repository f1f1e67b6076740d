"""Every model of the catalog belongs to exactly one family, and the cards tell a sound history."""

import fnmatch
import functools
import graphlib
import pathlib
import re
import typing

import pytest
import streamlit
import timm
import torchvision

from cvexplore.architectures import BUILDERS, Card, Learning, cards, family

VIT = "timm/vit_base_patch16"


@functools.cache
def catalog() -> tuple[str, ...]:
    return (
        *(f"cvexplore/{name}" for name in BUILDERS),
        *(f"torchvision/{name}" for name in torchvision.models.list_models()),
        *(f"timm/{name}" for name in timm.list_models()),
    )


@functools.cache
def by_name() -> dict[str, Card]:
    return {card.name: card for card in cards()}


@functools.cache
def katex_commands() -> frozenset[str]:
    """Return every LaTeX command that the KaTeX inside Streamlit knows, read from its source."""
    (source,) = pathlib.Path(streamlit.__file__).parent.glob("static/**/katex*.js")
    spelled = r"""(?<=[`"'.])\\\\([A-Za-z]+|[^A-Za-z])(?=[`"'.])"""  # "\\frac", "\\cos.\\sin"
    return frozenset(re.findall(spelled, source.read_text("utf-8")))


def each_card() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)


# --- Membership -----------------------------------------------------------------------------------


def test_every_model_belongs_to_one_family() -> None:
    orphans = [name for name in catalog() if family(name) is None]  # raises where two claim a name
    assert not orphans


def test_names_are_unique() -> None:
    assert len(by_name()) == len(cards())


@each_card()
def test_patterns_match(card: Card) -> None:
    assert card.models
    for pattern in card.models:
        owners = {family(name) for name in fnmatch.filter(catalog(), pattern)}
        assert card in owners, f"{pattern} wins no model for {card.name}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torchvision/quantized_resnet50", "ResNet"),
        ("torchvision/swin_v2_b", "Swin V2"),
        ("torchvision/mc3_18", "R(2+1)D"),
        ("timm/resnet50", "ResNet"),
        ("timm/resnet50d", "ResNet-D"),
        ("timm/resnet50_clip", "CLIP ResNet"),
        ("timm/resnetv2_50x1_bit", "BiT"),
        ("timm/tf_efficientnet_lite0", "EfficientNet-Lite"),
        ("timm/tf_efficientnetv2_s", "EfficientNetV2"),
        (f"{VIT}_224", "ViT"),
        (f"{VIT}_clip_224", "CLIP"),
        (f"{VIT}_dinov3", "DINOv3"),
        (f"{VIT}_reg4_gap_256", "ViT with registers"),
        (f"{VIT}_rope_reg1_gap_256", "RoPE-ViT"),
        ("timm/vit_base_patch14_reg4_dinov2", "DINOv2"),
        ("timm/no_such_model", None),
    ],
)
def test_the_longest_pattern_wins(name: str, expected: str | None) -> None:
    card = family(name)
    assert (card and card.name) == expected


# --- What a card says -----------------------------------------------------------------------------


@each_card()
def test_idea_is_one_sentence(card: Card) -> None:
    assert len(card.idea) <= 160
    assert card.idea[0].isupper()
    assert card.idea.endswith(".")
    assert not re.search(r"[.!?] ", card.idea)


@each_card()
def test_paper_can_be_found(card: Card) -> None:
    assert card.paper.title
    assert card.paper.authors
    assert card.paper.link.startswith("https://")
    assert bool(card.paper.arxiv) != bool(card.paper.url)


@each_card()
def test_arxiv_number_fits_the_year(card: Card) -> None:
    if number := card.paper.arxiv:
        assert re.fullmatch(r"\d\d(0[1-9]|1[0-2])\.\d{4,5}", number)
        assert len(number) == (9 if number < "1501" else 10)  # five digits since 2015
        assert abs(2000 + int(number[:2]) - card.year) <= 1


@each_card()
def test_what_it_learns_from_is_one_of_four(card: Card) -> None:
    assert card.learning in typing.get_args(Learning)


@pytest.mark.parametrize(
    ("name", "learning"),
    [
        ("ResNet", "supervised"),
        ("ViT", "supervised"),
        ("Swin", "supervised"),
        ("SAM", "supervised"),  # on a billion masks
        ("DeiT", "distillation"),
        ("DeiT III", "supervised"),
        ("TinyViT", "distillation"),
        ("RADIO", "distillation"),
        ("BEiT", "self-supervised"),
        ("EVA", "self-supervised"),
        ("DINOv2", "self-supervised"),
        ("ConvNeXt", "supervised"),
        ("ConvNeXt V2", "self-supervised"),
        ("Hiera", "self-supervised"),
        ("CLIP", "image-text"),
        ("SigLIP", "image-text"),
        ("AIMv2", "image-text"),
        ("ViTamin", "image-text"),
    ],
)
def test_learning_is_that_of_the_paper(name: str, learning: str) -> None:
    assert by_name()[name].learning == learning


def test_a_number_has_one_title() -> None:
    titles = {card.paper.link: card.paper.title for card in cards()}
    assert all(titles[card.paper.link] == card.paper.title for card in cards())


# --- Its formula, strengths and weaknesses --------------------------------------------------------


@each_card()
def test_strengths_and_weaknesses_are_one_sentence_each(card: Card) -> None:
    for sentence in (card.strengths, card.weaknesses):
        assert 0 < len(sentence) <= 220
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not re.search(r"[.!?] ", sentence)
    assert card.strengths != card.weaknesses


@each_card()
def test_formula_is_latex_that_the_page_can_typeset(card: Card) -> None:
    assert card.formula
    assert "$" not in card.formula
    assert card.formula.isascii()  # KaTeX warns of other letters outside of \text
    commands = re.findall(r"\\([A-Za-z]+|[^A-Za-z])", card.formula)
    assert set(commands) <= katex_commands()
    assert commands.count("left") == commands.count("right")


@each_card()
def test_formula_has_balanced_braces(card: Card) -> None:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", card.formula):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(("command", "known"), [("frac", True), (",", True), ("fracc", False)])
def test_the_commands_are_those_of_katex(command: str, known: bool) -> None:
    assert (command in katex_commands()) == known


# --- The family tree ------------------------------------------------------------------------------


@each_card()
def test_ancestors_exist_and_are_not_younger(card: Card) -> None:
    assert card.name not in card.builds_on
    assert len(set(card.builds_on)) == len(card.builds_on)
    for name in card.builds_on:
        assert name in by_name()
        assert by_name()[name].year <= card.year


def test_the_tree_has_no_cycle() -> None:
    graphlib.TopologicalSorter({card.name: card.builds_on for card in cards()}).prepare()
