"""Which idea came from which: a family is a dot at its date, joined with what it builds on."""

import functools
import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cvexplore.catalog.families import Family, ancestors, descendants
from cvexplore.figures.lineage import NAMES, ROW, WIDTH, Layout, Place, lay_out
from cvexplore.figures.theme import KINDS, colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BENDS = 16  # straight pieces of a curved line
_FADED = 0.12
_FEWEST_ROWS = 9  # a lower picture would leave no room for its legend
_NEUTRAL = 7  # the number of the theme's grey


def timeline(families: Sequence[Family], picked: str = "") -> "Figure":
    """Return the families from left to right by date, each joined with those it builds on.

    A dot's colour is its kind, its size grows with the parameters of the family's largest model,
    and its custom data is its name. With a family picked, only what it comes from and what came
    from it keeps its colour and its names.

    Args:
        families: those to show; lines lead to families that are among them.
        picked: the name of one of them, or empty.
    """
    from plotly.graph_objects import Figure

    figure, layout = Figure(), lay_out(families)
    if picked not in layout.places:
        picked = ""
    before, after = ancestors(families, picked), descendants(families, picked)
    kin = {picked, *before, *after} if picked else set(layout.places)
    lit: list[tuple[Family, Family]] = []
    faded: list[tuple[Family, Family]] = []
    for parent, child in joined(families):
        pair = {parent.name, child.name}
        close = not picked or pair <= {picked, *before} or pair <= {picked, *after}
        (lit if close else faded).append((parent, child))
    _draw_lines(figure, layout, faded, _NEUTRAL, 1.0, _FADED / 2)
    for index, kind in enumerate(KINDS):
        of_kind = [pair for pair in lit if pair[1].kind == kind]
        width, opacity = (1.6, 0.75) if picked else (1.0, 0.32)
        _draw_lines(figure, layout, of_kind, index, width, opacity)
    for index, kind in enumerate(KINDS):
        _draw_dots(figure, layout, [f for f in families if f.kind == kind], index, kin)
    if picked:
        _draw_ring(figure, layout.places[picked], KINDS.index(_named(families, picked).kind))
    _draw_frame(figure, layout)
    return figure


def joined(families: Sequence[Family]) -> Iterator[tuple[Family, Family]]:
    """Yield (older, younger) for each family that builds on another one of these."""
    known = {each.name: each for each in families}
    for each in families:
        yield from ((known[name], each) for name in each.builds_on if name in known)


@functools.cache
def described(family: Family) -> str:
    """Return what a dot says when it is pointed at."""
    idea = "<br>".join(textwrap.wrap(family.idea, 56))
    paper = "<br>".join(textwrap.wrap(family.title, 56))
    return (
        f"<b>{family.name}</b>, {family.year}<br>{idea}<br><br><i>{paper}</i><br>"
        f"{family.authors}<br><br>{size_range(family)}"
    )


def size_range(family: Family) -> str:
    """Return the parameters of its smallest and largest model: "1.7 to 6.1 million parameters"."""
    if family.smallest is None or family.largest is None:
        return "not measured"
    low, high = f"{family.smallest / 1e6:,.1f}", f"{family.largest / 1e6:,.1f}"
    return f"{low if low == high else f'{low} to {high}'} million parameters"


def _named(families: Sequence[Family], name: str) -> Family:
    return next(each for each in families if each.name == name)


def _draw_lines(
    figure: "Figure",
    layout: Layout,
    pairs: Sequence[tuple[Family, Family]],
    index: int,
    width: float,
    opacity: float,
) -> None:
    import numpy as np
    from plotly.graph_objects import Scatter

    if not pairs:
        return
    points: list[tuple[float, float]] = []
    for parent, child in pairs:
        points += _curve(layout.places[parent.name], layout.places[child.name])
        points.append((math.nan, math.nan))  # the pen is lifted
    figure.add_trace(
        Scatter(
            x=np.array([x for x, _ in points]),  # plotly looks at each number of a list
            y=np.array([y for _, y in points]),
            mode="lines",
            line={"color": colour(figure, index), "width": width},
            opacity=opacity,
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _curve(start: Place, end: Place) -> Iterator[tuple[float, float]]:
    """Yield a line that leaves steeply, away from the older one's name, and arrives level."""
    for bend in range(_BENDS + 1):
        t = bend / _BENDS
        x = start.x + (end.x - start.x) * t
        y = start.row + (end.row - start.row) * t * (2 - t)
        yield round(x, 1), round(y, 3)


def _draw_dots(
    figure: "Figure", layout: Layout, families: Sequence[Family], index: int, kin: set[str]
) -> None:
    from plotly.graph_objects import Scatter

    if not families:
        return
    places = [layout.places[each.name] for each in families]
    figure.add_trace(
        Scatter(
            x=[place.x for place in places],
            y=[place.row for place in places],
            customdata=[[each.name] for each in families],
            mode="markers+text",
            text=[
                ("<b>{}</b>" if place.important else "{}").format(each.name)
                if each.name in kin
                else ""
                for each, place in zip(families, places, strict=True)
            ],
            textposition="middle right",
            textfont={"size": [NAMES[place.important] for place in places]},
            marker={
                "color": colour(figure, index),
                "size": [place.dot for place in places],
                "opacity": [1.0 if each.name in kin else _FADED for each in families],
            },
            hovertext=[described(each) for each in families],
            hoverinfo="text",
            showlegend=False,
        )
    )
    figure.add_trace(  # the legend's dot would be as large and as faded as the first family's
        Scatter(
            x=[None],
            y=[None],
            name=KINDS[index],
            mode="markers",
            marker={"color": colour(figure, index), "size": 9},
            hoverinfo="skip",
        )
    )


def _draw_ring(figure: "Figure", place: Place, index: int) -> None:
    from plotly.graph_objects import Scatter

    figure.add_trace(
        Scatter(
            x=[place.x],
            y=[place.row],
            mode="markers",
            marker={
                "symbol": "circle-open",
                "size": place.dot + 5,
                "color": colour(figure, index),
                "line": {"width": 1.5},
            },
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _draw_frame(figure: "Figure", layout: Layout) -> None:
    spare = max(0.0, (_FEWEST_ROWS - layout.rows) / 2)  # above and below a picture of few rows
    inside = (layout.rows + 2 * spare + 0.2) * ROW
    look: dict[str, Any] = frame(round(inside) + 64, clickmode="event+select", dragmode=False)
    above_the_years = 1 + 24 / inside  # Plotly counts in heights of the plot, from its foot
    look["legend"] |= {"y": above_the_years, "itemclick": False, "itemdoubleclick": False}
    figure.update_layout(look, hoverdistance=12)
    figure.update_xaxes(
        range=[0, WIDTH],
        tickvals=[start for start, _ in layout.years.values()],
        ticktext=[str(year) for year in layout.years],
        ticklabelshift=16,
        side="top",
        fixedrange=True,
        showgrid=True,
        zeroline=False,
    )
    figure.update_yaxes(
        range=[layout.rows - 0.4 + spare, -0.8 - spare], visible=False, fixedrange=True
    )
