"""What a residual block adds to its shortcut: which two layers meet in its sum.

Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015, arXiv:1512.03385.
"""

from dataclasses import dataclass

from cvexplore.trace.records import LayerRecord, Trace

Call = tuple[str, int]  # a layer's path, and which call of it


@dataclass(frozen=True)
class Residual:
    """One sum y = x + F(x).

    Args:
        sum: the function that adds.
        shortcut: the layer that returned x, the shorter way.
        branch: the layer that returned F(x).
    """

    sum: Call
    shortcut: Call
    branch: Call

    @property
    def layers(self) -> tuple[str, str, str]:
        """The three layers to capture: shortcut, branch, sum."""
        return self.shortcut[0], self.branch[0], self.sum[0]


def residuals(trace: Trace, block: str) -> tuple[Residual, ...]:
    """Return the sums of two streams inside a block, in the order they run.

    Of the two the shortcut is the one with fewer layers behind it, counted from where they part.
    """
    sources: dict[int, list[int]] = {}
    for start, end in trace.edges:
        sources.setdefault(end, []).append(start)
    calls = _calls(trace)
    found = []
    for layer in trace.layers:
        inside = not block or layer.path.startswith(f"{block}.")
        if inside and _adds(trace, layer, sources.get(layer.index, [])):
            one, other = sources[layer.index]
            shortcut, branch = sorted((one, other), key=_length(sources, one, other).__getitem__)
            found.append(Residual(calls[layer.index], calls[shortcut], calls[branch]))
    return tuple(found)


def _adds(trace: Trace, layer: LayerRecord, sources: list[int]) -> bool:
    """Say whether a layer is a sum of two streams of maps that are as large as it."""
    if layer.kind not in ("add", "iadd") or layer.path in trace.kinds or len(sources) != 2:
        return False
    return all(trace.layers[each].output_shape == layer.output_shape for each in sources)


def _length(sources: dict[int, list[int]], one: int, other: int) -> dict[int, int]:
    """Return how many layers lie between either of two layers and the last they both stem from."""
    common = _before(sources, one) & _before(sources, other)
    fork = max(common, default=-1)
    return {each: len(_before(sources, each, after=fork)) for each in (one, other)}


def _before(sources: dict[int, list[int]], layer: int, after: int = -1) -> set[int]:
    """Return a layer and those its output stems from, down to those later than ``after``."""
    found, waiting = {layer}, [layer]
    while waiting:
        for each in sources.get(waiting.pop(), ()):
            if each > after and each not in found:
                found.add(each)
                waiting.append(each)
    return {each for each in found if each > after}


def _calls(trace: Trace) -> list[Call]:
    """Return each record's path, and how many of that path ran before it."""
    seen: dict[str, int] = {}
    calls = []
    for layer in trace.layers:
        calls.append((layer.path, seen.get(layer.path, 0)))
        seen[layer.path] = calls[-1][1] + 1
    return calls
