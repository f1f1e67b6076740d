"""Exported code builds the very network that the catalog builds."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cvexplore import catalog, export
from cvexplore.architectures import BUILDERS
from cvexplore.catalog import designed_models
from cvexplore.catalog.meta import WithoutMemory
from cvexplore.designs import from_json, network
from cvexplore.errors import ExportError, OptionError, UnknownName
from cvexplore.plugins import Option

TORCHVISION = [each.name for each in catalog.architectures(library="torchvision")]
TIMM = [each.name for each in catalog.architectures(library="timm")]
# All that torchvision builds in another way where it is not given weights, and some of the rest.
PUBLISHED = [
    name
    for place, name in enumerate(TORCHVISION)
    if (place % 16 == 0 and "101" not in name)
    or catalog.find(name).task in ("detection", "segmentation")
    or any(word in name for word in ("googlenet", "inception", "mvit", "maxvit_t"))
]


def builder(text: str) -> Any:
    """Return the ``build`` of an exported file."""
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported", "exec"), space)
    return space["build"]


def skeleton(text: str) -> nn.Module:
    with WithoutMemory():
        return builder(text)()


def tensors(model: nn.Module) -> list[tuple[str, torch.Size]]:
    return [(name, tensor.shape) for name, tensor in model.state_dict().items()]


def settings(model: nn.Module) -> list[tuple[str, str]]:
    """Return every module of a network as it prints itself: strides, epsilons, drop rates, …"""
    plain = (each for each in model.named_modules() if not list(each[1].children()))
    return [(name, f"{module} {getattr(module, 'eps', '')}") for name, module in plain]


def assert_same(name: str, options: dict[str, Any]) -> None:
    ours, theirs = (
        catalog.build(name, device="meta", **options),
        skeleton(export.code(name, options)),
    )
    assert tensors(theirs) == tensors(ours)
    assert settings(theirs) == settings(ours)
    trained = [
        [n for n, p in each.named_parameters() if p.requires_grad] for each in (ours, theirs)
    ]
    assert trained[0] == trained[1]


def assert_same_output(name: str, options: dict[str, Any], images: torch.Tensor) -> None:
    """Check that with the same weights the exported network answers the same, to the bit."""
    ours, theirs = (
        catalog.build(name, **options).eval(),
        builder(export.code(name, options))().eval(),
    )
    theirs.load_state_dict(ours.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(theirs(images), ours(images), rtol=0, atol=0)


def another(option: Option) -> Any:
    """Return a value that an option may have and has not by default."""
    if option.type is bool:
        return not option.default
    if option.choices:
        return next(each for each in option.choices if each != option.default)
    step = option.range.step if option.range else None
    return option.default + (step or (1 if option.type is int else 0.1))


# ------------------------------------------------------------------ readable builders


@pytest.mark.parametrize("name", list(BUILDERS))
def test_a_readable_builder_and_its_file_build_the_same(name: str) -> None:
    assert_same(f"cvexplore/{name}", {})


FITTING = {
    ("detr", "heads"): 4,
    ("swin", "patch_size"): 8,
    ("unet", "image_size"): 48,
    ("vit", "heads"): 6,
    ("vit", "image_size"): 256,
    ("vit", "patch_size"): 32,
    ("vit", "width"): 384,
}


@pytest.mark.parametrize("name", list(BUILDERS))
def test_every_knob_of_a_readable_builder_is_in_its_file(name: str) -> None:
    options = BUILDERS.options(name)
    values = {each.name: FITTING.get((name, each.name), another(each)) for each in options}
    assert_same(f"cvexplore/{name}", values)


SMALL = [
    ("cvexplore/resnet", {"depth": 18, "width": 8, "classes": 5}, 64),
    ("cvexplore/densenet", {"growth_rate": 12, "classes": 5}, 64),
    ("cvexplore/swin", {"window": 4, "classes": 5}, 64),
    ("cvexplore/vit", {"width": 48, "depth": 2, "heads": 3, "image_size": 32, "norm": "post"}, 32),
    ("torchvision/squeezenet1_1", {}, 64),
    ("torchvision/googlenet", {"classes": 7}, 64),
    ("timm/test_vit", {"classes": 7}, 160),
]


@pytest.mark.parametrize(("name", "options", "side"), SMALL, ids=[each[0] for each in SMALL])
def test_with_the_same_weights_it_answers_the_same(
    name: str, options: dict[str, Any], side: int
) -> None:
    assert_same_output(name, options, torch.rand(2, 3, side, side))


def test_a_detector_answers_the_same() -> None:
    options = {"width": 32, "encoder_layers": 1, "decoder_layers": 1, "backbone_depth": 18}
    assert_same_output("cvexplore/detr", options, torch.rand(1, 3, 64, 64))


def test_the_file_needs_torch_alone(tmp_path: Path) -> None:
    chosen = {
        "simple_cnn": {},
        "resnet": {"depth": 18, "width": 8},
        "detr": {"width": 16, "backbone_depth": 18, "encoder_layers": 1, "decoder_layers": 1},
    }
    for name, options in chosen.items():
        (tmp_path / f"{name}.py").write_text(export.code(f"cvexplore/{name}", options))
    program = (
        "import runpy, sys\n"
        "for each in ('cvexplore', 'torchvision', 'timm', 'numpy'): sys.modules[each] = None\n"
        "for each in sys.argv[1:]: runpy.run_path(each, run_name='__main__')\n"
    )
    words = [sys.executable, "-I", "-c", program, *(f"{name}.py" for name in chosen)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    counts = [catalog.traced(f"cvexplore/{n}", **each).parameters for n, each in chosen.items()]
    assert done.stdout.splitlines() == [f"{count:,} parameters" for count in counts]


def test_files_are_tidy_and_name_nothing_they_do_not_have(tmp_path: Path) -> None:
    names = [f"cvexplore/{name}" for name in BUILDERS] + PUBLISHED[::4] + TIMM[:1]
    for name in names:
        (tmp_path / f"{name.replace('/', '_')}.py").write_text(export.code(name))
    ruff = [sys.executable, "-m", "ruff"]
    rules = ["--isolated", "--line-length", "100"]
    for words in (["check", "--select", "F,I,B,UP", *rules], ["format", "--check", *rules]):
        done = subprocess.run(
            [*ruff, *words, tmp_path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", list(BUILDERS))
def test_comments_stay_and_what_is_only_ours_goes(name: str) -> None:
    text = export.code(f"cvexplore/{name}")
    source = Path(sys.modules[BUILDERS[name].__module__].__file__ or "").read_text()
    comments = [line.partition("  #")[2] for line in source.splitlines() if "  #" in line]
    assert all(each in text for each in comments)
    body = text.partition('"""\n\n')[2]
    for word in ("cvexplore", "BUILDERS", "Card(", "Annotated", "Range(", "Literal", "BuildError"):
        assert word not in body
    assert str(Path.cwd()) not in text


