"""Infidelity and sensitivity: does a map foretell changes, and does it stay when nothing changes?

Source: Yeh et al., "On the (in)fidelity and sensitivity of explanations", 2019, arXiv:1901.09392;
    computed by Captum, with random numbers of its own so that threads do not share any.
"""

from dataclasses import dataclass, field

import torch
from captum.metrics import infidelity as captum_infidelity
from captum.metrics import sensitivity_max
from torch import Tensor

from cvexplore.attribution import Asked, Explanation, attribute, method
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.trust.again import settled

SQUARES = 48  # changes that a map is to foretell
NEIGHBOURS = 5  # images so close that the map should not change
RADIUS = 0.02  # of a pixel as the network takes it: about one step of 255
_SIDES = (0.125, 0.5)  # of the shorter side: the smallest and the largest square


@dataclass
class Scores:
    """The score of the class, asked once for each image although Captum asks again.

    Squares are drawn from one seed, so several maps of one image share the answers too.
    """

    asked: Asked
    known: dict[int, float] = field(default_factory=dict)

    def __call__(self, images: Tensor) -> Tensor:
        """Return the score for each image. Shape: (B, C, H, W) -> (B,)"""
        names = [hash(each.cpu().numpy().tobytes()) for each in images]
        new = dict(zip(names, images, strict=True))
        new = {name: each for name, each in new.items() if name not in self.known}
        if new:
            scores = self.asked.score(torch.stack([*new.values()])).tolist()
            self.known.update(zip(new, scores, strict=True))
        return images.new_tensor([self.known[name] for name in names])


def infidelity(
    scores: Scores,
    explanation: Explanation,
    *,
    squares: int = SQUARES,
    seed: int = 0,
) -> float:
    """Return what share of the score's changes a map does not foretell, 0 to 1.

    Squares of the image give way to its mean colour. The map foretells the sum of its values
    there, times one factor for all squares that suits it best; a map of nothing has 1.

    Args:
        scores: of the class, for any image.
        explanation: the map.
        squares: how many are tried.
        seed: of where they lie.
    """
    asked = scores.asked
    values = _values(asked, explanation)
    both = torch.cat([values, torch.zeros_like(values)])
    found = captum_infidelity(
        scores,
        _Squares(asked, method(explanation.method).slopes, seed),
        asked.image.repeat(2, 1, 1, 1),
        both,
        n_perturb_samples=squares,
        max_examples_per_batch=2 * asked.batch,
        normalize=True,
    )
    missed, all_ = found.double().tolist()
    return min(1.0, max(0.0, missed / all_)) if all_ else 0.0


def sensitivity(
    asked: Asked, explanation: Explanation, *, neighbours: int = NEIGHBOURS, seed: int = 0
) -> float:
    """Return how far a map goes, as a share of its size, when no pixel changes to the eye.

    The largest of a few: each pixel moves by at most ``RADIUS``.

    Args:
        asked: network, image and class.
        explanation: the map; its method is asked again.
        neighbours: how many images are tried.
        seed: of what is added to them.
    """
    generator = torch.Generator().manual_seed(seed)
    asked, choice = settled(asked, explanation.method)

    def near(images: Tensor) -> Tensor:
        noise = torch.rand(images.shape, generator=generator).to(images)
        return images + RADIUS * (2 * noise - 1)

    def explain(images: tuple[Tensor] | Tensor) -> tuple[Tensor] | Tensor:
        if isinstance(images, tuple):  # Captum begins with the image itself, and wants a tuple back
            return (explanation.values[None],)
        with torch.enable_grad():
            again = attribute(asked.of(image=images), choice)
        return again.values[None]

    found = sensitivity_max(
        explain,  # type: ignore[arg-type]
        asked.image,
        near,
        n_perturb_samples=neighbours,
        max_examples_per_batch=1,
    )
    return found.item()


class _Squares:
    """Squares of an image give way to its mean colour; the same ones for each image asked about."""

    def __init__(self, asked: Asked, slopes: bool, seed: int) -> None:
        self.plain = baseline(asked, "mean")
        self.slopes = slopes
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what was taken away, and what is left. Shape: (2 N, C, H, W) each"""
        masks = torch.stack([self._mask(images) for _ in range(len(images) // 2)]).repeat(2, 1, 1)
        gone = masks.to(images.device)[:, None].expand_as(images)
        left = torch.where(gone, self.plain, images)
        return (images - left if self.slopes else gone.to(images)), left

    def _mask(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        mask = torch.zeros(height, width, dtype=torch.bool)
        low, high = (max(1, round(share * min(height, width))) for share in _SIDES)
        side = self._drawn(low, high)
        top, left = self._drawn(0, height - side), self._drawn(0, width - side)
        mask[top : top + side, left : left + side] = True
        return mask

    def _drawn(self, low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=self.generator))


def _values(asked: Asked, explanation: Explanation) -> Tensor:
    """Return a value for each channel of each pixel. Shape: (1, C, H, W)"""
    if explanation.values.shape == asked.image.shape[1:]:
        return explanation.values[None].to(asked.image)
    channels, *sides = asked.image.shape[1:]
    pixels = explanation.on_pixels(*sides).to(asked.image)
    return pixels.expand(1, channels, *sides) / channels
