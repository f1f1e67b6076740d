"""Which pictures are learned from, against scikit-learn and against counting."""

from typing import Any

import pytest
import torch
from sklearn.model_selection import StratifiedKFold, train_test_split

from cvexplore.errors import OptionError
from cvexplore.training.config import RunConfig
from cvexplore.training.splits import shuffled, split, steps_per_epoch, stratified

# How many pictures each class has.
EVEN = (40, 40, 40)
UNEVEN = (500, 50, 7, 2)
TINY = (2, 2, 3)


def labels_of(counts: tuple[int, ...]) -> torch.Tensor:
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))]


@pytest.mark.parametrize("counts", [EVEN, UNEVEN, TINY])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_each_picture_is_on_one_side_and_each_class_on_both(
    counts: tuple[int, ...], share: float
) -> None:
    labels = labels_of(counts)
    training, validation = stratified(labels, share, seed=0)
    assert sorted([*training.tolist(), *validation.tolist()]) == list(range(len(labels)))
    for side in (training, validation):
        assert set(labels[side].tolist()) == set(range(len(counts)))


@pytest.mark.parametrize("counts", [EVEN, UNEVEN])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.35, 0.5])
def test_classes_share_as_in_scikit_learn(counts: tuple[int, ...], share: float) -> None:
    labels = labels_of(counts)
    _, validation = stratified(labels, share, seed=0)
    _, theirs = train_test_split(labels.numpy(), test_size=share, stratify=labels, random_state=0)
    ours = labels[validation].bincount(minlength=len(counts))
    expected = torch.from_numpy(theirs).bincount(minlength=len(counts))
    assert (ours - expected).abs().max() <= 1  # they round the whole, we round each class


def test_a_class_of_one_picture_is_learned_from() -> None:
    training, validation = stratified(torch.tensor([0, 0, 0, 0, 1]), 0.5, seed=0)
    assert 4 in training
    assert len(validation) == 2


def test_the_seed_decides_the_split() -> None:
    labels = labels_of(UNEVEN)
    first, again, other = (stratified(labels, 0.2, seed)[1].tolist() for seed in (3, 3, 4))
    assert first == again != other


def test_a_split_follows_no_order_in_the_data() -> None:
    _, validation = stratified(torch.zeros(1000, dtype=torch.long), 0.2, seed=0)
    assert 400 < validation.float().mean() < 600


def test_an_epoch_is_a_permutation_that_seed_and_epoch_decide() -> None:
    indices = torch.arange(100, 200)
    first, again, later, other = (
        shuffled(indices, seed, epoch).tolist() for seed, epoch in ((5, 0), (5, 0), (5, 1), (6, 0))
    )
    assert sorted(first) == indices.tolist()
    assert first == again
    assert len({tuple(order) for order in (indices.tolist(), first, later, other)}) == 4


def test_the_largest_seed_is_not_too_large() -> None:
    assert len(shuffled(torch.arange(3), 2**31 - 1, 1000)) == 3


@pytest.mark.parametrize("images", [1, 2, 63, 64, 65, 66, 128, 129])
@pytest.mark.parametrize("size", [1, 2, 64])
def test_an_epoch_has_a_step_a_batch_but_a_single_picture_left_over(images: int, size: int) -> None:
    batches = list(torch.arange(images).split(size))
    if len(batches) > 1 and size > 1 == len(batches[-1]):
        batches.pop()
    assert steps_per_epoch(images, size) == len(batches)


# ------------------------------------------------------------------ the parts a recipe asks for

FOLDS = 5


def recipe(**fields: Any) -> RunConfig:
    return RunConfig(**fields)


def parts(labels: torch.Tensor, **fields: Any) -> list[list[int]]:
    found = split(labels, recipe(**fields))
    return [each.tolist() for each in (found.train, found.validation, found.test)]


@pytest.mark.parametrize("counts", [EVEN, UNEVEN, TINY])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("seed", [0, 7])
def test_a_plain_recipe_is_split_as_the_bundled_weights_were(
    counts: tuple[int, ...], share: float, seed: int
) -> None:
    labels = labels_of(counts)
    train, validation = stratified(labels, share, seed)
    found = parts(labels, validation=share, seed=seed)
    assert found == [train.tolist(), validation.tolist(), []]


