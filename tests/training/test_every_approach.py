"""What holds for every way to learn: it starts, learns, goes on after a kill, leaves a network."""

import dataclasses
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch

from cvexplore import catalog
from cvexplore.__main__ import main
from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig, splits
from cvexplore.training.approaches import APPROACHES, standard
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.training.loop import Training
from tests.training.test_loop import known, through_a_file, values

NAMES = list(APPROACHES)
STEPS = 30
FEW = 400  # pictures of a data set that is drawn


def small(name: str, **changed: Any) -> RunConfig:
    """Return the standard recipe of an approach, made short."""
    config = standard(name)
    if "count" in {option.name for option in DATASETS.options(config.dataset.name)}:
        data = Choice(config.dataset.name, {**config.dataset.options, "count": FEW})
        config = replace(config, dataset=data)
    batch = min(config.batch_size, 32)
    short = {"steps": STEPS, "batch_size": batch, "every": 1000, "snapshots": 0}
    return replace(config, **short | changed)


@lru_cache(maxsize=4)
def dataset(config_json: str) -> Dataset:
    return DATASETS.bind(RunConfig.from_json(config_json).dataset)()


@pytest.mark.parametrize("name", NAMES)
def test_its_card_is_complete(name: str) -> None:
    card = APPROACHES[name].card
    for field in dataclasses.fields(card):
        assert getattr(card, field.name), field.name
    assert str(card.year) in card.source
    assert "…" not in card.idea


@pytest.mark.parametrize("name", NAMES)
def test_its_standard_recipe_is_a_recipe(name: str) -> None:
    config = standard(name).checked()
    assert config.approach == Choice(name)
    assert APPROACHES[name].not_applicable(config, dataset(config.to_json())) is None


@pytest.mark.parametrize("name", NAMES)
def test_its_loss_falls(name: str) -> None:
    """Over the run's first and last third: single steps are noisy, with few pictures the more."""
    points = list(Training(small(name, schedule=Choice("constant"))).points())
    losses = values(points, "loss")
    assert len(losses) == STEPS
    third = STEPS // 3
    assert sum(losses[-third:]) < sum(losses[:third])


@pytest.mark.parametrize("name", NAMES)
def test_it_goes_on_after_a_kill_to_the_same_numbers(name: str) -> None:
    config = small(name, steps=6)
    whole = Training(config)
    points, kept, count = [], {}, 0
    for point in whole.points():
        points.append(point)
        if point.step == 3 and point.name == "learning_rate":
            kept, count = through_a_file(whole.checkpoint()), len(points)
    again = Training(config)
    again.restore(kept)
    assert known(list(again.points())) == known(points[count:])


@pytest.mark.parametrize("name", ["mmd", "prototypical", "simclr", "relation"])
def test_frozen_statistics_are_the_same_after_a_kill(name: str) -> None:
    """A head that is looked for in the middle of learning must not wake a frozen layer."""
    config = small(name, steps=6, frozen=0.5)
    config = replace(config, options={**config.options, "batch_norm": True})
    whole = Training(config)
    kept = {}
    for point in whole.points():
        if point.step == 3 and point.name == "learning_rate":
            kept = through_a_file(whole.checkpoint())
    again = Training(config)
    again.restore(kept)
    list(again.points())
    expected = whole.approach.state_dict()
    for key, tensor in again.approach.state_dict().items():
        assert torch.equal(tensor, expected[key]), key


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_a_network_that_others_can_load(name: str, tmp_path: Path) -> None:
    training = Training(small(name, steps=2))
    list(training.points())
    file = tmp_path / "weights.safetensors"
    training.save(file)
    config = training.config
    options = catalog.origin_options(config.architecture, str(file))
    again = catalog.build(config.architecture, weights=str(file), **options).eval()
    picture = training.approach.example() + 0.5
    expected = training.measured.trained().eval()(picture)
    with torch.no_grad():
        found = again(picture)
    if isinstance(found, torch.Tensor):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    if APPROACHES[name].task == "classification":
        assert found.shape == (1, len(training.approach.names))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_why_it_cannot(name: str) -> None:
    """An optical-flow network takes two pictures and names nothing."""
    config = replace(standard(name), architecture="torchvision/raft_small", options={})
    try:
        reason = APPROACHES[name].not_applicable(config, dataset(standard(name).to_json()))
    except CvexploreError as error:
        reason = str(error)
    assert reason
    assert reason.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_measured_is_never_learned_from(name: str) -> None:
    config = small(name, test=0.1)
    parts = APPROACHES[name].divide(config, dataset(config.to_json()))
    held_out = torch.cat([parts.validation, parts.test])
    assert len(parts.train)
    assert len(parts.validation)
    assert not set(parts.train.tolist()) & set(held_out.tolist())
    assert set(parts.labelled.tolist()) <= set(parts.train.tolist())


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_launched_by_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--steps", "2", "--batch-size", "16", "--every", "1000", "--snapshots", "2"]
    assert main(["train", "--approach", name, *few, "--json"]) == 0
    assert '"split": "validation", "name": "loss"' in capsys.readouterr().out


def test_the_few_are_among_the_many() -> None:
    labels = torch.arange(1000) % 10
    train = torch.arange(0, 1000, 2)[:450]
    one, five = (splits.few(labels, train, count, seed=3) for count in (1, 5))
    assert labels[one].bincount(minlength=10).tolist() == [1, 0] * 5
    assert labels[five].bincount(minlength=10).tolist() == [5, 0] * 5
    assert set(one.tolist()) < set(five.tolist()) < set(train.tolist())
    assert torch.equal(splits.few(labels, train, 0, seed=3), train)
    assert not torch.equal(splits.few(labels, train, 5, seed=4), five)
