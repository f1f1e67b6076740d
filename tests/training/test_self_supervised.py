"""Learning from pictures alone: the contrastive loss, the probes, and the network that is left."""

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches.simclr import VIEWS, nt_xent
from cvexplore.training.loop import Training
from cvexplore.training.probing import linear_probe, nearest_neighbours
from cvexplore.training.self_supervised import SelfSupervised

TINY = {"width": 4, "hidden": 16}


def recipe(**changed: Any) -> RunConfig:
    """Return a recipe of SimCLR on a few small pictures."""
    standard: dict[str, Any] = {
        "approach": Choice("simclr"),
        "options": TINY,
        "dataset": Choice("shapes", {"count": 120, "image_size": 16}),
        "augmentations": VIEWS,
        "batch_size": 32,
        "epochs": 2,
    }
    return RunConfig(**standard | changed)


def trained(**changed: Any) -> tuple[Training, SelfSupervised]:
    training = Training(recipe(**changed))
    list(training.points())
    assert isinstance(training.measured, SelfSupervised)
    return training, training.measured


def drawn(*size: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*size, generator=random, dtype=torch.float64)


# ------------------------------------------------------------------ NT-Xent


def nt_xent_by_hand(first: Tensor, second: Tensor, temperature: float) -> tuple[float, float]:
    """Algorithm 1 of the SimCLR paper: views 2k - 1 and 2k are of one picture."""
    views = [view.numpy() for pair in zip(first, second, strict=True) for view in pair]
    count = len(views)
    alike = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            lengths = np.linalg.norm(views[i]) * np.linalg.norm(views[j])
            alike[i, j] = views[i] @ views[j] / lengths

    def loss(i: int, j: int) -> float:
        others = sum(math.exp(alike[i, k] / temperature) for k in range(count) if k != i)
        return -math.log(math.exp(alike[i, j] / temperature) / others)

    def finds(i: int, j: int) -> bool:
        return j == max((k for k in range(count) if k != i), key=lambda k: alike[i, k])

    pairs = [(2 * k, 2 * k + 1) for k in range(count // 2)]
    both = [pair for i, j in pairs for pair in ((i, j), (j, i))]
    return sum(loss(*pair) for pair in both) / count, sum(finds(*pair) for pair in both) / count


@pytest.mark.parametrize("temperature", [0.07, 0.5, 1.0])
@pytest.mark.parametrize("count", [2, 7])
def test_nt_xent_is_that_of_the_paper(count: int, temperature: float) -> None:
    first = drawn(count, 5)
    second = first + 0.8 * drawn(count, 5, seed=1)
    loss, matched = nt_xent_by_hand(first, second, temperature)
    found = nt_xent(first, second, temperature)
    assert found["loss"].item() == pytest.approx(loss, abs=1e-6)
    assert found["matched"].item() == pytest.approx(matched, abs=1e-6)


def test_nt_xent_of_views_that_are_all_alike_is_that_of_guessing() -> None:
    same = torch.ones(6, 4, dtype=torch.float64)
    assert nt_xent(same, same, 0.2)["loss"].item() == pytest.approx(math.log(11))


# ------------------------------------------------------------------ the probes


@pytest.mark.parametrize("decay", [1e-3, 1e-1])
def test_the_linear_probe_is_logistic_regression(decay: float) -> None:
    labels = torch.arange(90) % 3
    features = (drawn(90, 6) + F.one_hot(labels, 6) * 1.5) * torch.arange(1, 7) + 4
    weight = linear_probe(features, labels, 3, decay)
    long = F.normalize(features.double(), dim=1) * 6**0.5
    oracle = LogisticRegression(C=1 / (90 * decay), fit_intercept=False, tol=1e-10, max_iter=10_000)
    oracle.fit(long.numpy(), labels.numpy())
    scale = 6**0.5 / features.double().norm(dim=1).mean().item()
    np.testing.assert_allclose(weight.numpy(), oracle.coef_ * scale, atol=1e-3)
    found = (features.float() @ weight.T).argmax(1).numpy()
    assert (found == oracle.predict(long.numpy())).all()


def test_the_probe_goes_by_directions_alone() -> None:
    features, labels = drawn(90, 6) + 1, torch.arange(90) % 3
    lengths = torch.linspace(0.5, 20, 90)[:, None]
    one, other = (linear_probe(each, labels, 3) for each in (features, features * lengths))
    torch.testing.assert_close(
        F.normalize(one.flatten(), dim=0), F.normalize(other.flatten(), dim=0)
    )


@pytest.mark.parametrize("count", [1, 5, 20])
def test_the_nearest_neighbours_are_those_of_scikit_learn(count: int) -> None:
    labels = torch.arange(60) % 4
    known = drawn(60, 8) + F.one_hot(labels, 8)
    asked = drawn(40, 8, seed=1)
    oracle = KNeighborsClassifier(count, metric="cosine").fit(known.numpy(), labels.numpy())
    votes = oracle.predict_proba(asked.numpy())
    found = nearest_neighbours(known, labels, asked, count)
    clear = np.sort(votes, axis=1)[:, -1] > np.sort(votes, axis=1)[:, -2]
    assert clear.sum() > 20
    assert found.numpy()[clear].tolist() == votes.argmax(1)[clear].tolist()
    most = votes.max(1)  # where several have as many votes, it is one of those
    np.testing.assert_allclose(votes[range(40), found.numpy()], most)


def test_with_fewer_known_than_neighbours_all_vote() -> None:
    known = torch.eye(3)
    found = nearest_neighbours(known, torch.tensor([1, 1, 0]), torch.eye(3), count=20)
    assert found.tolist() == [1, 1, 1]


# ------------------------------------------------------------------ what a run leaves


@pytest.mark.parametrize("labels", [0, 3])
def test_the_network_left_behind_is_as_good_as_was_measured(labels: int) -> None:
    training, approach = trained(labels=labels, dataset=Choice("digits"), steps=3)
    network = approach.trained().eval()
    order = training.validation
    images = approach.prepared(approach.drawn(order).images)
    with torch.no_grad():
        right = network(images).argmax(1) == training.approach.dataset.labels[order]
    accuracy = training.evaluate()["accuracy"]
    assert right.double().mean().item() == pytest.approx(accuracy, abs=1e-9)
    assert accuracy > 0.3  # of 10 classes, so the test says something


def test_the_probe_only_sees_labelled_pictures() -> None:
    """What is measured does not change when all other labels do."""
    training, approach = trained(labels=3)
    before = training.evaluate()["accuracy"]
    labels, few = approach.dataset.labels, approach.parts.labelled
    kept = torch.cat([few, training.validation])
    hidden = torch.ones(len(labels), dtype=torch.bool).index_fill(0, kept, value=False)
    assert hidden.sum() > 50
    was = labels.clone()
    try:
        labels[hidden] = 0
        assert training.evaluate()["accuracy"] == before
        labels[few] = 0
        assert training.evaluate()["accuracy"] != before
    finally:
        labels.copy_(was)


def test_learning_leaves_the_old_head_alone_and_moves_the_features() -> None:
    training = Training(recipe())
    approach = training.approach
    was = {name: value.clone() for name, value in approach.network.state_dict().items()}
    training = Training(recipe(weight_decay=0.0))
    list(training.points())
    now = training.approach.network.state_dict()
    head = training.approach.head_path
    changed = {name for name, value in now.items() if not torch.equal(value, was[name])}
    assert changed
    assert not any(name.startswith(head) for name in changed)


def test_two_views_differ_and_come_back_after_a_kill() -> None:
    approach: Any = Training(recipe()).approach.train()
    order = torch.arange(8)
    (one,), (same,) = (list(approach.batches(order, 8, first=5)) for _ in range(2))
    (other,) = approach.batches(order, 8, first=6)
    assert not torch.equal(one.first, one.second)
    assert torch.equal(one.first, same.first)
    assert torch.equal(one.second, same.second)
    assert not torch.equal(one.first, other.first)
    plain = approach.prepared(approach.drawn(order).images)
    assert torch.equal(one.images, plain)