def test_an_impossible_value_is_a_value_error_there() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        builder(export.code("cvexplore/vit").replace("return vit()", "return vit(patch_size=15)"))()


# ------------------------------------------------------------------ libraries


@pytest.mark.parametrize("name", PUBLISHED)
def test_torchvision_code_builds_the_published_network(name: str) -> None:
    assert_same(name, {})


@pytest.mark.parametrize("name", TIMM[::150])
def test_timm_code_builds_the_same(name: str) -> None:
    assert_same(name, {})


CHOSEN = [
    ("torchvision/resnet18", {"classes": 7, "image_size": 64}),
    ("torchvision/vit_b_16", {"image_size": 64, "classes": 7}),
    ("torchvision/maxvit_t", {"image_size": 448}),
    ("torchvision/fcn_resnet50", {"classes": 3}),
    ("torchvision/inception_v3", {"auxiliary_heads": False}),
    ("torchvision/googlenet", {"auxiliary_heads": True}),
    ("torchvision/fasterrcnn_resnet50_fpn", {"classes": 3, "detections": 9, "min_size": 320}),
    ("torchvision/fasterrcnn_mobilenet_v3_large_320_fpn", {"classes": 3}),
    ("timm/vit_tiny_patch16_224", {"image_size": 384, "classes": 0, "channels": 1}),
    ("timm/resnet18", {"image_size": 64, "classes": 7}),
]


@pytest.mark.parametrize(("name", "options"), CHOSEN, ids=[each[0] for each in CHOSEN])
def test_chosen_options_are_in_the_code(name: str, options: dict[str, Any]) -> None:
    assert_same(name, options)


@pytest.mark.parametrize("name", ["timm/vit_tiny_patch16_224", "torchvision/swin_t"])
def test_every_option_of_a_library_is_in_the_code(name: str) -> None:
    held = {"classes", "channels", "image_size"}
    shares = [each for each in catalog.options(name) if each.name not in held and _share(each)]
    assert_same(name, {each.name: 0.25 for each in shares})


def _share(option: Option) -> bool:
    return option.type is float and option.range is not None and option.range.high <= 1


def test_wrong_options_are_told() -> None:
    with pytest.raises(UnknownName, match="Did you mean depth"):
        export.code("cvexplore/resnet", {"dept": 18})
    with pytest.raises(OptionError, match="depth must be one of"):
        export.code("cvexplore/resnet", {"depth": 19})


# ------------------------------------------------------------------ designs


@pytest.mark.parametrize("name", ["simple_cnn", "resnet", "swin"])
def test_a_readable_builder_as_a_design_is_the_same_network(name: str) -> None:
    design = from_json(export.design(f"cvexplore/{name}", {"classes": 7}))
    with WithoutMemory():
        made = network.build(design)
    ours = catalog.build(f"cvexplore/{name}", device="meta", classes=7)
    assert [p.shape for p in made.parameters()] == [p.shape for p in ours.parameters()]
    assert design.image_size == catalog.find(f"cvexplore/{name}").image_size


def test_a_design_keeps_an_image_size_that_is_no_option_of_the_builder() -> None:
    assert from_json(export.design("cvexplore/resnet", {"image_size": 64})).image_size == 64


def test_a_design_goes_out_as_it_came_in_and_its_code_answers_the_same() -> None:
    text = export.design("cvexplore/simple_cnn", {"width": 4, "hidden": 16})
    name = designed_models.keep(from_json(text))
    assert export.design(name) == text
    assert_same_output(name, {"classes": 3}, torch.rand(2, 1, 28, 28))


def test_others_are_no_list_of_layers() -> None:
    with pytest.raises(ExportError, match="not a list of layers but timm's own code"):
        export.design("timm/resnet18")
