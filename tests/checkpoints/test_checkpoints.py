"""The networks that ship: each is built, asked about the pictures it never saw, and counted."""

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from cvexplore import catalog, folders, images
from cvexplore.__main__ import main as cvexplore_main
from cvexplore.catalog import weights
from cvexplore.checkpoints import FOLDER, Checkpoint, checkpoint, checkpoints, making
from cvexplore.commands import recipes, train
from cvexplore.errors import WeightsError
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training
from cvexplore.training.splits import stratified

# The least that each must reach on the pictures held out, and of how many.
FLOORS = {
    "simple_cnn_mnist_5k": ("accuracy", 0.97, 1000),
    "resnet_shapes": ("accuracy", 0.97, 240),
    "vit_mnist_5k": ("accuracy", 0.96, 1000),
    "swin_shapes": ("accuracy", 0.97, 800),
    "detr_scenes": ("average_precision", 0.85, 600),
}
EVERY = [pytest.param(each, id=each.name) for each in checkpoints()]
CLASSIFIERS = [
    pytest.param(each, id=each.name)
    for each in checkpoints()
    if catalog.find(each.architecture).task == "classification"
]


def said(each: Checkpoint) -> dict[str, Any]:
    return json.loads((FOLDER / f"{each.name}.json").read_text())


def recipe(each: Checkpoint) -> RunConfig:
    return RunConfig.from_json(json.dumps(each.recipe))


# ------------------------------------------------------------------ what they reach


def test_every_checkpoint_has_a_floor_and_every_recipe_its_weights() -> None:
    assert {each.name for each in checkpoints()} == set(FLOORS)
    assert {file.stem for file in FOLDER.glob("*.json")} == set(FLOORS)


@pytest.mark.parametrize("each", EVERY)
def test_the_written_score_is_what_its_weights_reach(each: Checkpoint) -> None:
    training = Training(recipe(each), device="cpu")
    weights.load_state(training.approach.network, load_file(each.weights), each.name)
    name, floor, pictures = FLOORS[each.name]
    reached = training.evaluate()
    assert reached[name] >= floor
    assert len(training.validation) == each.score["pictures"] >= pictures
    written = {key: value for key, value in each.score.items() if key in reached}
    assert {"loss", name} <= written.keys()
    found = {key: reached[key] for key in written}
    assert written == pytest.approx(found, abs=1e-6, rel=1e-4)


@pytest.mark.parametrize("each", CLASSIFIERS)
def test_a_plain_count_of_right_answers_says_the_same(each: Checkpoint) -> None:
    """As a person would count who has the catalog only, and no training loop."""
    config = recipe(each)
    data = DATASETS.bind(config.dataset)()
    _, held_out = stratified(data.labels, config.validation, config.seed)
    model = catalog.build(each.architecture, weights="bundled").eval()
    preparation = catalog.preparation(each.architecture, "bundled")
    labels = catalog.labels(each.architecture, "bundled")
    right = 0
    for some in held_out.split(50):
        shown = [images.from_array(data.images[one].numpy()) for one in some]
        batch = torch.cat([images.prepare(one, preparation) for one in shown])
        with torch.inference_mode():
            answers = model(batch).argmax(1)
        named = [data.classes[one] for one in data.labels[some]]
        right += sum(labels[one] == name for one, name in zip(answers, named, strict=True))
    assert right / len(held_out) == pytest.approx(each.score["accuracy"], abs=1e-6)


@pytest.mark.parametrize("each", CLASSIFIERS)
def test_it_knows_what_it_learned_from_no_worse(each: Checkpoint) -> None:
    """A split mixed up would show: here training pictures would be the strange ones."""
    training = Training(recipe(each), device="cpu")
    weights.load_state(training.approach.network, load_file(each.weights), each.name)
    training.validation = training.train[:400]
    assert training.evaluate()["accuracy"] >= each.score["accuracy"] - 0.01


# ------------------------------------------------------------------ what they are


