"""MAE: the encoder sees visible patches alone, the loss is of the hidden ones, others go on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from cvexplore import folders
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig, masking
from cvexplore.training.approaches import APPROACHES
from cvexplore.training.approaches.mae import MAE, Masked
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training

VIT = {"patch_size": 4, "width": 32, "depth": 2, "heads": 2}


def recipe(**changed: Any) -> RunConfig:
    """Return a recipe of MAE on a few small pictures of 16 patches."""
    standard: dict[str, Any] = {
        "architecture": "cvexplore/vit",
        "options": VIT,
        "approach": Choice("mae", {"decoder_width": 32, "decoder_depth": 1}),
        "dataset": Choice("shapes", {"count": 120, "image_size": 16}),
        "batch_size": 32,
        "steps": 3,
    }
    return RunConfig(**standard | changed)


def learner(**changed: Any) -> Any:
    approach = Training(recipe(**changed)).approach
    assert isinstance(approach, MAE)
    return approach.eval()


def batch_of(approach: Any, count: int = 6) -> Masked:
    return next(approach.batches(torch.arange(count), count))


def with_pixels_changed(images: Tensor, patches: Tensor, size: int = 4) -> Tensor:
    """Return images with other pixels in these patches. Shape: (B, N), bool"""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(9))
    spots = masking.pictures(patches[:, :, None].expand(-1, -1, size**2), size, 1)
    return torch.where(spots, noise, images)


def test_the_encoder_sees_visible_patches_and_nothing_of_the_others() -> None:
    approach = learner()
    batch = batch_of(approach)
    hidden = batch.mask.hidden
    seen = approach.encode(batch.images, batch.mask)
    assert seen.shape == (6, 1 + 4, 32)
    other = with_pixels_changed(batch.images, hidden)
    assert not torch.equal(other, batch.images)
    assert torch.equal(approach.encode(other, batch.mask), seen)
    other = with_pixels_changed(batch.images, ~hidden)
    assert not torch.allclose(approach.encode(other, batch.mask), seen, atol=1e-2)


def test_with_nothing_hidden_the_encoder_is_the_network() -> None:
    """Its class token then is what comes into the network's head."""
    approach = learner()
    images = batch_of(approach).images
    everything = torch.arange(16).expand(len(images), -1)
    mask = masking.Mask(everything, torch.zeros(everything.shape, dtype=torch.bool))
    torch.testing.assert_close(approach.encode(images, mask)[:, 0], approach.features(images))


@pytest.mark.parametrize("normalised", [False, True])
def test_the_loss_is_that_of_the_paper(normalised: bool) -> None:
    approach = learner(approach=Choice("mae", {"normalised": normalised})).double()
    batch = batch_of(approach)
    images = batch.images.double()
    mask = batch.mask
    drawn = approach.decode(approach.encode(images, mask), mask)
    squares = []
    for picture in range(6):
        for patch in range(16):
            top, left = (4 * place for place in divmod(patch, 4))
            pixels = images[picture, :, top : top + 4, left : left + 4]
            wanted = pixels.permute(1, 2, 0).flatten()  # the paper's code counts channels last
            if normalised:
                wanted = (wanted - wanted.mean()) / (wanted.var() + 1e-6).sqrt()
            if mask.hidden[picture, patch]:
                squares.append((drawn[picture, patch] - wanted).square().mean().item())
    loss = approach.loss(replace(batch, images=images))["loss"].item()
    assert loss == pytest.approx(sum(squares) / len(squares), abs=1e-6)


def test_measuring_hides_the_same_patches_each_time_and_learning_others() -> None:
    approach = learner()
    assert torch.equal(batch_of(approach).mask.hidden, batch_of(approach).mask.hidden)
    one, other = (
        next(approach.train().batches(torch.arange(6), 6, first)).mask.hidden for first in (0, 1)
    )
    assert not torch.equal(one, other)


@pytest.mark.parametrize("normalised", [False, True])
def test_a_reconstruction_keeps_what_was_seen(normalised: bool) -> None:
    approach = learner(approach=Choice("mae", {"normalised": normalised}))
    images = approach.drawn(torch.arange(5)).images
    found = approach.reconstruct(images, torch.Generator().manual_seed(3))
    hidden = found.hidden.expand_as(images)
    assert found.hidden.sum((1, 2, 3)).tolist() == [12 * 16] * 5
    assert torch.equal(found.drawn[~hidden], images[~hidden])
    assert torch.equal(found.masked[~hidden], images[~hidden])
    assert found.masked[hidden].unique().tolist() == [0.5]
    assert not torch.equal(found.drawn[hidden], images[hidden])
    assert (found.drawn >= 0).all()
    assert (found.drawn <= 1).all()
    errors = [(found.drawn[i] - images[i])[hidden[i]].square().mean().item() for i in range(5)]
    assert found.error.tolist() == pytest.approx(errors, abs=1e-6)
    one = approach.reconstruct(images, torch.Generator().manual_seed(3), ratio=0.05)
    assert one.hidden.sum((1, 2, 3)).tolist() == [16] * 5


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"architecture": "cvexplore/simple_cnn", "options": {}}, "choose cvexplore/vit"),
        ({"options": {**VIT, "stem": "convolutions"}}, "choose the stem patches"),
        ({"options": {**VIT, "patch_size": 16}}, "The whole picture is one patch"),
    ],
)
def test_it_says_which_networks_cannot(changed: dict[str, Any], reason: str) -> None:
    config = recipe(**changed)
    dataset = DATASETS.bind(config.dataset)()
    said = APPROACHES["mae"].not_applicable(config, dataset)
    assert said
    assert reason in said
    assert said.endswith(".")


def test_a_supervised_run_goes_on_from_what_it_learned() -> None:
    training = Training(recipe())
    list(training.points())
    file: Path = folders.runs() / "20260101-mae" / "weights.safetensors"
    file.parent.mkdir(parents=True)
    training.save(file)
    tuned = recipe(approach=Choice("supervised"), weights="run:20260101-mae", options={}, labels=2)
    after = Training(tuned)
    learned, taken = (each.approach.network.state_dict() for each in (training, after))
    assert learned.keys() == taken.keys()
    for name in learned:
        if not name.startswith("head."):
            assert torch.equal(learned[name], taken[name]), name
    assert after.evaluate()["accuracy"] == pytest.approx(training.evaluate()["accuracy"])
