"""Which classes are taken for which: a square for each true class and each answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cvexplore.figures.theme import frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_WRITTEN = 20  # classes; of more, numbers do not fit into the squares
_LONGEST = 16  # letters of a class's name on an axis
# Blue and orange are told apart by everybody; dark numbers are read on both, on any page.
_RIGHT, _WRONG = ("#DBE7FE", "#5B8DEF"), ("#FDE7D6", "#EE8B4A")
_INK = "#111827"


def confusion_matrix(
    counts: np.ndarray,
    classes: Sequence[str],
    *,
    shares: bool = False,
    picked: tuple[int, int] | None = None,
) -> "Figure":
    """Return a confusion matrix: blue is right, orange is wrong, each on a scale of its own.

    Mistakes are few, so on one scale with what is right they could not be seen. A click selects a
    point of the last trace; its ``customdata`` is (true class, answer).

    Args:
        counts: a row for each true class. Shape: (classes, classes)
        classes: their names.
        shares: write the share of the row instead of the count.
        picked: true class and answer of the square to frame.
    """
    from plotly.graph_objects import Figure, Scatter

    size = len(classes)
    rows = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    right = np.eye(size, dtype=bool)
    figure = Figure()
    for where, colours in ((right, _RIGHT), (~right, _WRONG)):
        figure.add_trace(_squares(np.where(where & (counts > 0), rows, np.nan), colours))
    cells = [(true, answer) for true in range(size) for answer in range(size)]
    written = size <= _MOST_WRITTEN
    figure.add_trace(  # cells cannot be selected, points can: one in the middle of each
        Scatter(
            x=[answer for _, answer in cells],
            y=[true for true, _ in cells],
            mode="markers+text" if written else "markers",
            text=[_written(counts[cell], rows[cell], shares) for cell in cells],
            textfont={"size": 13 if size <= 12 else 9, "color": _INK},
            marker={"opacity": 0, "size": 16},
            selected={"marker": {"opacity": 0}, "textfont": {"color": _INK}},
            unselected={"marker": {"opacity": 0}, "textfont": {"color": _INK}},
            customdata=cells,
            hovertext=[_told(classes, cell, counts[cell], rows[cell]) for cell in cells],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
        )
    )
    if picked:
        _frame_square(figure, *picked)
    figure.update_layout(
        frame(max(360, min(640, 120 + 44 * size)), hovermode="closest", clickmode="event+select"),
        dragmode=False,
        hoverdistance=-1,  # anywhere in a square is nearest to its middle
    )
    for axis, name in (("xaxis", "Answer"), ("yaxis", "True class")):
        figure.layout[axis].update(_axis(name, classes))
    figure.update_xaxes(side="top")
    figure.update_yaxes(range=[size - 0.5, -0.5])
    return figure


def _squares(shares: np.ndarray, colours: tuple[str, str]) -> Any:
    from plotly.graph_objects import Heatmap

    return Heatmap(
        z=shares,
        zmin=0,
        zmax=np.nanmax(shares) if np.isfinite(shares).any() else 1,
        colorscale=[[0, colours[0]], [1, colours[1]]],
        showscale=False,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )


def _axis(name: str, classes: Sequence[str]) -> dict[str, Any]:
    size = len(classes)
    every = max(1, -(-size // 40))  # names of more lie on each other
    shown = range(0, size, every)
    return {
        "title": name,
        "tickvals": list(shown),
        "ticktext": [_short(classes[place]) for place in shown],
        "range": [-0.5, size - 0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _written(count: float, share: float, shares: bool) -> str:
    if not count:
        return ""
    return f"{share:.0%}" if shares else f"{count:,.0f}"


def _told(classes: Sequence[str], cell: tuple[int, int], count: float, share: float) -> str:
    true, answer = (_escaped(classes[place]) for place in cell)
    what = "right" if cell[0] == cell[1] else f"taken for {answer}"
    return f"<b>{true}</b> {what}: {count:,.0f}, {share:.1%} of its pictures"


def _frame_square(figure: "Figure", true: int, answer: int) -> None:
    """Draw a white frame in a black one, to be seen on every colour."""
    sides = {"x0": answer - 0.5, "x1": answer + 0.5, "y0": true - 0.5, "y1": true + 0.5}
    for width, line in ((5, "black"), (2, "white")):
        figure.add_shape(type="rect", line={"width": width, "color": line}, **sides)


def _short(name: str) -> str:
    return _escaped(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _escaped(name: str) -> str:
    """Return a name that plotly, which reads some HTML, shows as it is."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
