"""Ways to learn side by side: what they reach with few labels, and what their labels cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BAND = 0.13  # opacity


@dataclass(frozen=True)
class Line:
    """What one way to learn reaches.

    Args:
        name: what it is called.
        labels: labelled pictures a class, rising.
        means: what is measured at each, over the seeds.
        spreads: its standard deviation.
        seeds: how many there are.
        control: whether others are held against it: drawn dashed.
    """

    name: str
    labels: Sequence[int]
    means: Sequence[float]
    spreads: Sequence[float]
    seeds: int = 1
    control: bool = False


@dataclass(frozen=True)
class Cost:
    """What a way to learn needs of people.

    Args:
        name: what it is called.
        family: which its colour is of.
        pictures: that it learns from.
        hours: that people need to label them.
        what: "class", "box", … or "none".
    """

    name: str
    family: str
    pictures: int
    hours: float
    what: str


def by_labels(lines: Sequence[Line], what: str, height: int = 420) -> "Figure":
    """Return what each reaches against the number of labels, with a band of one deviation.

    A point's ``customdata`` is the name and the labels.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for index, line in enumerate(lines):
        shade = colour(figure, index)
        above = [m + s for m, s in zip(line.means, line.spreads, strict=True)]
        below = [m - s for m, s in zip(line.means, line.spreads, strict=True)]
        figure.add_trace(
            Scatter(
                x=[*line.labels, *reversed(line.labels)],
                y=[*above, *reversed(below)],
                fill="toself",
                fillcolor=_faint(shade),
                line={"width": 0},
                hoverinfo="skip",
                legendgroup=line.name,
                showlegend=False,
            )
        )
        figure.add_trace(
            Scatter(
                x=list(line.labels),
                y=list(line.means),
                customdata=[
                    [line.name, labels, spread]
                    for labels, spread in zip(line.labels, line.spreads, strict=True)
                ],
                name=line.name,
                legendgroup=line.name,
                mode="lines+markers",
                line={"color": shade, "width": 2, "dash": "dash" if line.control else "solid"},
                marker={"size": 8},
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>%{x} labels a class: %{y:.1%} ± "
                    f"%{{customdata[2]:.1%}}, {line.seeds} seeds<extra></extra>"
                ),
            )
        )
    ticks = sorted({each for line in lines for each in line.labels})
    figure.update_layout(frame(height, clickmode="event+select"))
    figure.update_xaxes(
        title="Labelled pictures a class",
        type="log",
        tickvals=ticks,
        ticktext=list(map(str, ticks)),
    )
    figure.update_yaxes(title=what, tickformat=".0%")
    return figure


def bars(lines: Sequence[Line], what: str, *, percent: bool = True) -> "Figure":
    """Return one bar for each way to learn, with a line of one deviation; controls are grey.

    A bar's ``customdata`` is the name and the labels.
    """
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    shown = list(reversed(lines))  # plotly draws the first at the bottom
    form = ".1%" if percent else ".3f"
    figure.add_trace(
        Bar(
            x=[line.means[0] for line in shown],
            y=[line.name for line in shown],
            orientation="h",
            error_x={"array": [line.spreads[0] for line in shown], "thickness": 1.5},
            customdata=[[line.name, line.labels[0], line.spreads[0]] for line in shown],
            marker={
                "color": [
                    "rgba(128, 128, 128, 0.55)" if line.control else colour(figure, 0)
                    for line in shown
                ]
            },
            text=[f"{line.means[0]:{form}}" for line in shown],
            textposition="inside",
            insidetextanchor="start",
            hovertemplate=(
                f"<b>%{{y}}</b><br>%{{x:{form}}} ± %{{customdata[2]:{form}}}<extra></extra>"
            ),
        )
    )
    figure.update_layout(frame(60 + 34 * len(lines), showlegend=False, clickmode="event+select"))
    figure.update_xaxes(title=what, tickformat=".0%" if percent else None, rangemode="tozero")
    return figure


def costs(found: Sequence[Cost], height: int = 420) -> "Figure":
    """Return the pictures each learns from against the hours that people label them.

    The hours grow with their root, so that what needs none has a place. A point's ``customdata``
    begins with the name.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    families = list(dict.fromkeys(each.family for each in found))
    for index, family in enumerate(families):
        own = [each for each in found if each.family == family]
        figure.add_trace(
            Scatter(
                x=[each.pictures for each in own],
                y=[each.hours**0.5 for each in own],
                text=[each.name for each in own],
                customdata=[[each.name, _time(each.hours), each.what] for each in own],
                name=family,
                mode="markers",
                marker={"size": 12, "color": colour(figure, index), "opacity": 0.85},
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>learns from %{x:,} pictures<br>"
                    "%{customdata[1]} of labelling (%{customdata[2]})<extra></extra>"
                ),
            )
        )
    most = max((each.hours for each in found), default=1.0)
    ticks = [hours for hours in (0, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if hours <= 1.2 * most]
    figure.update_layout(frame(height, clickmode="event+select"))
    figure.update_xaxes(title="Pictures it learns from", type="log", dtick=1)
    figure.update_yaxes(
        title="Hours of labelling",
        tickvals=[each**0.5 for each in ticks],
        ticktext=list(map(str, ticks)),
    )
    return figure


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:,.1f} hours"
    return f"{60 * hours:,.0f} minutes" if hours else "no time"


def _faint(shade: str) -> str:
    """Return a colour of six hexadecimal digits, nearly transparent."""
    red, green, blue = (int(shade[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {_BAND})"
