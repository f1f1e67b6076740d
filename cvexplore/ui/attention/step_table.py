"""The steps of one query as a table: what stands in each column, and what is said of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvexplore.ui.components.softmax_steps import Cell, Column, Part, Row

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.attention.steps import Steps

_SHOWN = 8  # keys with a row of their own
_NUMBERS = 2  # of a vector, in figures
_DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass
class StepTable:
    """What the component draws, filled step by step."""

    rows: list[Row] = field(default_factory=list)
    formula: list[Part] = field(default_factory=list)
    stages: list[tuple[str, str]] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    query_strip: list[float] = field(default_factory=list)


def table(steps: "Steps", named: Callable[[int], Row]) -> StepTable:
    """Return the table of a query: its strongest keys, the others in one row.

    Args:
        steps: the numbers.
        named: a key's name and picture.
    """
    order = steps.weights.argsort(descending=True).tolist()
    first, rest = order[:_SHOWN], order[_SHOWN:]
    shown = StepTable([named(key) for key in first])
    if rest:
        shown.rows.append(Row(f"the other {len(rest):,} keys together"))
    inside = _score_steps(shown, steps, first, rest)
    _softmax_steps(shown, steps, inside, first, rest)
    _gathering_step(shown, steps, first, rest)
    return shown


def number(value: float, digits: int = 4) -> str:
    """Return a number with so many digits: 12.35, 0.01235, 1.235 · 10⁻⁵, −∞."""
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    if value == 0:
        return "0"
    figure, _, after = f"{value:.{digits - 1}e}".partition("e")
    power = int(after)
    if -3 <= power < 5:
        said = f"{value:.{max(0, digits - 1 - power)}f}"
    else:
        said = f"{figure} · 10{str(power).translate(_DIGITS)}"
    return said.replace("-", "−")


def within(error: float | None) -> str:
    """Return how near two numbers are, in words: exactly, or within 2 · 10⁻⁷."""
    if error is None:
        return "(not checked here)"
    return "exactly" if error == 0 else f"within {number(error, digits=1)}"


def _score_steps(
    shown: StepTable, steps: "Steps", first: Sequence[int], rest: Sequence[int]
) -> list[Part]:
    """Add what leads to the scores, and return its part of the formula."""
    if steps.dots is None or steps.scaled is None or steps.scale is None:
        shown.stages.append(
            ("Scores", "What the softmax is given; this layer computes it otherwise.")
        )
        shown.columns.append(_spread(1, "score", steps.scores, first, rest))
        return [Part("scores", 1)]
    _strips(shown, steps, first)
    width = "" if steps.query is None else f", over {len(steps.query)} numbers"
    shown.stages.append(
        ("Dot products", f"How well does each key fit the query? Multiply and sum{width}.")
    )
    shown.columns.append(_spread(1, "q · k", steps.dots, first, rest))
    scale, why = _scale(steps)
    parts = [Part("q Kᵀ", 1), Part(scale, 2)]
    said = f"{why} "
    if steps.has_added:
        shown.columns.append(_spread(2, "scaled", steps.scaled, first, rest))
        shown.columns.append(_spread(2, "+ B", steps.added, first, rest))
        parts.append(Part("+ B", 2))
        said += (
            "What the network adds besides (B) is its position bias or mask, worked out "
            "here as the difference."
        )
    shown.columns.append(_spread(2, "score", steps.scores, first, rest))
    shown.stages.append(("Scores", said))
    return parts


def _scale(steps: "Steps") -> tuple[str, str]:
    """Return the scale as a part of the formula, and why it is."""
    scale = steps.scale or 0.0
    width = 0 if steps.query is None else len(steps.query)
    if scale == 1:
        return "· 1", "The network has scaled its queries before, so nothing is left to scale."
    if width and math.isclose(scale, width**-0.5):
        return (
            f"/ √{width}",
            f"Divide by √{width}, so that long vectors do not make the softmax sharp.",
        )
    return f"· {number(scale)}", f"This head multiplies by {number(scale)}, read off its numbers."


def _strips(shown: StepTable, steps: "Steps", first: Sequence[int]) -> None:
    """Add the vectors of the query and the keys as colours, on one scale each."""
    if steps.query is None or steps.keys is None:
        return
    shown.query_strip = (steps.query / _largest(steps.query)).tolist()
    keys = steps.keys[list(first)]
    scaled = (keys / _largest(keys)).tolist()
    cells = [Cell(strip=each) for each in scaled]
    shown.columns.append(Column(1, "k", [*cells, *[Cell()] * (len(shown.rows) - len(cells))]))


def _softmax_steps(
    shown: StepTable,
    steps: "Steps",
    inside: Sequence[Part],
    first: Sequence[int],
    rest: Sequence[int],
) -> None:
    stage = len(shown.stages) + 1
    shown.stages.append(
        (
            "Exponential",
            f"e to the power of each score less the largest, {number(steps.largest)}: the best "
            "key gets 1, all others less, none below 0.",
        )
    )
    shown.columns.append(_summed(stage, "e^(s − max)", steps.exponentials, first, rest))
    shown.stages.append(
        (
            "Weights",
            f"Divide by the sum, {number(steps.total)}: these are the attention weights.",
        )
    )
    shown.columns.append(_summed(stage + 1, "weight", steps.weights, first, rest, bars=True))
    added = " + B" if steps.has_added else ""
    shown.formula += [
        Part(f"softmax( q Kᵀ / √d{added} ) V  = "),
        Part("exp(", stage),
        *inside,
        Part("− max )", stage),
        Part("/ Σ", stage + 1),
        Part("· V", stage + 2),
    ]


def _gathering_step(
    shown: StepTable, steps: "Steps", first: Sequence[int], rest: Sequence[int]
) -> None:
    stage = len(shown.stages) + 1
    if not bool((steps.applied == steps.weights).all()):
        shown.columns.append(_summed(stage, "applied", steps.applied, first, rest))
    shown.stages.append(
        (
            "Weighted sum",
            f"Each key's value, a vector of {len(steps.output)} numbers, counts by its weight. "
            f"The sum is what the query takes away; its first {_NUMBERS} numbers stand below.",
        )
    )
    weighted = steps.applied[:, None] * steps.values
    vectors = [weighted[key] for key in first]
    if rest:
        vectors.append(weighted[list(rest)].sum(0))
    largest = max(_largest(each) for each in [*vectors, steps.output])
    cells = [_vector(each, largest) for each in vectors]
    shown.columns.append(Column(stage, "weight × v", cells, _vector(steps.output, largest)))


def _vector(values: "Tensor", largest: float) -> Cell:
    figures = [number(each) for each in values[:_NUMBERS].tolist()]
    more = ["…"] if len(values) > _NUMBERS else []
    return Cell(",  ".join([*figures, *more]), strip=(values / largest).tolist())


def _spread(
    stage: int, title: str, values: "Tensor | None", first: Sequence[int], rest: Sequence[int]
) -> Column:
    """Return a column of numbers whose sum says nothing: the others have a lowest and a highest."""
    assert values is not None
    cells = [Cell(number(values[key].item())) for key in first]
    if rest:
        others = values[list(rest)]
        low, high = (number(each.item(), digits=3) for each in (others.min(), others.max()))
        cells.append(Cell(low if low == high else f"{low} to {high}"))
    return Column(stage, title, cells)


def _summed(
    stage: int,
    title: str,
    values: "Tensor",
    first: Sequence[int],
    rest: Sequence[int],
    *,
    bars: bool = False,
) -> Column:
    """Return a column of numbers that are summed, the others among them."""
    each = [values[key].item() for key in first]
    if rest:
        each.append(values[list(rest)].sum().item())
    cells = [Cell(number(value), bar=value if bars else None) for value in each]
    return Column(stage, title, cells, Cell(number(values.sum().item())))


def _largest(values: "Tensor") -> float:
    return max(values.abs().max().item(), 1e-12)
