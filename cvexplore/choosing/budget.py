"""A budget, and the architectures that keep to it.

Every limit is a field of ``Budget``. What a limit excludes is counted, and so is what it excludes
alone: that is the limit to raise first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from cvexplore.catalog.names import Architecture

Trained = Literal["any", "published", "bundled"]


@dataclass(frozen=True)
class Budget:
    """What an architecture may cost and must give; None sets no limit.

    Args:
        max_parameters: numbers it learns.
        max_macs: multiply-adds of one forward pass with one input.
        max_activation_mb: megabytes its layers write in that pass.
        max_image_size: pixels a side of its standard input.
        max_latency_ms: milliseconds a forward pass of one image took on this machine.
        min_top1: published ImageNet top-1 accuracy in per cent.
        min_year: of the family's paper.
        weights: "published" asks for trained weights to download or here, "bundled" for some that
            are here.
        kind: "CNN", "transformer", "hybrid" or "MLP"; empty for any.
        task: what it is for; empty for any.
    """

    max_parameters: float | None = None
    max_macs: float | None = None
    max_activation_mb: float | None = None
    max_image_size: float | None = None
    max_latency_ms: float | None = None
    min_top1: float | None = None
    min_year: float | None = None
    weights: Trained = "any"
    kind: str = ""
    task: str = "classification"


@dataclass(frozen=True)
class Excluded:
    """What one limit excludes.

    Args:
        limit: the budget's field.
        count: architectures that break it.
        alone: those among them that break no other limit.
        best: the best of these, which raising this limit would bring; None if there is none.
        unknown: of ``count``, those whose figure nobody knows.
    """

    limit: str
    count: int
    alone: int
    best: Architecture | None
    unknown: int


@dataclass(frozen=True)
class Recommendation:
    """The architectures within a budget, the best first, and what each limit cost.

    Args:
        fits: most accurate first; those without a published accuracy follow, the newest first,
            and of one year the one with most parameters.
        excluded: a row a limit that excludes some, the strictest first.
    """

    fits: tuple[Architecture, ...]
    excluded: tuple[Excluded, ...]


_FACTS = {
    "max_parameters": "parameters",
    "max_macs": "macs",
    "max_activation_mb": "activation_bytes",
    "max_image_size": "image_size",
    "min_top1": "top1",
    "min_year": "year",
}


def recommend(
    architectures: Iterable[Architecture],
    budget: Budget,
    latencies: Mapping[str, float] | None = None,
) -> Recommendation:
    """Return the architectures that keep to every limit, and what each limit excludes.

    Args:
        architectures: those to choose from.
        budget: the limits.
        latencies: measured milliseconds by name; what was not measured breaks a limit on them.
    """
    broken: dict[str, list[str]] = {}
    unknown: dict[str, int] = {}
    found = {each.name: each for each in architectures}
    for name, each in found.items():
        broken[name] = []
        for limit in _limits(budget):
            value = _value(each, limit, latencies or {})
            if value is None:
                unknown[limit] = unknown.get(limit, 0) + 1
            if value is None or not _keeps(value, limit, getattr(budget, limit)):
                broken[name].append(limit)
    fits = [found[name] for name, limits in broken.items() if not limits]
    rows = [_excluded(limit, broken, found, unknown) for limit in _limits(budget)]
    counted = sorted((row for row in rows if row.count), key=lambda row: (-row.alone, -row.count))
    return Recommendation(_ranked(fits), tuple(counted))


def _limits(budget: Budget) -> Sequence[str]:
    """Return the fields that ask for something."""
    return [e.name for e in fields(Budget) if getattr(budget, e.name) not in (None, "", "any")]


def _value(each: Architecture, limit: str, latencies: Mapping[str, float]) -> Any:
    if limit == "max_latency_ms":
        return latencies.get(each.name)
    if limit == "max_activation_mb":
        return None if each.activation_bytes is None else each.activation_bytes / 1e6
    return getattr(each, _FACTS.get(limit, limit))


def _keeps(value: Any, limit: str, asked: Any) -> bool:
    match limit:
        case "weights":
            return value in ("bundled", asked)
        case "kind" | "task":
            return value == asked
    return value <= asked if limit.startswith("max") else value >= asked


def _excluded(
    limit: str,
    broken: Mapping[str, Sequence[str]],
    found: Mapping[str, Architecture],
    unknown: Mapping[str, int],
) -> Excluded:
    alone = [found[name] for name, limits in broken.items() if list(limits) == [limit]]
    return Excluded(
        limit=limit,
        count=sum(limit in limits for limits in broken.values()),
        alone=len(alone),
        best=next(iter(_ranked(alone)), None),
        unknown=unknown.get(limit, 0),
    )


def _ranked(found: Iterable[Architecture]) -> tuple[Architecture, ...]:
    return tuple(
        sorted(found, key=lambda each: (-(each.top1 or 0), -each.year, -(each.parameters or 0)))
    )
