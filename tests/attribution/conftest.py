"""Small networks, each with one thing that libraries stumble over, and a question about them."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.attribution import Asked


def convolutional(activation: Callable[[], nn.Module], *, pool: int = 2) -> nn.Module:
    """Return a network that Captum can do as it is: each activation is a module of its own."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        activation(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.MaxPool2d(pool, 2),
        nn.Conv2d(8, 8, 3),
        activation(),
        nn.Flatten(),
        nn.LazyLinear(5),
    )


class Awkward(nn.Module):
    """All that breaks hooks: one ReLU in place for two places, functions, a tensor used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.third = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 5)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, images: Tensor) -> Tensor:
        """Return five scores. Shape: (B, 3, H, W) -> (B, 5)"""
        maps = self.relu(self.first(images))
        sums = self.second(maps) + maps
        kept = sums * 1
        self.relu(sums)  # what it returns is not used: the sums themselves were overwritten
        sums = self.third(sums) + kept
        sums = F.max_pool2d(F.relu(sums), 3, 2, 1) + F.avg_pool2d(sums, 2)
        return self.head(torch.relu_(sums.mean((2, 3))))


class Gated(nn.Module):
    """What DeepLIFT has no rule for: normalisation over features, attention, and a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.norm = nn.LayerNorm(8)
        self.gate = nn.Linear(8, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        """Return five scores. Shape: (B, 3, H, W) -> (B, 5)"""
        tokens = self.norm(F.gelu(self.stem(images)).flatten(2).mT)
        tokens = (tokens @ tokens.mT).softmax(-1) @ tokens
        return self.head((tokens * torch.sigmoid(self.gate(tokens))).mean(1))


def asking(model: nn.Module, side: int = 16, target: int = 3) -> Asked:
    """Return the same question of random pixels each time."""
    pixels = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.eval()(pixels.clone())  # a lazy layer takes shape
    asked = Asked(model.requires_grad_(False), pixels, target)
    return asked.of(image=asked.normalised(pixels))


@pytest.fixture
def awkward() -> Asked:
    """Return a question to a network that breaks hooks."""
    torch.manual_seed(0)
    return asking(Awkward())


@pytest.fixture
def gated() -> Asked:
    """Return a question to a network that DeepLIFT has no rules for."""
    torch.manual_seed(0)
    return asking(Gated())
