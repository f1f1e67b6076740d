"""Where each family stands in the picture of their history: years from left to right, kin near kin.

Dots and names are laid out as boxes on rows, in pixels: no name lies on another at the width the
picture is made for, nor at any larger one.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cvexplore.catalog.families import Family

WIDTH = 944.0  # pixels from the first year to the end of the last name
ROW = 17  # pixels from one row of names to the next
NAMES = {False: 11, True: 12}  # pixels of a name's letters; those that many build on are larger

_LETTER = {False: (5.7, 7.9), True: (6.5, 8.8)}  # pixels of a letter, and of a wide one
_LAST_NAME = 78  # pixels kept free behind the last year, for its names
_BARE_YEAR = 29  # pixels of a year without families: its number has to fit
_STORY = 2012  # from here on, years without families are shown too
_STEP = 10  # pixels an idea stands behind what it builds on, at least
_GAP = 12  # pixels between a name and what comes next
_APART = 8  # rows between a great beginning and all that was there before it
_MANY = 3  # families that build on one which is called important


@dataclass(frozen=True)
class Place:
    """Where a family's dot is.

    Args:
        x: pixels from the left.
        row: rows from the top.
        dot: the dot's diameter in pixels.
        important: whether many of the families shown build on it.
        end: where its name ends, in pixels from the left.
    """

    x: float
    row: int
    dot: float
    important: bool
    end: float


@dataclass(frozen=True)
class Layout:
    """Where every family and every year is.

    Args:
        places: of each family, by name.
        years: where each year starts and ends, in pixels.
        rows: how many rows there are.
    """

    places: dict[str, Place]
    years: dict[int, tuple[float, float]]
    rows: int


def lay_out(families: Sequence[Family]) -> Layout:
    """Return a place for each family: at its month, in the free row nearest to what it builds on.

    Years with many families get more room, for most ideas are of a few years.
    """
    years = _years(families)
    dates = _dates(families, years)
    children = Counter(name for each in families for name in each.builds_on)
    places: dict[str, Place] = {}
    taken: dict[int, list[Place]] = {}
    for each in sorted(families, key=lambda each: (dates[each.name], each.name)):
        x, dot = dates[each.name], diameter(each)
        important = children[each.name] >= _MANY
        end = x + dot / 2 + _length(each.name, important) + _GAP
        target = _target(each, places, taken, important)
        free = (
            row
            for row in _outwards(target)
            if all(
                end < other.x - other.dot / 2 or other.end < x - dot / 2
                for other in taken.get(row, ())
            )
        )
        place = Place(x, next(free), dot, important, end)
        taken.setdefault(place.row, []).append(place)
        places[each.name] = place
    top, bottom = min(taken, default=0), max(taken, default=-1)
    return Layout(
        {name: Place(**{**vars(at), "row": at.row - top}) for name, at in places.items()},
        years,
        bottom - top + 1,
    )


def diameter(family: Family) -> float:
    """Return a dot's diameter in pixels: 3 more for each ten times the largest model's size."""
    return max(5.0, 6 + 3 * math.log10((family.largest or 1) / 1e6))


def _length(name: str, important: bool) -> float:
    """Return how long a name is in pixels, a little more rather than less."""
    slim, wide = _LETTER[important]
    return sum(wide if letter.isupper() or letter in "mw+" else slim for letter in name)


def _target(
    family: Family, places: dict[str, Place], taken: dict[int, list[Place]], important: bool
) -> float:
    """Return the row to stand in if all were free: nearest to the first of those built on."""
    parents = [places[name].row for name in family.builds_on if name in places]
    if not parents:  # a beginning that many build on needs room around it
        return max(taken, default=-_APART) + _APART if important else 0
    lean = {"CNN": -0.3, "transformer": 0.3}.get(family.kind, 0.0)  # kinds part where they can
    return (parents[0] + sum(parents)) / (1 + len(parents)) + lean


def _outwards(target: float) -> Iterator[int]:
    """Yield all rows, the nearest to the target first."""
    nearest = round(target)
    side = 1 if target > nearest else -1
    yield nearest
    for away in itertools.count(1):
        yield nearest + side * away
        yield nearest - side * away


def _years(families: Sequence[Family]) -> dict[int, tuple[float, float]]:
    """Return each year's start and end: of each with families, and of all since 2012."""
    count = Counter(each.year for each in families)
    span = range(min(count, default=0), max(count, default=-1) + 1)
    shown = [year for year in span if year in count or year >= _STORY]
    room = (WIDTH - _LAST_NAME - _BARE_YEAR * len(shown)) / max(1, len(families))
    years, end = {}, 0.0
    for year in shown:
        start, end = end, end + _BARE_YEAR + room * count[year]
        years[year] = (start, end)
    return years


def _dates(families: Sequence[Family], years: dict[int, tuple[float, float]]) -> dict[str, float]:
    """Return where each family stands from left to right; always behind what it builds on."""
    known = {each.name: each for each in families}
    dates: dict[str, float] = {}

    def date(family: Family) -> float:
        if family.name not in dates:
            start, end = years[family.year]
            month = start + (end - start) * (family.month - 0.5) / 12
            parents = [date(known[name]) for name in family.builds_on if name in known]
            dates[family.name] = max([month, *(parent + _STEP for parent in parents)])
        return dates[family.name]

    for each in families:
        date(each)
    return dates
