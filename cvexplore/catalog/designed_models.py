"""Networks that people designed, as the catalog sees them: a file each in the designs folder.

A design's name is made of its title and of a hash of all it says, so that one name always means the
same network: a design that is changed is kept beside the first under another name.
"""

import functools
import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore import folders
from cvexplore.catalog.names import DESIGNS, Architecture, csv_text
from cvexplore.designs import SETTINGS, Design, Layer, from_json, read, to_json
from cvexplore.errors import DesignError
from cvexplore.images import Preparation
from cvexplore.plugins import Option

if TYPE_CHECKING:
    from torch import nn

MOST_KEPT = 2_000  # designs on one machine: whoever may open the app may keep some


def keep(design: Design) -> str:
    """Write a design to the designs folder, once, and return its name in the catalog.

    Raises:
        DesignError: a layer does not fit, or it is too large, or no more can be kept.
    """
    from cvexplore.designs.blocks import checked
    from cvexplore.designs.plan import obstacle

    design = from_json(to_json(checked(design)))
    if reason := obstacle(design):
        raise DesignError(reason)
    name = _name(design)
    path = folders.designs() / f"{name}.json"
    if not path.with_suffix(".csv").exists():
        if len(names()) >= MOST_KEPT:
            raise DesignError(f"{MOST_KEPT:,} designs are kept already, which is the most.")
        _write(path, to_json(design))
        _write(path.with_suffix(".csv"), csv_text([_measured(name)]))
    return f"design/{name}"


def design(name: str) -> Design:
    """Return the design of this name, with or without its "design/".

    Raises:
        DesignError: it is not here, or cannot be read.
    """
    bare = name.removeprefix("design/")
    if bare not in names():
        raise DesignError(f"There is no design named {bare!r} on this machine.")
    return _read(folders.designs() / f"{bare}.json")


def names() -> list[str]:
    """Return the names of all designs that are kept."""
    try:
        files = os.listdir(folders.designs())
    except OSError:
        return []
    return sorted(file.removesuffix(".json") for file in files if file.endswith(".json"))


def task(name: str) -> str:
    """Return what the network is for."""
    return "detection" if "detection" in _kinds(design(name).layers) else "classification"


def options(name: str) -> tuple[Option, ...]:
    """Return what a data set, or a person, may change of a design."""
    mine = design(name)
    return tuple(replace(each, default=getattr(mine, each.name)) for each in SETTINGS)


def image_size(name: str) -> int:
    """Return the pixels a side that the design is for."""
    return design(name).image_size


def build(name: str, chosen: Mapping[str, Any]) -> "nn.Module":
    """Build the network with random weights.

    Raises:
        DesignError: with these options, a layer does not fit.
    """
    from cvexplore.designs import network

    return network.build(replace(design(name), **chosen))


def example(name: str, size: int, channels: int, device: str = "meta") -> tuple[Any, ...]:
    """Return the arguments of one forward pass."""
    import torch

    return (torch.empty(1, channels, size, size, device=device),)


def preparation(name: str) -> Preparation:
    """Return what is done to a picture before the network sees it."""
    mine = design(name)
    if mine.channels == 3:
        return Preparation(mine.image_size)
    plain = {"mean": (0.0,) * mine.channels, "std": (1.0,) * mine.channels, "crop": 1.0}
    return Preparation(mine.image_size, mine.channels, **plain)


def labels(name: str) -> tuple[str, ...]:
    """Return no names: these networks have no published weights."""
    return ()


def weights_address(name: str) -> None:
    """Return nothing: these networks are trained here."""
    return None


def _name(design: Design) -> str:
    title = re.sub(r"[^a-z0-9]+", "-", design.title.lower())[:32].strip("-") or "network"
    told = hashlib.blake2b(to_json(design).encode(), digest_size=5).hexdigest()
    return f"{title}-{told}"


@functools.lru_cache(maxsize=256)
def _read(path: Path) -> Design:
    return read(path)


def _measured(name: str) -> Architecture:
    """Return the facts of a design that was just written, which is taken back if it has none."""
    from cvexplore.catalog.facts import measure

    try:
        facts = measure(f"design/{name}")
    except BaseException:
        (folders.designs() / f"{name}.json").unlink(missing_ok=True)
        raise
    kinds = _kinds(design(name).layers)
    return replace(facts, family=DESIGNS, kind=_kind(kinds), year=date.today().year)


def _kinds(layers: tuple[Layer, ...]) -> set[str]:
    return {each.kind for each in layers}.union(*(_kinds(each.inside) for each in layers))


def _kind(kinds: set[str]) -> str:
    """Return what a network with layers of these kinds is, in the words of the cards."""
    attends = bool(kinds & {"attention", "window_attention", "detection"})
    # A transformer cuts its patches once; more than that is a CNN's.
    convolves = "convolution" in kinds and "window_attention" not in kinds
    if attends:
        return "hybrid" if convolves else "transformer"
    return "CNN" if "convolution" in kinds else "MLP"


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        DesignError: the folder cannot be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise DesignError(f"{path.parent} cannot be written to: {error.strerror}.") from None
