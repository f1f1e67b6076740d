"""A layer, or some of its channels, switched off: what the prediction loses.

The network is shared and stays as it is: only a private copy of the layer gives another output.

Source: Morcos et al., "On the importance of single directions for generalization", 2018,
    arXiv:1803.06959 (channels); Veit, Wilber & Belongie, "Residual networks behave like ensembles
    of relatively shallow networks", 2016, arXiv:1605.06431 (blocks skipped).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError
from cvexplore.interpret.layout import lay_out
from cvexplore.interpret.private import private_copy

Instead = Literal["zero", "mean", "input"]


@dataclass(frozen=True)
class Need:
    """What is left of the likeliest class without one channel.

    Args:
        channel: the one that is switched off.
        probability: of the class that is likeliest with all channels.
        likeliest: the class that is likeliest without this one.
    """

    channel: int
    probability: float
    likeliest: int


def switched_off(
    model: nn.Module,
    images: Tensor,
    layer: str,
    channels: Sequence[int] | None = None,
    instead: Instead = "zero",
) -> Any:
    """Return what the network returns when a layer, or some of its channels, is switched off.

    A layer that is called several times is off at each call.

    Args:
        model: the network; it stays as it is.
        images: Shape: (B, C, H, W)
        layer: the layer's path.
        channels: which of them; None for all.
        instead: "zero" puts zeros in their place; "mean" the mean of each channel over all places,
            so that only what it says of places is lost; "input" what the layer was given, which
            skips a block.

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer is not called, has no such channels, or cannot be skipped.
    """

    def change(output: Tensor, given: Tensor | None) -> Tensor:
        if instead == "input":
            return _passed_by(output, given, layer)
        return _without(output, [channels] * len(images), layer, tuple(images.shape), instead)

    return _with_output_changed(model, images, layer, change)


def needs(
    model: nn.Module,
    image: Tensor,
    layer: str,
    channels: Sequence[int],
    instead: Instead = "zero",
    *,
    batch: int = 8,
) -> Iterator[Need]:
    """Yield what is left of the prediction without each of these channels, one at a time.

    Args:
        model: a classifier; it stays as it is.
        image: a single one. Shape: (1, C, H, W)
        layer: the layer's path.
        channels: which of them.
        instead: what stands in a channel's place, "zero" or "mean".
        batch: so many channels are tried in one forward pass, each on its own copy of the image.

    Raises:
        UnknownName: the network has no such layer.
        LayerError: the layer is not called or has no such channels, or the network does not return
            one score a class.
    """
    with torch.inference_mode():
        likeliest = int(_scores(private_copy(model, [])[0](image.clone()))[0].argmax())
    for start in range(0, len(channels), batch):
        some = channels[start : start + batch]
        copies = image.repeat(len(some), 1, 1, 1)

        def change(output: Tensor, given: Tensor | None, some=some, copies=copies) -> Tensor:
            return _without(output, [[each] for each in some], layer, tuple(copies.shape), instead)

        output = _with_output_changed(model, copies, layer, change)
        for channel, scores in zip(some, _scores(output), strict=True):
            shares = scores.double().softmax(0)
            yield Need(channel, shares[likeliest].item(), int(shares.argmax()))


def _scores(output: Any) -> Tensor:
    if not isinstance(output, Tensor) or output.dim() != 2:
        raise LayerError("This network does not return one score a class, so no loss can be told.")
    return output


# ------------------------------------------------------------------ another output


def _with_output_changed(
    model: nn.Module,
    images: Tensor,
    layer: str,
    change: Callable[[Tensor, Tensor | None], Tensor],
) -> Any:
    """Run the network with what the layer returns replaced by ``change(output, input)``."""
    private, copies = private_copy(model, [layer])
    copy, calls = copies[layer], []
    original = copy.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        calls.append(layer)
        first = args[0].clone() if args and isinstance(args[0], Tensor) else None  # before in-place
        output = original(*args, **kwargs)
        if isinstance(output, (tuple, list)) and output and isinstance(output[0], Tensor):
            return type(output)((change(output[0], first), *output[1:]))
        if not isinstance(output, Tensor) or not output.is_floating_point():
            raise LayerError(f"{layer} returns {type(output).__name__}, which has no channels.")
        return change(output, first)

    copy.forward = forward
    with torch.inference_mode():
        output = private(images.clone())
    if not calls:
        raise LayerError(
            f"{layer} is not called in a forward pass, so it cannot be switched off; choose the "
            "layer around it."
        )
    return output


def _passed_by(output: Tensor, given: Tensor | None, layer: str) -> Tensor:
    if given is None or given.shape != output.shape:
        raise LayerError(
            f"{layer} cannot be skipped: its output has another shape than its input. "
            "Choose a block that keeps the shape, or put zeros in its place."
        )
    return given


def _without(
    output: Tensor,
    off: Sequence[Sequence[int] | None],
    layer: str,
    images: tuple[int, ...],
    instead: Instead,
) -> Tensor:
    """Return a layer's output with channels of each image replaced.

    Args:
        output: in any order that ``lay_out`` knows.
        off: for each image, the channels to replace; None for all.
        layer: its path.
        images: the shape of what the network was given: (B, C, H, W).
        instead: "zero" or "mean".
    """
    values = _channels_last(output, layer, images)
    mask = torch.zeros(values.shape[0], values.shape[-1], dtype=torch.bool, device=values.device)
    for row, channels in zip(mask, off, strict=True):
        _check(channels, len(row), layer)
        row[slice(None) if channels is None else list(channels)] = True
    other = values.mean(1, keepdim=True) if instead == "mean" else values.new_zeros(())
    replaced = torch.where(mask[:, None], other, values)
    return _as_before(replaced, output, layer, images)


def _check(channels: Sequence[int] | None, count: int, layer: str) -> None:
    wrong = [each for each in channels or () if not 0 <= each < count]
    if wrong:
        raise LayerError(f"{layer} has no channel {wrong[0]}; it has {count}, counted from 0.")


# ------------------------------------------------------------------ every order alike


def _axes(output: Tensor, layer: str, images: tuple[int, ...]) -> tuple[int, int]:
    """Return which axis holds the images, or their windows, and which the channels."""
    batch = 1 if output.dim() == 3 and output.shape[0] != images[0] == output.shape[1] else 0
    if output.dim() != 4 or output.shape[0] != images[0]:
        return batch, output.dim() - 1
    return batch, 1 if lay_out(output, layer, images).maps.shape == output.shape else 3


def _channels_last(output: Tensor, layer: str, images: tuple[int, ...]) -> Tensor:
    """Return an output as (B, places, C), whatever its order."""
    arranged = output.movedim(_axes(output, layer, images), (0, -1))
    return arranged.reshape(images[0], -1, arranged.shape[-1])


def _as_before(values: Tensor, output: Tensor, layer: str, images: tuple[int, ...]) -> Tensor:
    """Return what ``_channels_last`` gave in the order it had before."""
    axes = _axes(output, layer, images)
    return values.reshape(output.movedim(axes, (0, -1)).shape).movedim((0, -1), axes)
