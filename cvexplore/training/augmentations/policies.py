"""Augmentations that draw from a whole list of others: torchvision's, picture by picture.

Their operations have a strength of their own, found by search or drawn. Turned down, they leave
more pictures as they are: at a strength of 0.3, seven of ten.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

from cvexplore.plugins import Range
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures
from cvexplore.training.augmentations.chance import Generator, Tensor, uniform


@AUGMENTATIONS.register("auto_augment")
def auto_augment(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    policy: Literal["imagenet", "cifar10", "svhn"] = "cifar10",
) -> Pictures:
    """Two operations of a list that was learned on a data set, with the strengths learned there.

    Options:
        policy: the data set it was learned on: photos, tiny photos, or house numbers

    Source: Cubuk, Zoph, Mane, Vasudevan, Le, "AutoAugment: Learning Augmentation Policies from
        Data", 2018, arXiv 1805.09501.
    """
    from torchvision.transforms import v2

    transform = v2.AutoAugment(v2.AutoAugmentPolicy(policy))
    return _one_by_one(batch, random, strength, transform)


@AUGMENTATIONS.register("rand_augment")
def rand_augment(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    operations: Annotated[int, Range(1, 5)] = 2,
    magnitude: Annotated[int, Range(0, 30)] = 9,
) -> Pictures:
    """A few operations of a list, all at one strength.

    Options:
        operations: how many a picture, one after the other
        magnitude: of each, on a scale to 30

    Source: Cubuk, Zoph, Shlens, Le, "RandAugment: Practical automated data augmentation with a
        reduced search space", 2019, arXiv 1909.13719.
    """
    from torchvision.transforms import v2

    return _one_by_one(batch, random, strength, v2.RandAugment(operations, magnitude))


@AUGMENTATIONS.register("trivial_augment")
def trivial_augment(batch: Pictures, random: Generator, strength: float) -> Pictures:
    """One operation of a list, at a strength that is drawn too: nothing to tune.

    Source: Müller, Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation",
        2021, arXiv 2103.10158.
    """
    from torchvision.transforms import v2

    return _one_by_one(batch, random, strength, v2.TrivialAugmentWide())


@AUGMENTATIONS.register("aug_mix")
def aug_mix(
    batch: Pictures,
    random: Generator,
    strength: float,
    *,
    severity: Annotated[int, Range(1, 10)] = 3,
    chains: Annotated[int, Range(1, 5)] = 3,
) -> Pictures:
    """Several changed copies of a picture, laid over each other and over the picture itself.

    Options:
        severity: of the operations, on a scale to 10
        chains: how many copies

    Source: Hendrycks, Mu, Cubuk, Zoph, Gilmer, Lakshminarayanan, "AugMix: A Simple Data Processing
        Method to Improve Robustness and Uncertainty", 2019, arXiv 1912.02781.
    """
    from torchvision.transforms import v2

    return _one_by_one(batch, random, strength, v2.AugMix(severity, chains))


def _one_by_one(
    batch: Pictures, random: Generator, strength: float, transform: Callable[[Tensor], Tensor]
) -> Pictures:
    """Return the batch with a transform drawn anew for each picture.

    torchvision draws from torch's own generator: it is lent a seed, and gets its state back.
    """
    import torch

    changed = (uniform(batch, 0.0, 1.0, random) < strength).nonzero()[:, 0].tolist()
    seed = int(torch.randint(2**62, (), generator=random, device=random.device))
    levels = batch.images.mul(255).round_().to(torch.uint8)
    images = batch.images.clone()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for index in changed:
            images[index] = transform(levels[index]).float().div_(255)
    return replace(batch, images=images)
