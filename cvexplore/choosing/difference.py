"""What differs between two architectures, in one sentence made of their facts."""

from cvexplore.catalog.names import Architecture

_ALIKE = 0.03  # shares of each other that are called the same

_AMOUNTS = (
    ("parameters", "parameters"),
    ("macs", "multiply-adds"),
    ("activation_bytes", "activation memory"),
)


def difference(one: Architecture, other: Architecture) -> str:
    """Return how the first differs from the second: amounts, then mechanism, then accuracy."""
    amounts = [
        f"{_times(mine / theirs)} the {words}"
        for fact, words in _AMOUNTS
        if (mine := getattr(one, fact)) and (theirs := getattr(other, fact))
    ]
    parts = [f"has {_listed(amounts)} of {_short(other)}"] if amounts else []
    parts += [part for part in (_mechanism(one, other), _reach(one, other)) if part]
    if one.top1 and other.top1:
        parts.append(_accuracy(one.top1 - other.top1))
    if not parts:
        return f"Nothing is known of {_short(one)} that could be compared."
    return f"{_short(one)} {'; '.join(parts)}."


def _times(ratio: float) -> str:
    if abs(ratio - 1) <= _ALIKE:
        return "1 ×"
    return f"{ratio:.1f} ×" if ratio >= 10 else f"{ratio:.2g} ×"


def _mechanism(one: Architecture, other: Architecture) -> str:
    mine, theirs = one.attention_layers or 0, other.attention_layers or 0
    if mine and theirs:
        return f"attends in {mine} layers instead of {theirs}" if mine != theirs else ""
    if mine:
        return f"attends in {mine} layers, where the other has none"
    if theirs:
        return f"has no attention, where the other attends in {theirs} layers"
    if one.depth and other.depth and one.depth != other.depth:
        return f"is {one.depth} weighted layers deep instead of {other.depth}"
    return ""


def _reach(one: Architecture, other: Architecture) -> str:
    mine, theirs = one.receptive_field, other.receptive_field
    if not mine or not theirs or mine == theirs:
        return ""
    return f"a place of its last map sees {mine} pixels a side instead of {theirs}"


def _accuracy(points: float) -> str:
    if abs(points) < 0.05:
        return "its published top-1 accuracy is the same"
    return f"its published top-1 is {abs(points):.1f} points {'higher' if points > 0 else 'lower'}"


def _short(architecture: Architecture) -> str:
    return architecture.name.partition("/")[2]


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
