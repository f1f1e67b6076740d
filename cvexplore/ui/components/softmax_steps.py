"""One query's attention as a table that fills step by step: play it, or walk with the arrow keys.

All numbers travel once, as text of a few digits; walking asks the server for nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from streamlit.components.v2 import component

from cvexplore.ui.components import style

_HTML = """
<div class="steps" tabindex="0" role="group" aria-roledescription="step-by-step table"
     aria-label="Left and right arrow keys walk through the steps, space plays">
  <div class="formula" aria-hidden="true"></div>
  <div class="bar">
    <button type="button" class="back" aria-label="Step back">←</button>
    <button type="button" class="play">Play</button>
    <button type="button" class="next" aria-label="Step on">→</button>
    <div class="stages" role="group" aria-label="Steps"></div>
  </div>
  <p class="says" aria-live="polite"></p>
  <div class="query"></div>
  <div class="table"><table><thead></thead><tbody></tbody><tfoot></tfoot></table></div>
</div>
"""

_COMPONENT = component(
    "cvexplore_softmax_steps",
    html=_HTML,
    css=style("controls", "softmax_steps"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Cell:
    """What a row of the table has in one column.

    Args:
        text: the number.
        bar: how long a bar behind it is, from 0 to 1.
        strip: a vector to draw as colours, from -1 to 1.
    """

    text: str = ""
    bar: float | None = None
    strip: Sequence[float] = ()


@dataclass(frozen=True)
class Column:
    """One number of each key.

    Args:
        stage: the step that computes it, from 1; the query and key belong to 1.
        title: above it, as plain text.
        cells: one a row.
        total: below it.
    """

    stage: int
    title: str
    cells: Sequence[Cell]
    total: Cell = Cell()


@dataclass(frozen=True)
class Row:
    """A key: its name, and what the image shows there as a data URL, if anything."""

    name: str
    picture: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the formula and the step that computes it; 0 belongs to none."""

    text: str
    stage: int = 0


def softmax_steps(
    *,
    formula: Sequence[Part],
    stages: Sequence[tuple[str, str]],
    query: Row,
    query_strip: Sequence[float],
    rows: Sequence[Row],
    columns: Sequence[Column],
    key: str,
) -> None:
    """Show a table whose columns appear step by step.

    Args:
        formula: what is computed, in parts; the one of the current step is marked.
        stages: title and a sentence of each step.
        query: who asks.
        query_strip: its vector, from -1 to 1; empty where it is not known.
        rows: the keys.
        columns: in the order of their steps.
        key: names this table; the step a person stands at belongs to it.
    """
    _COMPONENT(
        key=key,
        data={
            "formula": [asdict(each) for each in formula],
            "stages": [list(each) for each in stages],
            "query": asdict(query),
            "queryStrip": list(query_strip),
            "rows": [asdict(each) for each in rows],
            "columns": [asdict(each) for each in columns],
        },
    )
