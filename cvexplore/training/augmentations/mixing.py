"""Augmentations that mix two pictures, and their labels in the same proportion.

A picture is mixed once: what an earlier augmentation has mixed is left as it is, and only the
others are mixed, with each other.
"""

from dataclasses import replace
from typing import Annotated

from cvexplore.plugins import Range
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.augmentations.chance import Generator, Tensor, uniform, whole
from cvexplore.training.augmentations.rectangles import inside


@AUGMENTATIONS.register("mixup")
def mixup(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    alpha: Annotated[float, Range(0.05, 5.0, step=0.05)] = 0.4,
    share: Annotated[float, Range(0.0, 1.0, step=0.05)] = 1.0,
) -> Pictures:
    """Lay two pictures over each other.

    Options:
        alpha: how evenly two are mixed: near 0 mostly one shows, at 1 all shares are alike likely
        share: of the pictures that are mixed

    Source: Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", 2017,
        arXiv 1710.09412.
    """
    import torch

    partners = drawn_partners(batch, share * strength, random)
    kept = drawn_shares(batch, alpha, random)
    images = torch.lerp(batch.images[partners], batch.images, kept[:, None, None, None])
    return _labelled(replace(batch, images=images), partners, kept)


@AUGMENTATIONS.register("cutmix")
def cutmix(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    alpha: Annotated[float, Range(0.05, 5.0, step=0.05)] = 1.0,
    share: Annotated[float, Range(0.0, 1.0, step=0.05)] = 1.0,
) -> Pictures:
    """Replace a rectangle of a picture by that of another; the labels' shares are the areas'.

    Options:
        alpha: how evenly two are mixed: near 0 mostly one shows, at 1 all areas are alike likely
        share: of the pictures that are mixed

    Source: Yun, Han, Oh, Chun, Choe, Yoo, "CutMix: Regularization Strategy to Train Strong
        Classifiers with Localizable Features", 2019, arXiv 1905.04899.
    """
    import torch

    partners = drawn_partners(batch, share * strength, random)
    half = (1 - drawn_shares(batch, alpha, random)).sqrt() / 2  # of the rectangle's side
    height, width = batch.images.shape[2:]
    middle, centre = whole(batch, height, random), whole(batch, width, random)
    tall, wide = (half * height).int(), (half * width).int()
    corners = (middle - tall, centre - wide, middle + tall, centre + wide)
    cut = inside(batch.images, *corners)
    images = torch.where(cut, batch.images[partners], batch.images)
    return _labelled(replace(batch, images=images), partners, 1 - cut.float().mean((1, 2, 3)))


def drawn_partners(batch: Pictures, share: float, random: Generator) -> Tensor:
    """Return which picture each is mixed with: the next of those that are mixed, or itself.

    Shape: (B,), int64
    """
    import torch

    picked = uniform(batch, 0.0, 1.0, random) < share
    if batch.shares is not None:
        picked &= batch.shares == 1
    mixed = picked.nonzero()[:, 0]
    partners = torch.arange(len(batch.labels), device=batch.labels.device)
    partners[mixed] = mixed.roll(1)
    return partners


def drawn_shares(batch: Pictures, alpha: float, random: Generator) -> Tensor:
    """Return how much of each picture is kept, from the distribution Beta(alpha, alpha).

    Shape: (B,), float32
    """
    import numpy as np
    import torch

    seed = torch.randint(2**62, (), generator=random, device=random.device)  # torch's Beta takes
    drawn = np.random.default_rng(int(seed)).beta(alpha, alpha, len(batch.labels))  # no generator
    return torch.from_numpy(drawn).float().to(batch.images.device)


def _labelled(batch: Pictures, partners: Tensor, kept: Tensor) -> Pictures:
    """Return the batch with the class of each one's partner, where it has another than itself."""
    import torch

    mixed = partners != torch.arange(len(partners), device=partners.device)
    before = (batch.labels if batch.others is None else batch.others, torch.ones_like(kept))
    others = torch.where(mixed, batch.labels[partners], before[0])
    shares = torch.where(mixed, kept, before[1] if batch.shares is None else batch.shares)
    return replace(batch, others=others, shares=shares)
