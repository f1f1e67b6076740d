"""An image made to excite a channel or a class: noise, changed step by step along the gradient.

Plain gradient ascent on pixels ends in high-frequency noise. Three things keep it from that, as in
Lucid: the image is a Fourier spectrum whose low frequencies move as easily as the high ones do, its
colours are decorrelated, and before each step it is turned, scaled and shifted a little, so that
only what survives this is worth anything.

Source: Olah, Mordvintsev, Schubert, "Feature Visualization", Distill, 2017,
    https://distill.pub/2017/feature-visualization.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.errors import LayerError
from cvexplore.interpret.gradients import differentiable_maps

Objective = Literal["mean", "centre"]

# How red, green and blue vary together in ImageNet: the root of their covariance, from Lucid.
_COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
_COLOURS = _COLOURS / _COLOURS.norm(dim=0).max()

_NOISE = 0.01  # deviation of the spectrum to begin with
_TURN = 10.0  # degrees to either side
_SCALE = 0.1  # larger or smaller, as a share
_SHIFT = 0.05  # of the side, to each side


@dataclass(frozen=True)
class Synthesised:
    """The image at one step.

    Args:
        step: 0 is the noise it begins with.
        value: the objective, for the image as it was turned, scaled and shifted at this step.
        pixels: the image itself. Shape: (H, W, C), uint8
    """

    step: int
    value: float
    pixels: np.ndarray


def synthesise(
    model: nn.Module,
    layer: str,
    channel: int,
    *,
    side: int,
    mean: Sequence[float],
    std: Sequence[float],
    objective: Objective = "mean",
    steps: int = 128,
    rate: float = 0.05,
    jitter: float = 1.0,
    seed: int = 0,
) -> Iterator[Synthesised]:
    """Yield an image that excites a channel more and more, beginning with noise.

    The network is left as it is, and others may use it meanwhile. A channel that is silent has no
    slope to climb: then stronger noise is tried at each step until it is not.

    Args:
        model: the network.
        layer: the layer's path; empty for the network's own output, whose channels are classes.
        channel: the channel or class.
        side: of the image, in pixels.
        mean: what the network's preparation subtracts from each colour, on a scale of 0 to 1.
        std: what it divides by.
        objective: "mean" of the channel's map, or the unit at its "centre".
        steps: how many.
        rate: Adam's learning rate.
        jitter: how much the image is turned, scaled and shifted: 0 not at all, 1 as Lucid does.
        seed: for the noise and the jitter.

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer has no maps, no such channel, or no gradient with respect to the
            image.
    """
    random = torch.Generator().manual_seed(seed)
    spectrum = _noise(len(mean), side, _NOISE, random).requires_grad_()
    climber = torch.optim.Adam([spectrum], lr=rate)
    scale = torch.tensor([list(mean), list(std)])[:, None, :, None, None]
    noise = _NOISE
    for step in range(steps + 1):
        with torch.enable_grad():
            image = _painted(spectrum, side)
            seen = (_jittered(image, jitter, random) - scale[0]) / scale[1]
            value = _value(model, seen, layer, channel, objective)
        spectrum.grad = _slope(value, spectrum, layer)
        yield Synthesised(step, float(value.detach()), _pixels(image))
        if spectrum.grad.any():
            climber.step()
        else:
            noise *= 1.5
            spectrum.data = _noise(len(mean), side, noise, random)


def as_input(pixels: np.ndarray, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Return an image as a network takes it.

    Shape: (H, W, C) uint8 -> (1, C, H, W)
    """
    colours = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    scale = torch.tensor([list(mean), list(std)])[:, None, :, None, None]
    return (colours - scale[0]) / scale[1]


def _value(model: nn.Module, seen: Tensor, layer: str, channel: int, objective: str) -> Tensor:
    maps = differentiable_maps(model, seen, layer).maps
    if not 0 <= channel < maps.shape[1]:
        raise LayerError(
            f"{layer or 'The output'} has no channel {channel}; choose one of 0 to "
            f"{maps.shape[1] - 1}."
        )
    chosen = maps[0, channel].float()
    height, width = chosen.shape
    return chosen[height // 2, width // 2] if objective == "centre" else chosen.mean()


def _slope(value: Tensor, spectrum: Tensor, layer: str) -> Tensor:
    """Return which way is down for the optimiser, which goes down."""
    if not value.requires_grad:
        raise LayerError(f"{layer} has no gradient with respect to the image; choose another.")
    # Not ``backward``: it would write into parameters that others share.
    (gradient,) = torch.autograd.grad(-value, spectrum, allow_unused=True)
    return torch.zeros_like(spectrum) if gradient is None else gradient.nan_to_num()


# ------------------------------------------------------------------ the image


def _noise(channels: int, side: int, deviation: float, random: torch.Generator) -> Tensor:
    """Return a random spectrum, its real parts and its imaginary ones.

    Shape: (channels, side, side // 2 + 1, 2)
    """
    return deviation * torch.randn(channels, side, side // 2 + 1, 2, generator=random)


def _painted(spectrum: Tensor, side: int) -> Tensor:
    """Return the image of a spectrum.

    Shape: (C, side, side // 2 + 1, 2) -> (1, C, side, side), 0 to 1
    """
    rows, columns = torch.fft.fftfreq(side), torch.fft.rfftfreq(side)
    frequency = torch.hypot(rows[:, None], columns[None]).clamp(min=1 / side)
    spread = torch.view_as_complex(spectrum) * (side / frequency)  # as photos: less, the higher
    values = torch.fft.irfft2(spread, s=(side, side)) / 4
    if len(values) == len(_COLOURS):
        values = torch.einsum("dc,chw->dhw", _COLOURS, values)
    return values.sigmoid()[None]


def _jittered(image: Tensor, strength: float, random: torch.Generator) -> Tensor:
    """Return the image turned, scaled and shifted at random; beyond its border it is mirrored."""
    if not strength:
        return image
    turn, scale, right, down = (strength * (2 * torch.rand(4, generator=random) - 1)).tolist()
    angle, size = math.radians(_TURN * turn), 1 + _SCALE * scale
    across, up = size * math.cos(angle), size * math.sin(angle)
    # affine_grid's coordinates go from -1 to 1, so a shift by the side is 2.
    where = [[across, -up, 2 * _SHIFT * right], [up, across, 2 * _SHIFT * down]]
    grid = F.affine_grid(torch.tensor([where]), list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def _pixels(image: Tensor) -> np.ndarray:
    return (image[0].detach() * 255).round().byte().permute(1, 2, 0).numpy()
