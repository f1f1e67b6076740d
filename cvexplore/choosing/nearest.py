"""The architectures most like one, among those that have something it lacks."""

import math
from collections.abc import Iterable

from cvexplore.catalog.names import Architecture


def with_attention(one: Architecture, others: Iterable[Architecture], count: int = 3) -> list[str]:
    """Return the names of the nearest architectures that compute attention, the best first.

    Of the same family if it has any; then those of the same task and library, of about its size.
    """
    having = [each for each in others if each.attention_layers and each.name != one.name]
    ranked = sorted(having, key=lambda each: _distance(one, each))
    found: list[Architecture] = []
    for each in ranked:  # one of each family is a choice; three sizes of one are not
        if all(each.family != chosen.family for chosen in found):
            found.append(each)
    return [each.name for each in found[:count]]


def _distance(one: Architecture, other: Architecture) -> tuple[bool, bool, bool, float]:
    mine, theirs = one.parameters or 1, other.parameters or 1
    return (
        other.task != one.task,
        other.family != one.family,
        other.library != one.library,
        abs(math.log(mine / theirs)),
    )
