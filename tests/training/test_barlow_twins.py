"""Barlow Twins' loss as a slow loop, and where it is nothing."""

import numpy as np
import pytest
import torch
from torch import Tensor

from cvexplore.training.approaches.barlow_twins import redundancy_reduction


def drawn(*size: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*size, generator=random, dtype=torch.float64)


@pytest.mark.parametrize("weight", [0.0, 0.005, 1.0])
def test_the_loss_is_that_of_the_paper(weight: float) -> None:
    first = drawn(9, 4) * torch.tensor([1.0, 5.0, 0.3, 2.0]) + 3
    second = first + drawn(9, 4, seed=1)

    def correlation(i: int, j: int) -> float:
        one, other = (values - values.mean() for values in (first[:, i], second[:, j]))
        above = sum((one[b] * other[b]).item() for b in range(9))
        below = (sum(one**2).item() ** 0.5) * (sum(other**2).item() ** 0.5)
        return above / below

    invariance = sum((1 - correlation(i, i)) ** 2 for i in range(4))
    redundancy = sum(correlation(i, j) ** 2 for i in range(4) for j in range(4) if i != j)
    # To a spread that is nothing beside 1, which keeps numbers that do not vary from dividing by 0.
    found = redundancy_reduction(first * 1e3, second * 1e3, weight)
    assert found["invariance"].item() == pytest.approx(invariance, abs=1e-6)
    assert found["redundancy"].item() == pytest.approx(redundancy, abs=1e-6)
    assert found["loss"].item() == pytest.approx(invariance + weight * redundancy, abs=1e-6)


def test_correlations_are_numpys() -> None:
    first, second = drawn(20, 3), drawn(20, 3, seed=1)
    square = np.corrcoef(first.T.numpy(), second.T.numpy())[:3, 3:]
    found = redundancy_reduction(first * 1e3, second * 1e3, 1.0)["loss"].item()
    assert found == pytest.approx(((square - np.eye(3)) ** 2).sum(), abs=1e-6)


def test_views_that_agree_and_numbers_that_differ_cost_nothing() -> None:
    """Columns of a Hadamard matrix have nothing in common."""
    two = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
    values = torch.kron(torch.kron(two, two), two)[:, 1:] * 1e3
    assert redundancy_reduction(values, values, 1.0)["loss"].item() == pytest.approx(0, abs=1e-9)


def test_collapsed_features_cost_all_of_the_diagonal() -> None:
    same = torch.ones(8, 5)
    found = redundancy_reduction(same, same, 0.005)
    assert found["invariance"].item() == pytest.approx(5)
    assert found["redundancy"].item() == pytest.approx(0)
