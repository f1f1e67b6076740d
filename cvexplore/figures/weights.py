"""Weights as pictures: every tensor's distribution at once, one of them large, and filters."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.sheet import Scale, Sheet, mosaic
from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure, Heatmap, Scatter

    from cvexplore.interpret.weights import TensorStatistics

_REACH = 6  # standard deviations to each side that the overview shows
_CELLS = 60  # into which that is cut
_FAINTEST = (
    -4
)  # decades: one weight in 10,000 a standard deviation is the last to be told from none
_MOST_NAMES = 14  # blocks named beside the overview
_LONGEST = 18  # letters of such a name


def distributions(
    tensors: Sequence["TensorStatistics"],
    *,
    picked: str = "",
    beside: Sequence["TensorStatistics"] = (),
) -> "Figure":
    """Return all tensors at once, a row each: how wide each is, and its shape at equal width.

    The points carry the tensor's name as custom data.

    Args:
        tensors: from top to bottom.
        picked: the name of the one to frame.
        beside: the same tensors with random weights, whose widths are drawn as rings.
    """
    from plotly.subplots import make_subplots

    names = [each.name for each in tensors]
    height = min(620, 110 + max(130, 20 * len(names)))
    figure = make_subplots(
        cols=2, shared_yaxes=True, column_widths=[0.3, 0.7], horizontal_spacing=0.03
    )
    rings = [each for each in beside if each.name in set(names)]
    figure.add_trace(_widths(figure, rings, picked, name="random"), row=1, col=1)
    figure.add_trace(_widths(figure, tensors, picked), row=1, col=1)
    figure.add_trace(_shapes(tensors), row=1, col=2)
    figure.update_layout(frame(height, showlegend=False, clickmode="event+select", dragmode="zoom"))
    widths = [each.std for each in (*tensors, *rings) if each.std > 0] or [1.0]
    stops = _stops(min(widths), max(widths))
    ends = [min(widths + stops) / 1.2, max(widths + stops) * 1.2]
    figure.update_xaxes(
        title="Width σ",
        type="log",
        range=[math.log10(end) for end in ends],
        tickvals=stops,
        tickformat="~g",
        col=1,
    )
    figure.update_xaxes(title="Distance from the mean (σ)", col=2)
    starts = _blocks(names, apart=math.ceil(14 * len(names) / (height - 110)))
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5],
        categoryorder="array",
        categoryarray=names,
        tickmode="array",
        tickvals=list(starts),
        ticktext=[_short(block) for block in starts.values()],
        showgrid=False,
    )
    if picked in names:
        _ring(figure, names.index(picked))
    return figure


def _widths(
    figure: "Figure", tensors: Sequence["TensorStatistics"], picked: str, name: str = ""
) -> "Scatter":
    """Return a dot a tensor at its standard deviation, a ring if they are the ones beside."""
    from plotly.graph_objects import Scatter

    wide = [each for each in tensors if each.std > 0]  # constant ones have no place on a log axis
    return Scatter(
        x=[each.std for each in wide],
        y=[each.name for each in wide],
        customdata=[[each.name, *_told(each)] for each in wide],
        mode="markers",
        name=name,
        marker={
            "symbol": "circle-open" if name else "circle",
            "size": [11 if each.name == picked and not name else 6 for each in wide],
            "color": colour(figure, 2 if name else 0),
        },
        hovertemplate=f"<b>%{{customdata[0]}}</b> {name}<br>%{{customdata[1]}}<br>"
        "mean %{customdata[2]}, standard deviation %{customdata[3]}<br>"
        "from %{customdata[4]} to %{customdata[5]}<extra></extra>",
    )


def _shapes(tensors: Sequence["TensorStatistics"]) -> "Heatmap":
    """Return a row a tensor: the density at so many standard deviations from its mean.

    Colours are logarithmic, for what training leaves in the tails is rare.
    """
    from plotly.graph_objects import Heatmap

    edges = np.linspace(-_REACH, _REACH, _CELLS + 1)
    density = np.stack([_density(each, edges) for each in tensors])
    decades = np.log10(density, out=np.full_like(density, np.nan), where=density > 0)
    return Heatmap(
        x=(edges[1:] + edges[:-1]) / 2,
        y=[each.name for each in tensors],
        z=decades,
        customdata=density.round(5),
        zmin=_FAINTEST,
        zmax=0,
        colorbar={
            "orientation": "h",
            "thickness": 8,
            "y": 1.0,
            "yanchor": "bottom",
            "x": 1.0,
            "xanchor": "right",
            "len": 0.7,
            "ticklabelposition": "outside top",
            "tickvals": list(range(_FAINTEST, 1, 2)),
            "ticktext": [f"{100 * 10.0**each:g} %" for each in range(_FAINTEST, 1, 2)],
        },
        hovertemplate="<b>%{y}</b><br>%{x:+.1f} σ from the mean<br>"
        "%{customdata:.2%} of its numbers a σ<extra></extra>",
    )


def _density(tensor: "TensorStatistics", edges: np.ndarray) -> np.ndarray:
    """Return the density between edges that are standard deviations from the mean.

    Shape: (N + 1,) -> (N,)
    """
    values = tensor.mean + edges * (tensor.std or 1)
    return np.diff(tensor.histogram.share_below(values)) / np.diff(edges)


def _short(block: str) -> str:
    return block if len(block) <= _LONGEST else f"{block[: _LONGEST - 1]}…"


def _stops(low: float, high: float) -> list[float]:
    """Return two or more round numbers to mark a log axis at, finer ones where it is short."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for round_ones in ((1,), (1, 3), (1, 2, 5)):
        stops = [one * 10.0**decade for decade in decades for one in round_ones]
        inside = [each for each in stops if low <= each <= high]
        if len(inside) > 1:
            return inside
    below = [each for each in stops if each < low][-1:]
    return below + inside + [each for each in stops if each > high][:1]


