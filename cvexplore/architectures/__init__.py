"""Families of architectures, one file a family: its card, and a builder written to be read.

This folder is an open set: a file beside this one is found by looking. It holds

- one or more ``Card`` values at module level: who invented it, what the idea is, what it builds on,
  and which models of torchvision, timm and this project belong to it;
- for the families we explain in code, a builder: a function registered under the name that stands
  behind ``cvexplore/`` in the catalog. Its keyword-only parameters are the knobs a page turns.

A builder returns a network with random weights. Where torchvision has the same network, the
standard options give exactly torchvision's parameters. These words mean the same in every builder:
``classes`` (outputs), ``channels`` (of the input image), ``image_size`` (pixels a side, only where
the network depends on it).
"""

import fnmatch
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from cvexplore.plugins import Registry, import_folder

Kind = Literal["CNN", "transformer", "hybrid", "MLP"]
Learning = Literal["supervised", "distillation", "self-supervised", "image-text"]

BUILDERS: Registry[Callable[..., Any]] = Registry("architecture", folder=__name__)


@dataclass(frozen=True)
class Paper:
    """Where an idea was published; ``arxiv`` such as "1512.03385", else a ``url``."""

    title: str
    authors: str
    arxiv: str = ""
    url: str = ""

    @property
    def link(self) -> str:
        """The page to read it at."""
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url


@dataclass(frozen=True)
class Card:
    """What a family of architectures is, in a few lines.

    Args:
        name: as its paper calls it, "ResNet".
        year: of the first public version of the paper.
        kind: what its layers mainly are; a hybrid mixes convolution and attention.
        paper: where to read it.
        idea: the innovation, in one plain sentence.
        builds_on: names of the cards whose ideas it takes up.
        models: patterns of catalog names that belong to it, "torchvision/resnet*"; where several
            cards match a name, the longest pattern has it.
        learning: what its paper mainly learns from: labels, a teacher network, images alone, or
            images with texts.
        formula: the idea as LaTeX, without dollar signs: "y = F(x) + x".
        strengths: what it is good for, in one plain sentence.
        weaknesses: what it is not good for, or what it costs, in one plain sentence.
    """

    name: str
    year: int
    kind: Kind
    paper: Paper
    idea: str
    builds_on: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    learning: Learning = "supervised"
    formula: str = ""
    strengths: str = ""
    weaknesses: str = ""


@functools.cache
def cards() -> tuple[Card, ...]:
    """Return every family's card, the oldest first."""
    modules = import_folder(__name__)
    found = {id(v): v for m in modules for v in vars(m).values() if isinstance(v, Card)}
    return tuple(sorted(found.values(), key=lambda card: (card.year, card.name)))


@functools.cache
def family(name: str) -> Card | None:
    """Return the card of the family that a catalog name belongs to: the longest pattern has it.

    Raises:
        ValueError: two cards claim the name by patterns of the same length.
    """
    claims = [
        (len(pattern), card)
        for card in cards()
        for pattern in card.models
        if fnmatch.fnmatchcase(name, pattern)
    ]
    longest = max((length for length, _ in claims), default=0)
    owners = {card for length, card in claims if length == longest}
    if len(owners) > 1:
        raise ValueError(f"{name} belongs to {' and '.join(sorted(o.name for o in owners))}")
    return owners.pop() if owners else None
