"""The sanity check: does a map change when the network forgets all it learned?

Blocks lose their weights to random ones, the last first, and the same method is asked again after
each. A map that hardly changes although the network knows nothing any more shows edges of the
image, not reasons of the network.

Source: Adebayo et al., "Sanity checks for saliency maps", 2018, arXiv:1810.03292.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cvexplore.attribution import Asked, Explanation, attribute
from cvexplore.attribution.trust.again import settled

_MOST = 10  # blocks; more would each say little
# Mean structural similarity while the upper half of the blocks forgets. Measured on the bundled
# EfficientNet-Lite0, ResNet and Simple CNN, nine images in all: saliency 0.16 to 0.43, integrated
# gradients 0.29 to 0.59, guided backpropagation 0.75 to 0.91.
TOO_ALIKE = 0.67
_FEW = 5  # blocks; fewer are opened


@dataclass(frozen=True)
class Block:
    """Layers that lose what they learned together.

    Args:
        name: the path of the first of them.
        modules: paths of the modules that hold their parameters.
    """

    name: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Stage:
    """A map of the network after the blocks from the last to this one were forgotten.

    Args:
        block: the block that was forgotten last.
        explanation: what the method found then.
        rank: Spearman's rank correlation with the sizes of the original map, -1..1.
        structure: structural similarity (SSIM) with the sizes of the original map, up to 1.
    """

    block: str
    explanation: Explanation
    rank: float
    structure: float


@dataclass(frozen=True)
class Check:
    """How much of a map stays while the network forgets.

    Args:
        stages: from the last block on.
        blocks: how many there are to forget.
    """

    stages: tuple[Stage, ...]
    blocks: int

    @property
    def done(self) -> bool:
        """Whether enough was forgotten for a verdict: the upper half of the blocks."""
        return len(self.stages) >= self._half

    @property
    def kept(self) -> float:
        """Mean structural similarity while the upper half of the blocks is forgotten."""
        return float(np.mean([each.structure for each in self.stages[: self._half]]))

    @property
    def passes(self) -> bool:
        """Whether the map needs what the network learned."""
        return self.kept < TOO_ALIKE

    @property
    def verdict(self) -> str:
        """What that says of the map, in a sentence."""
        if self.passes:
            return (
                f"The map changes with what the network knows: {self.kept:.0%} of its structure "
                "stays while the upper half of the blocks forgets."
            )
        return (
            f"{self.kept:.0%} of the map's structure stays while the upper half of the blocks "
            "forgets all it learned: it shows the image, not what the network made of it."
        )

    @property
    def _half(self) -> int:
        return max(1, self.blocks // 2)


def cascade(
    asked: Asked, original: Explanation, *, most: int = _MOST, seed: int = 0
) -> Iterator[Stage]:
    """Yield the map after each block is forgotten, from the last block to the first.

    The network stays as it is: each stage is a network of its own that shares what it kept.

    Args:
        asked: network, image and class.
        original: the map; its method is asked again.
        most: blocks.
        seed: of the random weights.
    """
    generator = torch.Generator().manual_seed(seed)
    asked, choice = settled(asked, original.method)
    model = asked.model
    for block in reversed(blocks(asked, most)):
        model = forgotten(model, block.modules, generator)
        again = attribute(asked.of(model=model), choice)
        yield Stage(block.name, again, rank(original, again), structure(original, again))


# ------------------------------------------------------------------ how alike two maps are


def rank(one: Explanation, other: Explanation) -> float:
    """Return Spearman's rank correlation of the sizes of two maps; 0 where one is even."""
    from scipy.stats import spearmanr

    first, second = _sizes(one), _sizes(other)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)  # type: ignore[attr-defined]


def structure(one: Explanation, other: Explanation) -> float:
    """Return the structural similarity of two maps, each scaled so that its largest value is 1."""
    from skimage.metrics import structural_similarity

    first, second = (each.heat("absolute").numpy() for each in (one, other))
    side = min(7, *first.shape)
    window = side - 1 + side % 2
    alike: Any = structural_similarity(first, second, win_size=window, data_range=1.0)
    return float(alike)


def _sizes(explanation: Explanation) -> np.ndarray:
    return explanation.values.float().abs().sum(0).nan_to_num().flatten().cpu().numpy()


# ------------------------------------------------------------------ which layers go together