def _ring(figure: "Figure", row: int) -> None:
    figure.add_shape(
        type="rect",
        xref="x2 domain",
        yref="y2",
        x0=0,
        x1=1,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": colour(figure, 1), "width": 2},
    )


def _told(tensor: "TensorStatistics") -> list[str]:
    sides = " × ".join(map(str, tensor.shape))
    numbers = (tensor.mean, tensor.std, tensor.low, tensor.high)
    return [f"{tensor.kind}, {sides}", *(f"{each:.3g}" for each in numbers)]


def _blocks(names: Sequence[str], apart: int) -> dict[str, str]:
    """Return the first tensor of each block, with the block's name.

    Blocks are those of the greatest depth at which they are few.

    Args:
        names: of the tensors, from top to bottom.
        apart: rows from one name to the next, at least.
    """
    paths = {name: name.rpartition(".")[0].split(".") for name in names}
    starts: dict[str, str] = {}
    for depth in range(1, max(map(len, paths.values()), default=0) + 1):
        deeper: dict[str, str] = {}
        for name, path in paths.items():
            deeper.setdefault(".".join(path[:depth]) or name, name)
        if starts and len(deeper) > _MOST_NAMES:
            break
        starts = deeper
    rows = {name: row for row, name in enumerate(names)}
    kept: dict[str, str] = {}
    last = -apart
    for block, name in starts.items():
        if rows[name] - last >= apart:
            kept[name], last = block, rows[name]
    return kept


def histogram(
    tensor: "TensorStatistics", *, beside: "TensorStatistics | None" = None, height: int = 320
) -> "Figure":
    """Return one tensor's histogram with the normal distribution of its mean and deviation.

    Args:
        tensor: the one to draw.
        beside: the same tensor with random weights, drawn as a line.
        height: in pixels.
    """
    from plotly.graph_objects import Bar, Figure, Scatter

    figure = Figure()
    bars = tensor.histogram
    width = (bars.high - bars.low) / len(bars.counts)
    figure.add_trace(
        Bar(
            x=bars.edges[:-1] + width / 2,
            y=bars.density,
            width=width,
            name="weights",
            customdata=bars.counts,
            marker={"color": colour(figure, 0), "line": {"width": 0}},
            hovertemplate="%{x:.3g}: %{customdata:,} weights<extra></extra>",
        )
    )
    if tensor.std > 0:
        places = np.linspace(bars.low, bars.high, 200)
        bell = np.exp(-0.5 * ((places - tensor.mean) / tensor.std) ** 2)
        figure.add_trace(
            Scatter(
                x=places,
                y=bell / (tensor.std * math.sqrt(2 * math.pi)),
                mode="lines",
                name="normal of its mean and σ",
                line={"color": colour(figure, 1), "width": 2},
                hoverinfo="skip",
            )
        )
    if beside is not None:
        other = beside.histogram
        figure.add_trace(
            Scatter(
                x=other.edges,
                y=[*other.density, 0.0],
                mode="lines",
                name="random",
                line={"color": colour(figure, 2), "width": 1.5, "shape": "hv"},
                hoverinfo="skip",
            )
        )
    figure.update_layout(frame(height, bargap=0))
    figure.update_xaxes(title="Weight")
    figure.update_yaxes(title="Density", rangemode="tozero")
    return figure


# ------------------------------------------------------------------ filters


def filter_tiles(filters: np.ndarray, scale: Scale = "channel") -> np.ndarray:
    """Return filters as pictures: mid grey is zero, brighter is positive, darker is negative.

    Args:
        filters: Shape: (filters, 3 or 1, H, W)
        scale: "channel" stretches each filter by itself; "layer" uses one scale for all.

    Shape: (filters, 3 or 1, H, W) uint8
    """
    finite = np.nan_to_num(filters, posinf=0, neginf=0)
    magnitude = np.abs(finite)
    peak = magnitude.max(axis=(1, 2, 3) if scale == "channel" else None, keepdims=True)
    return np.rint(128 + 127 * finite / np.where(peak > 0, peak, 1)).astype(np.uint8)


def filter_sheet(tiles: np.ndarray) -> Sheet:
    """Return filters as one sheet.

    Shape: (filters, 3 or 1, H, W) uint8
    """
    columns = math.ceil(math.sqrt(len(tiles)))
    return Sheet(mosaic(tiles, columns=columns), len(tiles), columns)
