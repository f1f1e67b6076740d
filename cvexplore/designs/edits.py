"""Changing a design: each edit takes a design and a place and returns another design.

A place is a path of numbers from 1: (3, 1) is the first layer inside the third.
"""

from collections.abc import Callable
from dataclasses import replace

from cvexplore.designs import Design, Layer, bounded
from cvexplore.errors import DesignError

Place = tuple[int, ...]
Row = tuple[Layer, ...]


def at(design: Design, place: Place) -> Layer:
    """Return the layer at a place.

    Raises:
        DesignError: there is none.
    """
    layers = design.layers
    for number in place[:-1]:
        layers = _one(layers, number, place).inside
    return _one(layers, place[-1] if place else 0, place)


def insert(design: Design, place: Place, layer: Layer) -> Design:
    """Return the design with a layer at this place; what stood there comes behind it.

    Raises:
        DesignError: there is no such place, or the design grows too large.
    """

    def put(row: Row, index: int) -> Row:
        if index > len(row):
            raise _nowhere(place)
        return (*row[:index], layer, *row[index:])

    return _edited(design, place, put)


def remove(design: Design, place: Place) -> Design:
    """Return the design without the layer at this place, and without what that holds.

    Raises:
        DesignError: there is none.
    """
    at(design, place)
    return _edited(design, place, lambda row, index: (*row[:index], *row[index + 1 :]))


def put(design: Design, place: Place, layer: Layer) -> Design:
    """Return the design with another layer in place of the one here.

    Raises:
        DesignError: there is none, or the design grows too large.
    """
    at(design, place)
    return _edited(design, place, lambda row, index: (*row[:index], layer, *row[index + 1 :]))


def duplicate(design: Design, place: Place) -> Design:
    """Return the design with the layer at this place twice, one behind the other.

    Raises:
        DesignError: there is none, or the design grows too large.
    """
    return insert(design, place, at(design, place))


def move(design: Design, place: Place, by: int) -> Design:
    """Return the design with this layer so many places later in its row; less than 0 is earlier.

    Raises:
        DesignError: there is none, or the row ends before.
    """
    layer = at(design, place)
    there = (*place[:-1], place[-1] + by)
    at(design, there)
    return insert(remove(design, place), there, layer)


def _edited(design: Design, place: Place, edit: Callable[[Row, int], Row]) -> Design:
    edited = replace(design, layers=_row(design.layers, place, place, edit))
    bounded(edited)
    return edited


def _row(row: Row, left: Place, place: Place, edit: Callable[[Row, int], Row]) -> Row:
    if len(left) == 1 and left[0] >= 1:
        return edit(row, left[0] - 1)
    outer = _one(row, left[0] if left else 0, place)
    changed = replace(outer, inside=_row(outer.inside, left[1:], place, edit))
    return (*row[: left[0] - 1], changed, *row[left[0] :])


def _one(row: Row, number: int, place: Place) -> Layer:
    if not 1 <= number <= len(row):
        raise _nowhere(place)
    return row[number - 1]


def _nowhere(place: Place) -> DesignError:
    return DesignError(f"This design has no layer {'.'.join(map(str, place)) or 'there'}.")
