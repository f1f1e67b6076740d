"""Episodes are fair, and each few-shot loss is what its paper says, computed the slow way."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.adaptation import adapted, answers
from cvexplore.training.approaches import APPROACHES, standard
from cvexplore.training.approaches.relation import comparing, related
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.training.episodes import Episode, Task, turn, turned
from cvexplore.training.few_shot import FewShot
from cvexplore.training.loop import Training
from cvexplore.training.nonfinite import Diverged
from cvexplore.training.prototypes import as_linear_map, prototypes, squared_distances

NAMES = ("prototypical", "nearest_centroid", "relation", "maml")
EPISODIC = ("prototypical", "relation", "maml")
NOVEL = {6, 7, 8, 9}


@cache
def digits() -> Dataset:
    return DATASETS.bind(Choice("digits"))()


def recipe(name: str, **options: Any) -> RunConfig:
    small = {"width": 4, "hidden": 16, "dropout": 0.0, "batch_norm": True}
    return replace(
        standard(name),
        approach=Choice(name, options),
        dataset=Choice("digits"),
        options=small,
    ).checked()


def few_shot(name: str, seed: int = 0, **options: Any) -> FewShot:
    torch.manual_seed(0)
    config = replace(recipe(name, **options), seed=seed)
    approach = APPROACHES.bind(config.approach)(config, digits())
    assert isinstance(approach, FewShot)
    return approach


def episodes(approach: FewShot, count: int) -> Iterator[Episode]:
    order = approach.parts.train if approach.training else approach.parts.validation
    for batch in approach.batches(order[: count * 8], 8):
        assert isinstance(batch, Episode)
        yield batch


# ------------------------------------------------------------------ episodes


@pytest.mark.parametrize("name", NAMES)
def test_novel_classes_are_never_learned_from(name: str) -> None:
    parts = few_shot(name).parts
    labels = digits().labels
    assert not set(labels[parts.train].tolist()) & NOVEL
    assert set(labels[parts.validation].tolist()) == NOVEL


@pytest.mark.parametrize("name", EPISODIC)
def test_an_episode_has_the_classes_and_pictures_that_were_asked_for(name: str) -> None:
    approach = few_shot(name, ways=4, shots=3, queries=2, turned=False).train()
    drawn = list(episodes(approach, 5))
    assert len(drawn) == 5
    for each in drawn:
        assert each.support_labels.bincount().tolist() == [3] * 4
        assert each.labels.bincount().tolist() == [2] * 4
        assert not set(each.shown.tolist()) & set(each.asked.tolist())
        assert len(set(each.shown.tolist())) == 12
        assert not set(digits().labels[torch.cat([each.shown, each.asked])].tolist()) & NOVEL


@pytest.mark.parametrize("name", EPISODIC)
def test_of_a_class_that_is_turned_no_picture_is_shown_and_asked(name: str) -> None:
    """Turned another way it may be both: then it is of another class."""
    approach = few_shot(name, ways=8, shots=3, queries=2, turned=True).train()
    for each in episodes(approach, 5):
        for which in range(8):
            shown = each.shown[each.support_labels == which]
            assert not set(shown.tolist()) & set(each.asked[each.labels == which].tolist())


@pytest.mark.parametrize("name", NAMES)
def test_it_is_asked_about_novel_classes_in_the_same_episodes_whatever_the_seed(name: str) -> None:
    one, other = ([few_shot(name, seed).eval().episode(each) for each in (0, 7)] for seed in (0, 5))
    for first, second in zip(one, other, strict=True):
        assert torch.equal(first.images, second.images)
        assert set(digits().labels[first.asked].tolist()) == NOVEL
        assert not set(first.shown.tolist()) & set(first.asked.tolist())
        same = digits().labels[first.shown][:, None] == digits().labels[first.asked]
        assert torch.equal(same, first.support_labels[:, None] == first.labels)
    assert not torch.equal(one[0].asked, one[1].asked)


@pytest.mark.parametrize(("name", "count"), [("prototypical", 100), ("maml", 40)])
def test_it_is_measured_on_many_episodes(name: str, count: int) -> None:
    approach = few_shot(name).eval()
    assert sum(1 for _ in approach.batches(approach.parts.validation, 64)) == count


@pytest.mark.parametrize("name", EPISODIC)
def test_an_episode_depends_on_the_seed_and_the_step_alone(name: str) -> None:
    first, again, other = (few_shot(name, seed).train() for seed in (0, 0, 1))
    order = first.parts.train[:24]
    later = list(first.batches(order, 8))[2]
    (alone,) = again.batches(order[16:], 8, first=2)
    assert torch.equal(later.images, alone.images)
    (different,) = other.batches(order[16:], 8, first=2)
    assert not torch.equal(later.images, different.images)


def test_fewer_shots_are_the_first_of_each_class() -> None:
    whole = few_shot("prototypical", shots=5).eval().episode(0)
    one = whole.with_shots(1)
    assert one.support_labels.tolist() == [0, 1, 2, 3]
    assert torch.equal(one.support, whole.support[::5])
    assert torch.equal(one.shown, whole.shown[::5])
    assert torch.equal(one.images, whole.images)


def test_a_turned_class_is_a_class_of_its_own() -> None:
    labels, order = torch.tensor([0, 1, 1]), torch.tensor([0, 2])
    named, places = turned(labels, order, 4)
    assert named.tolist() == [0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7]
    assert places.tolist() == [0, 2, 3, 5, 6, 8, 9, 11]
    picture = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    found = turn(picture.repeat(4, 1, 1, 1), torch.arange(4))
    assert found[:, 0].flatten(1).tolist() == [
        [1, 2, 3, 4],
        [2, 4, 1, 3],
        [4, 3, 2, 1],
        [3, 1, 4, 2],
    ]


def test_small_classes_give_what_they_have() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 1, 2, 3])
    random = torch.Generator().manual_seed(0)
    shown, asked, ways = Task(ways=5, shots=2, queries=9).drawn(labels, torch.arange(9), random)
    assert (ways, len(shown), len(asked)) == (2, 4, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"novel": 9}, "fewer than two"), ({"shots": 50}, "fewer shots")],
)
def test_it_says_when_there_are_too_few_classes_or_pictures(
    options: dict[str, int], said: str
) -> None:
    few = replace(digits(), images=digits().images[:300], labels=digits().labels[:300])
    reason = APPROACHES["prototypical"].not_applicable(recipe("prototypical", **options), few)
    assert reason
    assert said in reason


# ------------------------------------------------------------------ what the papers say


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("shots", [1, 5])
def test_prototypical_is_the_loop_of_the_paper(shots: int) -> None:
    """Algorithm 1 of arXiv 1703.05175: d + log of the sum of exp(−d), over all queries."""
    approach = few_shot("prototypical", shots=shots, ways=3, queries=4, scale=7.0).eval()
    episode = approach.episode(0)
    support = approach.features(episode.support).double()
    asked = approach.features(episode.images).double()
    total = 0.0
    for query, label in zip(asked, episode.labels.tolist(), strict=True):
        distances = []
        for which in range(episode.ways):
            members = support[episode.support_labels == which]
            mean = torch.tensor([sum(column) / len(members) for column in members.T.tolist()])
            distances.append(sum(each.item() ** 2 for each in query - mean) / 7.0)
        total += distances[label] + math.log(sum(math.exp(-each) for each in distances))
    assert approach.loss(episode)["loss"].item() == pytest.approx(total / len(asked), abs=1e-6)


def test_the_nearest_prototype_is_a_linear_map() -> None:
    features, means = drawn(20, 6), drawn(4, 6)
    weight, bias = as_linear_map(means, 3.0)
    linear = torch.softmax(features @ weight.T + bias, dim=1)
    torch.testing.assert_close(linear, torch.softmax(-squared_distances(features, means) / 3, 1))


def test_classes_may_have_different_numbers_of_pictures() -> None:
    means = prototypes(torch.tensor([[1.0], [3.0], [10.0]]), torch.tensor([0, 0, 1]), 2)
    assert means.tolist() == [[2.0], [10.0]]


@pytest.mark.parametrize("name", ["prototypical", "nearest_centroid", "relation"])
def test_the_network_it_leaves_answers_with_the_nearest_prototype(name: str) -> None:
    approach = few_shot(name).eval().requires_grad_(False)
    known = approach.prepared(approach.drawn(torch.arange(500)).images)
    features = approach.features(known)
    labelled = approach._known
    means = prototypes(
        approach.features(approach.prepared(approach.drawn(labelled).images)),
        digits().labels[labelled],
        10,
    )
    nearest = squared_distances(features, means).argmin(1)
    assert torch.equal(approach.trained().eval()(known).argmax(1), nearest)


def test_relation_is_the_loop_of_the_paper() -> None:
    """Equations 1 and 2 of arXiv 1711.06025, the mean over pairs instead of the sum."""
    approach = few_shot("relation")
    module = comparing(4, 5, (4, 4)).double().eval()
    means, asked, labels = drawn(3, 2, 4, 4), drawn(4, 2, 4, 4), torch.tensor([0, 2, 1, 1])
    errors = [
        (module(torch.cat([mean, query])[None]).item() - (which == label)) ** 2
        for query, label in zip(asked, labels.tolist(), strict=True)
        for which, mean in enumerate(means)
    ]
    found = approach.cost(related(module, means, asked), labels)
    assert found.item() == pytest.approx(sum(errors) / len(errors), abs=1e-6)


# ------------------------------------------------------------------ MAML

RATE, STEPS = 0.1, 3


def two_layers(images: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Return the answer of ``small_network`` with these weights."""
    return torch.tanh(images @ first.T) @ second.T


class SmallNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(drawn(5, 6))
        self.second = nn.Parameter(drawn(7, 5).flip(0))

    def forward(self, images: Tensor) -> Tensor:
        return two_layers(images, self.first, self.second)


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    rows = scores.exp()
    return -(rows[torch.arange(len(labels)), labels] / rows.sum(1)).log().mean()


TASK = (drawn(9, 6) + 0.3, torch.arange(9) % 3, drawn(12, 6) - 0.2, torch.arange(12) % 3)


@pytest.mark.parametrize("second_order", [True, False])
def test_maml_follows_the_gradient_of_the_paper(second_order: bool) -> None:
    """Algorithm 2 of arXiv 1703.03400: the inner loop by hand, on three of seven outputs.

    Of second order the gradient goes through the steps; of first it is that at their end.
    """
    support, support_labels, asked, labels = TASK
    network = SmallNetwork()
    weights = adapted(
        network, support, support_labels, ways=3, rate=RATE, steps=STEPS, second_order=second_order
    )
    cross_entropy(answers(network, weights, asked)[:, :3], labels).backward()

    begun = [each.detach().clone().requires_grad_() for each in network.parameters()]
    moved = begun
    for _ in range(STEPS):
        loss = cross_entropy(two_layers(support, *moved)[:, :3], support_labels)
        slopes = torch.autograd.grad(loss, moved, create_graph=True)
        moved = [each - RATE * slope for each, slope in zip(moved, slopes, strict=True)]
    if not second_order:
        begun = moved = [each.detach().requires_grad_() for each in moved]
    end = cross_entropy(two_layers(asked, *moved)[:, :3], labels)
    expected = torch.autograd.grad(end, begun)
    for own, value in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(own.grad, value, rtol=0, atol=1e-6)