def blocks(asked: Asked, most: int = _MOST) -> tuple[Block, ...]:
    """Return the blocks of a network in the order they run, as deep as is still few.

    Args:
        asked: the network, and an image to run it on.
        most: blocks.
    """
    paths = _in_order(asked)
    found: list[Block] = []
    for depth in range(1, 2 + max(path.count(".") for path in paths)):
        deeper = _at_depth(asked, paths, depth)
        if len(deeper) > most and len(found) >= _FEW:
            break
        found = deeper
    return _thinned(found, most)


def _first_calls(asked: Asked) -> dict[str, int]:
    """Return when each module was called first; the network itself is ""."""
    first: dict[str, int] = {}
    model = _own(asked.model)
    for path, module in model.named_modules():
        module.register_forward_pre_hook(partial(_note, first, path))
    asked.of(model=model).score(asked.image)
    return first


def _note(first: dict[str, int], path: str, *call: Any) -> None:
    first.setdefault(path, len(first))


def _in_order(asked: Asked) -> list[str]:
    """Return the modules that hold parameters, in the order they run.

    Some are not called but used by what holds them; what neither is called nor lies in something
    that is, such as a head for training, is left out.
    """
    first = _first_calls(asked)
    when: dict[str, int] = {}
    for path, module in asked.model.named_modules():
        around = path.rpartition(".")[0]
        if any(True for _ in module.parameters(recurse=False)) and {path, around} & first.keys():
            when[path] = first.get(path, first.get(around, 0))
    return sorted(when, key=when.__getitem__)


def _at_depth(asked: Asked, paths: Sequence[str], depth: int) -> list[Block]:
    """Return modules in blocks of those whose paths begin alike."""
    parts: dict[str, list[str]] = {}
    for path in paths:
        parts.setdefault(".".join(path.split(".")[:depth]), []).append(path)
    found: list[Block] = []
    loose: list[str] = []  # what stands before the first layer, such as a class token
    for name, modules in parts.items():
        if not name:
            loose += modules
        elif found and _only_scales(asked.model, modules):
            found[-1] = Block(found[-1].name, (*found[-1].modules, *modules))
        else:
            found.append(Block(name, (*loose, *modules)))
            loose = []
    return found


def _only_scales(model: nn.Module, modules: Sequence[str]) -> bool:
    """Return whether there are no weights but scales and shifts, as a normalisation has."""
    each = (model.get_submodule(path).parameters(recurse=False) for path in modules)
    return all(parameter.dim() < 2 for parameters in each for parameter in parameters)


def _thinned(found: list[Block], most: int) -> tuple[Block, ...]:
    """Return at most so many blocks, neighbours joined; the last stays alone."""
    if len(found) <= most:
        return tuple(found)
    parts = np.array_split(np.arange(len(found) - 1), most - 1)
    joined = [
        Block(found[part[0]].name, tuple(path for each in part for path in found[each].modules))
        for part in parts
    ]
    return (*joined, found[-1])


# ------------------------------------------------------------------ forgetting


def forgotten(model: nn.Module, modules: Sequence[str], generator: torch.Generator) -> nn.Module:
    """Return a network with random weights in these modules; all other tensors are shared.

    Weights are normal with variance 2 / fan-in (He et al. 2015, arXiv:1502.01852), scales are one,
    shifts zero, and running statistics those of a new layer.
    """
    twin = _own(model)
    for path in modules:
        module = twin.get_submodule(path)
        for name, parameter in module.named_parameters(recurse=False):
            drawn = nn.Parameter(_drawn(name, parameter, generator), requires_grad=False)
            module.register_parameter(name, drawn)
        for name, buffer in module.named_buffers(recurse=False):
            if name in ("running_mean", "running_var"):
                module.register_buffer(name, torch.full_like(buffer, name == "running_var"))
    return twin


def _own(model: nn.Module) -> nn.Module:
    """Return a network of one's own to change, that shares every tensor with the original."""
    tensors = (*model.parameters(), *model.buffers())
    return copy.deepcopy(model, {id(each): each for each in tensors})


def _drawn(name: str, old: Tensor, generator: torch.Generator) -> Tensor:
    if old.dim() < 2:
        return torch.full_like(old, "bias" not in name)
    fan_in = old.numel() / len(old)
    noise = torch.randn(old.shape, generator=generator)
    return (noise * (2 / fan_in) ** 0.5).to(old)
