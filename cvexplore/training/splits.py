"""Which pictures are learned from, which are measured on meanwhile, and which only at the end."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from cvexplore.errors import OptionError
from cvexplore.training.config import RunConfig

_TEST_SEED = 0  # of every recipe: else the best of a sweep is tested on what others learned from


@dataclass(frozen=True)
class Split:
    """Indices of a data set's pictures in three parts; each picture is in one of them.

    Args:
        train: what is learned from.
        validation: what is measured while it learns, and decides which run is best.
        test: what is measured once, at the very end; often empty.
        labelled: those to learn from whose class is known; all of them unless the recipe says less.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    labelled: Tensor = field(default_factory=lambda: torch.arange(0))


def split(labels: Tensor, config: RunConfig) -> Split:
    """Return the three parts a recipe asks for; the shares are of all pictures.

    The test is drawn first and with a seed of its own, so that all runs on these pictures with this
    test share hold the same ones out: the best of several seeds is chosen by none of them. The
    recipe's seed shares out the rest. With folds, what the test leaves is dealt into that many
    parts, and this run's is measured on.

    Shape: (N,) -> three index tensors, sorted, that together hold 0..N-1 once each; the labelled
        ones are a part of the first

    Raises:
        OptionError: the parts asked for leave nothing to learn from, or nothing to measure on.
    """
    hold_out = stratified if config.split == "stratified" else randomly
    left = 1 - config.test
    if not config.folds and config.validation >= left - 1e-9:
        raise OptionError(
            f"A validation share of {config.validation:g} and a test share of {config.test:g} "
            "leave no pictures to learn from: lower one of them."
        )
    rest, test = torch.arange(len(labels)), torch.arange(0)
    if config.test:
        rest, test = hold_out(labels, config.test, _TEST_SEED)
    if config.folds:
        held_out = _fold(labels[rest], config)
        train, validation = rest[~held_out], rest[held_out]
    else:
        share = config.validation / left
        train, validation = (rest[each] for each in hold_out(labels[rest], share, config.seed))
    if not len(train) or not len(validation):
        raise OptionError(
            f"{len(labels)} pictures are too few for these parts: bring more, or ask for fewer "
            "folds or a smaller test."
        )
    return Split(train, validation, test, few(labels, train, config.labels, config.seed))


def few(labels: Tensor, train: Tensor, count: int, seed: int) -> Tensor:
    """Return ``count`` pictures of each class, all where that is 0 or a class has no more.

    With the same seed the few are among the many, so that results can be compared.

    Shape: (N,), (T,) -> (at most T,), sorted
    """
    if not count:
        return train
    random = torch.Generator().manual_seed(seed)
    kept = [members[:count] for members in _members(labels[train], random)]
    return train[torch.cat(kept)].sort().values


def stratified(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return (training, validation) indices; each class gives the same share, at least one picture.

    Shape: (N,) -> two index tensors that together hold 0..N-1 once each
    """
    random = torch.Generator().manual_seed(seed)
    held_out = []
    for members in _members(labels, random):
        count = min(max(1, round(share * len(members))), len(members) - 1)
        held_out.append(members[:count])
    return _apart(torch.cat(held_out), len(labels))


def randomly(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return (training, validation) indices drawn from all pictures, whatever their class.

    Shape: (N,) -> two index tensors that together hold 0..N-1 once each
    """
    random = torch.Generator().manual_seed(seed)
    count = min(max(1, round(share * len(labels))), len(labels) - 1)
    return _apart(torch.randperm(len(labels), generator=random)[:count], len(labels))


def _apart(held_out: Tensor, count: int) -> tuple[Tensor, Tensor]:
    kept = torch.ones(count, dtype=torch.bool)
    kept[held_out] = False
    return kept.nonzero()[:, 0], held_out.sort().values


def _members(labels: Tensor, random: torch.Generator) -> list[Tensor]:
    """Return each class's pictures in random order."""
    found = []
    for label in labels.unique():
        members = (labels == label).nonzero()[:, 0]
        found.append(members[torch.randperm(len(members), generator=random)])
    return found


def _fold(labels: Tensor, config: RunConfig) -> Tensor:
    """Return which pictures this run's fold holds out.

    Pictures are dealt like cards, class after class, so that folds are of one size, and classes in
    them too, both to within one picture.

    Shape: (N,) -> (N,), bool
    """
    random = torch.Generator().manual_seed(config.seed)
    if config.split == "stratified":
        order = torch.cat(_members(labels, random))
    else:
        order = torch.randperm(len(labels), generator=random)
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    held_out[order[config.fold :: config.folds]] = True
    return held_out


def shuffled(indices: Tensor, seed: int, epoch: int) -> Tensor:
    """Return the indices in the order of this epoch: the same for the same seed, on any machine."""
    random = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return indices[torch.randperm(len(indices), generator=random)]


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return the optimiser steps of one pass.

    A single image left over makes no batch: batch normalisation has no spread to measure in it.
    """
    whole, rest = divmod(images, batch_size)
    return max(1, whole + (rest > 1))