def test_the_very_pictures_held_out_from_the_bundled_weights() -> None:
    """Their published scores are of these: scores of others would be of pictures they saw."""
    labels = torch.arange(10).repeat_interleave(500)
    _, validation = stratified(labels, 0.2, seed=0)
    kept = torch.ones(5000, dtype=torch.bool)
    random = torch.Generator().manual_seed(0)
    for label in range(10):  # how it was first written, and what the checkpoints were made with
        order = torch.randperm(500, generator=random)
        kept[label * 500 + order[:100]] = False
    assert validation.tolist() == (~kept).nonzero()[:, 0].tolist()


@pytest.mark.parametrize("how", ["stratified", "random"])
@pytest.mark.parametrize("test", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("folds", [0, 2, FOLDS])
def test_three_parts_hold_each_picture_once(how: Any, test: float, folds: int) -> None:
    labels = labels_of(UNEVEN)
    train, validation, held = parts(labels, split=how, test=test, folds=folds, fold=folds // 2)
    assert sorted([*train, *validation, *held]) == list(range(len(labels)))
    assert bool(held) == bool(test)
    for each in (train, validation, held):
        assert each == sorted(each)


@pytest.mark.parametrize("how", ["stratified", "random"])
def test_shares_are_of_all_pictures(how: Any) -> None:
    train, validation, test = parts(labels_of((100,) * 4), split=how, validation=0.2, test=0.3)
    assert [len(train), len(validation), len(test)] == [200, 80, 120]


def test_a_random_split_shares_classes_only_by_chance() -> None:
    labels = labels_of((50, 50))
    counts = {
        int((labels[torch.tensor(parts(labels, split="random", seed=seed)[1])] == 0).sum())
        for seed in range(20)
    }
    assert len(counts) > 3
    assert 6 <= sum(counts) / len(counts) <= 14  # about half of twenty


@pytest.mark.parametrize("test", [0.0, 0.2])
@pytest.mark.parametrize("how", ["stratified", "random"])
def test_folds_share_out_all_but_the_test(how: Any, test: float) -> None:
    labels = labels_of(UNEVEN)
    found = [
        parts(labels, split=how, test=test, folds=FOLDS, fold=fold, seed=3) for fold in range(FOLDS)
    ]
    assert all(each[2] == found[0][2] for each in found)  # one test for all of them
    held_out = [index for each in found for index in each[1]]
    assert sorted([*held_out, *found[0][2]]) == list(range(len(labels)))
    sizes = [len(each[1]) for each in found]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("counts", [EVEN, (500, 50, 7), (33, 21, 8)])
def test_folds_hold_as_many_of_each_class_as_scikit_learns(counts: tuple[int, ...]) -> None:
    labels = labels_of(counts)
    theirs = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    expected = [
        labels[torch.from_numpy(each)].bincount(minlength=len(counts))
        for _, each in theirs.split(labels.numpy(), labels.numpy())
    ]
    ours = [
        labels[split(labels, recipe(folds=FOLDS, fold=fold)).validation].bincount(
            minlength=len(counts)
        )
        for fold in range(FOLDS)
    ]
    for label in range(len(counts)):
        assert sorted(int(each[label]) for each in ours) == sorted(
            int(each[label]) for each in expected
        )


@pytest.mark.parametrize("fields", [{"test": 0.2}, {"folds": 4, "fold": 1}, {"split": "random"}])
def test_the_seed_decides_the_parts(fields: dict[str, Any]) -> None:
    labels = labels_of(EVEN)
    first, again, other = (parts(labels, seed=seed, **fields) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("how", ["stratified", "random"])
@pytest.mark.parametrize("folds", [0, 4])
def test_no_run_of_a_sweep_over_seeds_learns_from_what_the_best_is_tested_on(
    how: Any, folds: int
) -> None:
    labels = labels_of(UNEVEN)
    runs = [parts(labels, split=how, test=0.2, folds=folds, seed=seed) for seed in range(6)]
    tested = {index for _, _, test in runs for index in test}
    assert all(tested == set(test) for _, _, test in runs)
    assert not any(tested & {*train, *validation} for train, validation, _ in runs)
    assert len({tuple(validation) for _, validation, _ in runs}) > 1  # these still differ


def test_parts_that_leave_nothing_are_refused_with_what_to_do() -> None:
    with pytest.raises(OptionError, match=r"test share of 0\.5 leave no pictures"):
        split(labels_of(EVEN), recipe(validation=0.5, test=0.5))
    with pytest.raises(OptionError, match="2 pictures are too few"):
        split(torch.tensor([0, 1]), recipe())
    with pytest.raises(OptionError, match="3 pictures are too few"):
        split(torch.tensor([0, 1, 0]), recipe(folds=10, fold=9))
