"""Runs that start from what another one learned."""

from typing import Any

import pytest
import torch

from cvexplore import catalog, folders
from cvexplore.catalog import weights
from cvexplore.errors import WeightsError
from cvexplore.plugins import Choice
from cvexplore.training.loop import Training
from tests.training.test_loop import TINY, recipe


def learned(name: str, **changed: Any) -> dict[str, torch.Tensor]:
    """Leave the weights of a run under this name, and return them."""
    training = Training(recipe(steps=2, **changed))
    list(training.points())
    path = folders.run_weights(name)
    path.parent.mkdir(parents=True)
    training.save(path)
    return weights.read(path)


def start(name: str, **changed: Any) -> Training:
    return Training(recipe(weights=f"run:{name}", options={}, **changed))


def test_a_head_of_another_shape_is_drawn_anew_and_all_else_is_kept() -> None:
    given = learned("20260101-ten", dataset=Choice("digits", {"image_size": 16}))
    training = start("20260101-ten", dataset=Choice("digits", {"image_size": 16}))
    for name, tensor in training.approach.network.state_dict().items():
        assert torch.equal(tensor, given[name]), name  # ten classes again: the head is kept
    for seed in (0, 1):
        config = {"dataset": Choice("scenes", {"image_size": 16, "count": 60}), "seed": seed}
        with pytest.raises(Exception, match="channels is 1, but that of the pictures is 3"):
            start("20260101-ten", **config)


def test_grey_pictures_are_shown_to_a_network_that_learned_colours_as_it_knows_them() -> None:
    given = learned("20260101-colour")  # four shapes, in colour
    training = start("20260101-colour", dataset=Choice("digits", {"image_size": 16}), steps=2)
    own = training.approach.network.state_dict()
    for name, tensor in own.items():
        if name.startswith("classifier.4"):
            assert len(tensor) == 10
        else:
            assert torch.equal(tensor, given[name]), name
    origin = weights.origin("run:20260101-colour")
    assert origin is not None
    assert training.approach.preparation.mean == origin.preparation.mean
    assert training.approach.preparation.std == origin.preparation.std
    (batch,) = training.approach.batches(torch.arange(3), 3)
    grey = training.approach.dataset.images[:3].float() / 255
    mean, std = (
        torch.tensor(each)[:, None, None]
        for each in (training.approach.preparation.mean, training.approach.preparation.std)
    )
    torch.testing.assert_close(batch.images, (grey - mean) / std, atol=1e-6, rtol=1e-6)
    list(training.points())
    path = folders.run_weights("20260101-again")
    path.parent.mkdir(parents=True)
    training.save(path)
    network = catalog.build("cvexplore/simple_cnn", weights="run:20260101-again")
    assert torch.equal(network.state_dict()["classifier.4.bias"], own["classifier.4.bias"])


def test_a_new_head_is_the_seeds() -> None:
    learned("20260101-four")
    digits = Choice("digits", {"image_size": 16})
    heads = [
        start("20260101-four", dataset=digits, seed=seed).approach.network.state_dict()
        for seed in (1, 1, 2)
    ]
    assert torch.equal(heads[0]["classifier.4.weight"], heads[1]["classifier.4.weight"])
    assert not torch.equal(heads[0]["classifier.4.weight"], heads[2]["classifier.4.weight"])


def test_bundled_weights_know_their_own_pictures_before_the_first_step() -> None:
    training = Training(recipe(weights="bundled", options={}, dataset=Choice("mnist_5k"), steps=1))
    training.validation = training.validation[::5]
    assert training.evaluate()["accuracy"] > 0.95
    assert (
        training.approach.preparation.mean
        == catalog.preparation("cvexplore/simple_cnn", "bundled").mean
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"dataset": Choice("shapes", {"image_size": 24})}, "classifier.1.weight has shape"),
        ({"options": {"width": 6}}, "features.0.weight has shape (4, 3, 3, 3), not (6, 3, 3, 3)"),
        ({"options": {"batch_norm": True}}, "have no features."),
        ({"architecture": "cvexplore/resnet"}, "of cvexplore/simple_cnn, not of cvexplore/resnet"),
        ({"weights": "run:20260101-none"}, "Run 20260101-none has no weights (yet)"),
    ],
)
def test_weights_of_another_network_are_refused_with_the_reason(
    changed: dict[str, Any], says: str
) -> None:
    learned("20260101-four", options=TINY)
    with pytest.raises(WeightsError) as caught:
        Training(recipe(**{"weights": "run:20260101-four", "options": {}, **changed}))
    assert says in str(caught.value)
