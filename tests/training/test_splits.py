"""Which pictures are learned from, against scikit-learn and against counting."""

import pytest
import torch
from sklearn.model_selection import train_test_split

from cvexplore.training.splits import shuffled, steps_per_epoch, stratified

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
