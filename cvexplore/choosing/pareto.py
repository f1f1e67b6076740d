"""The Pareto front: what nothing else beats in one respect without losing in the other."""

from collections.abc import Sequence


def front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Return the places of the pairs that no other pair beats, the cheapest first.

    A pair is beaten by one that costs no more and gains no less, and is better in one of the two.
    Of equal pairs all stand on the front.
    """
    order = sorted(range(len(costs)), key=lambda place: (costs[place], -gains[place]))
    best: list[int] = []
    for place in order:
        last = best[-1] if best else None
        same = last is not None and (costs[last], gains[last]) == (costs[place], gains[place])
        if last is None or same or gains[place] > gains[last]:
            best.append(place)
    return best
