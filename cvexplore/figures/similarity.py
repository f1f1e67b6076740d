"""Similarity of two networks as a picture: a square for each pair of layers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.theme import frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LONGEST = 16  # letters of a layer's path on an axis; its end tells more than its beginning


def similarity_matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    names: tuple[str, str],
    picked: tuple[int, int] | None = None,
) -> "Figure":
    """Return the similarity of every two layers, both networks beginning at the lower left.

    A click selects a point of the second trace; its ``customdata`` is the pair of places.

    Args:
        values: 0 to 1; NaN is left empty. Shape: (rows, columns)
        rows: the first network's layers, in the order they run.
        columns: the second's.
        names: of the two networks.
        picked: place of the pair to frame, (row, column).
    """
    from plotly.graph_objects import Figure, Heatmap, Scatter

    pairs = [(row, column) for row in range(len(rows)) for column in range(len(columns))]
    figure = Figure(
        Heatmap(
            z=values,
            zmin=0,
            zmax=1,
            colorscale="Viridis",
            colorbar={"title": "CKA", "thickness": 12, "outlinewidth": 0},
            xgap=1,
            ygap=1,
            hoverinfo="skip",
        )
    )
    figure.add_trace(  # cells cannot be selected, points can: one, unseen, in the middle of each
        Scatter(
            x=[column for _, column in pairs],
            y=[row for row, _ in pairs],
            mode="markers",
            marker={"opacity": 0, "size": 16},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            customdata=pairs,
            text=[
                f"{rows[row]}<br>{columns[column]}<br>{_said(values[row, column])}"
                for row, column in pairs
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    if picked:
        _frame_cell(figure, *picked)
    figure.update_layout(frame(560, hovermode="closest", clickmode="event+select", dragmode=False))
    figure.update_layout(hoverdistance=-1)  # anywhere in a cell is nearest to its middle
    for axis, layers, name in (("xaxis", columns, names[1]), ("yaxis", rows, names[0])):
        figure.layout[axis].update(
            title=name,
            tickvals=list(range(len(layers))),
            ticktext=[_short(layer) for layer in layers],
            range=[-0.5, len(layers) - 0.5],
            showgrid=False,
            zeroline=False,
            constrain="domain",
        )
    figure.update_xaxes(tickangle=-60)
    figure.update_yaxes(scaleanchor="x")
    return figure


def _frame_cell(figure: "Figure", row: int, column: int) -> None:
    """Draw a white frame in a black one, to be seen on every colour."""
    sides = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    for width, line in ((5, "black"), (2, "white")):
        figure.add_shape(type="rect", line={"width": width, "color": line}, **sides)


def _said(value: float) -> str:
    return "no value: a layer does not vary" if np.isnan(value) else f"CKA <b>{value:.2f}</b>"


def _short(layer: str) -> str:
    return layer if len(layer) <= _LONGEST else f"…{layer[-_LONGEST + 1 :]}"