def test_the_two_orders_differ() -> None:
    """Else the test above could not tell them apart."""
    found = []
    for second_order in (True, False):
        network = SmallNetwork()
        weights = adapted(
            network, *TASK[:2], ways=3, rate=RATE, steps=STEPS, second_order=second_order
        )
        cross_entropy(answers(network, weights, TASK[2])[:, :3], TASK[3]).backward()
        found.append(network.first.grad)
    assert not torch.allclose(*found, atol=1e-3)


@pytest.mark.parametrize("frozen", [False, True])
def test_asking_maml_changes_nothing_of_it(frozen: bool) -> None:
    """A cached approach is shared by sessions, has no gradients and is asked in inference mode."""
    approach = few_shot("maml", shots=2, asked_steps=4).eval().requires_grad_(not frozen)
    before = {name: each.clone() for name, each in approach.state_dict().items()}
    with torch.inference_mode():
        first = approach.answer(approach.episode(0))
        again = approach.answer(approach.episode(0))
    assert torch.equal(first, again)
    assert first.shape == (40, 4)
    for name, each in approach.state_dict().items():
        assert torch.equal(each, before[name]), name


def test_more_steps_fit_the_support_better() -> None:
    losses = []
    for steps in (1, 30):
        approach = few_shot("maml", asked_steps=steps, inner_rate=0.1).eval()
        episode = approach.episode(0)
        asked = replace(episode, images=episode.support, labels=episode.support_labels)
        losses.append(float(approach.loss(asked)["loss"]))
    assert losses[1] < losses[0] / 2


def test_maml_needs_an_output_a_class() -> None:
    reason = APPROACHES["maml"].not_applicable(recipe("maml", ways=11), digits())
    assert reason
    assert "10 scores" in reason


# ------------------------------------------------------------------ what cannot be asked


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"test": 0.05, "approach": Choice("prototypical", {"shots": 10})}, "novel test classes"),
        ({"augmentations": (Choice("cutmix"),)}, "mixes classes"),
        ({"augmentations": (Choice("mixup"),)}, "mixes classes"),
    ],
)
def test_what_an_episode_cannot_be_made_of_is_told(changed: dict[str, Any], said: str) -> None:
    config = replace(RunConfig(), approach=Choice("prototypical"), dataset=Choice("digits"))
    with pytest.raises(CvexploreError, match=said):
        Training(replace(config, **changed))


def test_a_class_that_nothing_is_known_of_is_told() -> None:
    """Its prototype would be no number, and the answer to every picture."""
    data = DATASETS.bind(Choice("digits", {"image_size": 8}))()
    first = (data.labels == 1).nonzero()[0]
    kept = torch.cat([(data.labels != 1).nonzero()[:, 0], first]).sort().values
    few = replace(data, images=data.images[kept], labels=data.labels[kept])
    config = RunConfig(dataset=Choice("digits"), approach=Choice("prototypical"), split="random")
    reasons = {
        APPROACHES["prototypical"].not_applicable(replace(config, seed=seed), few)
        for seed in range(12)
    }
    assert any(each and "No picture of 1 is left" in each for each in reasons)


def test_a_loss_that_is_no_number_is_told_with_its_episode() -> None:
    options = {"inner_rate": 10.0, "inner_steps": 1, "asked_steps": 60}
    config = replace(standard("maml"), approach=Choice("maml", options), steps=1, snapshots=0)
    training = Training(config)
    with pytest.raises(Diverged) as caught:
        list(training.points())
    labels = training.approach.dataset.labels[training.batch]
    assert set(labels.tolist()) <= {6, 7, 8, 9}
    assert "validation" in str(caught.value)