@pytest.mark.parametrize("each", EVERY)
def test_it_comes_with_its_options_labels_and_preparation(each: Checkpoint) -> None:
    model = catalog.build(each.architecture, weights="bundled")
    kept = load_file(each.weights)
    state = model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in kept.items())
    origin = weights.origin("bundled", each.architecture)
    assert origin is not None
    data = DATASETS.bind(Choice(each.dataset[0], each.dataset[1]))()
    assert origin.labels == catalog.labels(each.architecture, "bundled") == data.classes
    assert origin.preparation.image_size == data.image_size
    assert origin.preparation.mean == pytest.approx(data.mean_and_std()[0], rel=1e-5)
    assert each.recipe["options"].items() <= origin.options.items()
    without = catalog.build(each.architecture, weights="bundled", device="meta")
    assert [p.shape for p in without.parameters()] == [p.shape for p in model.parameters()]
    assert checkpoint(each.architecture) == each
    assert weights.choices(each.architecture)[0] == "bundled"


def test_they_are_small() -> None:
    sizes = [each.weights.stat().st_size for each in checkpoints()]
    assert max(sizes) < 3e6
    assert sum(sizes) < 8e6


@pytest.mark.parametrize("each", EVERY)
def test_the_written_command_is_its_recipe(each: Checkpoint) -> None:
    words = shlex.split(said(each)["command"])
    assert words[:4] == ["python", "-m", "cvexplore", "train"]
    parser = argparse.ArgumentParser()
    train.add(parser.add_subparsers())
    assert recipes.recipe(parser.parse_args(words[3:])).checked() == recipe(each).checked()


@pytest.mark.parametrize("each", EVERY)
def test_its_file_tells_the_data_and_the_cost(each: Checkpoint) -> None:
    text = said(each)
    data = DATASETS.bind(Choice(*each.dataset))()
    assert text["data"] == data.source
    assert text["learned_from"] + text["score"]["pictures"] == len(data.labels)
    count = sum(p.numel() for p in catalog.build(each.architecture, weights="bundled").parameters())
    assert text["parameters"] == count
    assert text["cpu_seconds"] is None or 0 < text["cpu_seconds"] < 1800


# ------------------------------------------------------------------ how they are made

TINY = {
    "architecture": "cvexplore/vit",
    "options": {"patch_size": 8, "width": 16, "depth": 1, "heads": 2, "stem": "convolutions"},
    "dataset": {"name": "shapes", "options": {"count": 80, "image_size": 16}},
    "epochs": 2,
    "weight_decay": 0.05,
    "seed": 3,
}


def test_a_title_and_a_recipe_are_enough(tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps({"title": "tiny", "recipe": TINY}))
    made = making.make(file)
    assert json.loads(file.read_text()) == made
    assert made["title"] == "tiny"
    assert (made["learned_from"], made["score"]["pictures"]) == (64, 16)
    first = file.with_suffix(".safetensors").read_bytes()
    assert making.make(file)["score"] == made["score"]  # from what it wrote itself
    assert file.with_suffix(".safetensors").read_bytes() == first


def test_what_is_there_can_be_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps({"title": "tiny", "recipe": TINY}))
    made = making.make(file)
    file.write_text(json.dumps({**made, "score": {}}))
    assert making.measure(file) == made
    changed = {"recipe": {**TINY, "options": {**TINY["options"], "depth": 2}}}
    file.write_text(json.dumps({**made, **changed}))
    with pytest.raises(WeightsError, match=r"tiny\.safetensors belongs to another network"):
        making.measure(file)


def test_the_command_trains_the_same_weights(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps({"title": "tiny", "recipe": TINY}))
    words = shlex.split(making.make(file)["command"])
    assert cvexplore_main(words[3:]) == 0
    run_id = capsys.readouterr().out.split()[-2]
    theirs = load_file(folders.run_weights(run_id))
    ours = load_file(file.with_suffix(".safetensors"))
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)


def test_a_recipe_that_is_not_there_is_said(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        making.main(["no_such"])
    assert "no recipe no_such; there are" in capsys.readouterr().err
