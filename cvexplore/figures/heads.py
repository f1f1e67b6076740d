"""Numbers about heads as pictures: a square for each head of each layer, or a dot."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LONGEST = 22  # letters of a layer's name on an axis


def heads_map(
    values: Sequence[Sequence[float]],
    layers: Sequence[str],
    *,
    title: str,
    unit: str = "",
    uniform: Sequence[float] = (),
    picked: int | None = None,
) -> "Figure":
    """Return a square for each head, layers from top to bottom in the order of the pass.

    A click selects a point of the second trace; its ``customdata`` is the layer's place.

    Args:
        values: of each layer's heads; layers may differ in their number. NaN is left empty.
        layers: their names.
        title: of the colours.
        unit: of the values.
        uniform: what attention to everything alike would have, a layer each.
        picked: place of the layer to frame.
    """
    from plotly.graph_objects import Figure, Heatmap, Scatter

    most = max(len(heads) for heads in values)
    table = np.full((len(values), most), np.nan)
    for row, heads in enumerate(values):
        table[row, : len(heads)] = heads
    points = [(row, head) for row, heads in enumerate(values) for head in range(len(heads))]
    figure = Figure(
        Heatmap(
            z=table,
            colorscale="Viridis",
            colorbar={
                "title": unit or "share",
                "thickness": 12,
                "outlinewidth": 0,
                "exponentformat": "power",
            },
            xgap=1,
            ygap=1,
            hoverinfo="skip",
        )
    )
    figure.add_trace(  # cells cannot be selected, points can: one, unseen, in the middle of each
        Scatter(
            x=[head for _, head in points],
            y=[row for row, _ in points],
            mode="markers",
            marker={"opacity": 0, "size": 14},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            customdata=[row for row, _ in points],
            text=[
                f"{layers[row]}, head {head + 1}<br>{title} <b>{_said(table[row, head], unit)}</b>"
                + (f"<br>uniform {_said(uniform[row], unit)}" if uniform else "")
                for row, head in points
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    if picked is not None:
        _frame_row(figure, picked, len(values[picked]))
    height = max(220, 80 + 24 * len(layers))
    figure.update_layout(frame(height, hovermode="closest", clickmode="event+select"))
    figure.update_layout(hoverdistance=-1, dragmode=False)
    figure.update_xaxes(
        title="head",
        tickvals=list(range(0, most, 1 + most // 13)),
        ticktext=[str(head + 1) for head in range(0, most, 1 + most // 13)],
        range=[-0.5, most - 0.5],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        tickvals=list(range(len(layers))),
        ticktext=_short(layers),
        range=[len(layers) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return figure


def heads_by_depth(
    values: Sequence[Sequence[float]],
    layers: Sequence[str],
    uniform: Sequence[float],
    *,
    title: str,
    unit: str = "",
) -> "Figure":
    """Return a dot for each head over depth, and a line in each layer for uniform attention.

    Source: Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020, arXiv 2010.11929, figure 7.
    """
    from plotly.graph_objects import Figure, Scatter

    points = [(row, head) for row, heads in enumerate(values) for head in range(len(heads))]
    figure = Figure()
    figure.add_trace(
        Scatter(
            x=_pieces(len(uniform)),
            y=[each for value in uniform for each in (value, value, None)],
            mode="lines",
            line={"color": colour(figure, 1), "width": 3},
            name="uniform attention",
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        Scatter(
            x=[row + 1 for row, _ in points],
            y=[values[row][head] for row, head in points],
            mode="markers",
            marker={"color": colour(figure, 0), "size": 8, "opacity": 0.75},
            text=[f"{layers[row]}, head {head + 1}" for row, head in points],
            hovertemplate=f"%{{text}}<br><b>%{{y:.4~g}}</b> {unit}<extra></extra>",
            name="a head",
        )
    )
    figure.update_layout(frame(360, hovermode="closest"))
    figure.update_xaxes(title="layer, in the order of the pass", range=[0.3, len(values) + 0.7])
    figure.update_yaxes(title=f"{title} ({unit})" if unit else title, rangemode="tozero")
    return figure


def heads_beside(values: np.ndarray) -> "Figure":
    """Return how differently each two heads of a layer look.

    Args:
        values: 0 to 1 bits. Shape: (heads, heads)
    """
    from plotly.graph_objects import Figure, Heatmap

    numbers = [str(head + 1) for head in range(len(values))]
    figure = Figure(
        Heatmap(
            z=values,
            zmin=0,
            colorscale="Viridis",
            colorbar={"title": "bits", "thickness": 12, "outlinewidth": 0},
            xgap=1,
            ygap=1,
            hovertemplate="heads %{y} and %{x}: <b>%{z:.3f}</b> bits<extra></extra>",
            x=numbers,
            y=numbers,
        )
    )
    figure.update_layout(frame(360))
    figure.update_xaxes(title="head", type="category", showgrid=False, constrain="domain")
    figure.update_yaxes(
        title="head", type="category", showgrid=False, autorange="reversed", scaleanchor="x"
    )
    return figure


def norms_by_depth(
    blocks: Sequence[str],
    median: Sequence[float],
    largest: Sequence[float],
    others: Sequence[float | None],
) -> "Figure":
    """Return how long tokens are after each block: the median patch, the longest, and others.

    Args:
        blocks: their names, in the order of the pass.
        median: of the tokens that have a place.
        largest: of them.
        others: the longest class token or register; None where there is none.

    Source: Darcet et al., "Vision Transformers Need Registers", 2023, arXiv 2309.16588.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    lines = {"median patch": median, "longest patch": largest, "class token or register": others}
    for index, (name, values) in enumerate(lines.items()):
        if any(value is not None for value in values):
            figure.add_trace(
                Scatter(
                    x=list(range(1, len(blocks) + 1)),
                    y=list(values),
                    mode="lines+markers",
                    line={"color": colour(figure, index), "width": 2},
                    text=list(blocks),
                    hovertemplate=f"%{{text}}<br>{name} <b>%{{y:.4~g}}</b><extra></extra>",
                    name=name,
                )
            )
    figure.update_layout(frame(320, hovermode="closest"))
    whole = 1 if len(blocks) < 10 else None  # there is no block 1.5
    figure.update_xaxes(title="block, in the order of the pass", dtick=whole)
    figure.update_yaxes(title="norm", rangemode="tozero")
    return figure


def _pieces(layers: int) -> list[float | None]:
    """Return where each layer's piece of a line begins and ends."""
    return [each for row in range(layers) for each in (row + 0.6, row + 1.4, None)]


def _frame_row(figure: "Figure", row: int, heads: int) -> None:
    """Draw a white frame in a black one, to be seen on every colour."""
    sides = {"x0": -0.5, "x1": heads - 0.5, "y0": row - 0.5, "y1": row + 0.5}
    for width, line in ((5, "black"), (2, "white")):
        figure.add_shape(type="rect", line={"width": width, "color": line}, **sides)


def _said(value: float, unit: str) -> str:
    if np.isnan(value):
        return "none here"
    return f"{value:.4g} {unit}".rstrip() if unit else f"{value:.1%}"


def _short(layers: Sequence[str]) -> list[str]:
    """Return the layers' names without the parts that all of them share."""
    columns = itertools.zip_longest(*(layer.split(".") for layer in layers), fillvalue="")
    differing = [column for column in columns if len(set(column)) > 1]
    if not differing:
        return [_cut(layer) for layer in layers]
    return [_cut(".".join(filter(None, parts))) for parts in zip(*differing, strict=True)]


def _cut(name: str) -> str:
    return (
        name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 + 1 :]}"
    )
