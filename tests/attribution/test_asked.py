"""A question answers for itself: whatever state the network is in, and only where it fits."""

import copy

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import METHODS, Asked, attribute
from cvexplore.attribution.structure import structure
from cvexplore.errors import LayerError, OptionError
from cvexplore.plugins import Choice


class Attending(nn.Module):
    """What asks most of a question: statistics, dropout, a computed weight, attention."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.first = nn.Conv2d(8, 8, 3, padding=1)
        self.scale = nn.Parameter(torch.rand(8, 1, 1))
        self.attention = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        """Return five scores. Shape: (B, 3, H, W) -> (B, 5)"""
        maps = self.first(self.stem(images)) * torch.sigmoid(self.scale)
        tokens = maps.flatten(2).mT
        tokens = tokens + self.attention(tokens, tokens, tokens)[0]
        return self.head(self.drop(tokens.mean(1)))


def networks() -> tuple[nn.Module, nn.Module]:
    """Return the same network twice: frozen in evaluation mode, and as it is while training."""
    torch.manual_seed(0)
    training = Attending().train()
    training(torch.randn(8, 3, 16, 16))  # so that the running statistics are not those of a batch
    return copy.deepcopy(training).eval().requires_grad_(False), training


def asking(model: nn.Module) -> Asked:
    return Asked(model, torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1)), 3)


@pytest.mark.parametrize("name", METHODS)
def test_a_network_in_training_is_explained_as_it_will_be_and_stays_as_it_is(name: str) -> None:
    frozen, training = networks()
    before = {key: value.clone() for key, value in training.state_dict().items()}
    choice = Choice(name)
    expected, found = (attribute(asking(model), choice) for model in (frozen, training))
    torch.testing.assert_close(found.values, expected.values)
    assert found.completeness == expected.completeness
    assert not found.values.requires_grad
    assert all(each.grad is None and each.requires_grad for each in training.parameters())
    assert all(module.training for module in training.modules())
    assert all(torch.equal(value, before[key]) for key, value in training.state_dict().items())


def test_what_a_network_is_made_of_does_not_depend_on_its_being_frozen() -> None:
    frozen, training = networks()
    assert structure(asking(frozen)) == structure(asking(training))
    assert structure(asking(training)).calls == {"ReLU": 1, "softmax": 1, "product": 2}


def test_one_part_left_in_training_is_enough_to_ask_a_copy() -> None:
    frozen, _ = networks()
    asked = asking(frozen)
    expected = asked.score(asked.image)
    frozen.get_submodule("drop").train()
    again = asking(frozen)
    assert torch.equal(again.score(again.image), expected)
    assert frozen.get_submodule("drop").training


def test_scores_are_of_every_class_in_batches_and_counted() -> None:
    frozen, _ = networks()
    asked, images = asking(frozen).of(batch=3), torch.randn(7, 3, 16, 16)
    found = asked.scores(images)
    assert asked.passes.count == 7
    torch.testing.assert_close(found, frozen(images))
    assert torch.equal(asked.score(images), found[:, 3])


def test_a_mean_for_other_channels_is_refused_before_it_spreads_over_grey() -> None:
    grey = Asked(nn.Identity(), torch.rand(1, 1, 8, 8), 0)
    with pytest.raises(OptionError, match="1 channels, but std has 3"):
        grey.pixels()
    assert grey.of(mean=(0.5,), std=(0.5,)).pixels().shape == (1, 1, 8, 8)


def test_what_is_no_classifier_has_no_score() -> None:
    asked = Asked(nn.Identity(), torch.rand(1, 3, 8, 8), 0)
    with pytest.raises(LayerError, match="one score a class"):
        asked.score(asked.image)
