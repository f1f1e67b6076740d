"""What a data set holds, as charts: its classes, its pictures' sizes, and how it is split."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PARTS = ("train", "validation", "test")  # each has its colour, whichever of them are shown

_UPRIGHT = 12  # classes whose names fit below their bars


def class_balance(classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> "Figure":
    """Return a bar a class, stacked by the part its pictures are in.

    Args:
        classes: their names.
        counts: by part, how many pictures of each class.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    places = list(range(len(classes)))  # two classes may have one name
    for part, numbers in counts.items():
        figure.add_bar(
            x=places,
            y=list(numbers),
            name=part,
            customdata=[_plain(each) for each in classes],
            marker_color=colour(figure, PARTS.index(part)),
            hovertemplate="%{customdata}: %{y:,} pictures<extra>" + part + "</extra>",
        )
    figure.update_layout(**frame(280, barmode="stack", bargap=0.25, legend_traceorder="normal"))
    few = len(classes) <= _UPRIGHT
    shown = places if few else places[:: -(-len(classes) // 40)]
    figure.update_xaxes(
        tickvals=shown,
        ticktext=[_short(classes[each]) for each in shown],
        tickangle=0 if few and max(map(len, classes)) <= 8 else -45,
        automargin=True,
    )
    figure.update_yaxes(title="pictures", rangemode="tozero")
    return figure


def picture_sizes(widths: Sequence[int], heights: Sequence[int]) -> "Figure":
    """Return a point a size, the larger the more pictures have it."""
    from collections import Counter

    import plotly.graph_objects as go

    sizes = Counter(zip(widths, heights, strict=True))
    whole = len(widths)
    figure = go.Figure()
    figure.add_scatter(
        x=[width for width, _ in sizes],
        y=[height for _, height in sizes],
        mode="markers",
        marker={
            "size": [7 + 24 * (count / whole) ** 0.5 for count in sizes.values()],
            "color": colour(figure, 0),
            "opacity": 0.6,
        },
        customdata=list(sizes.values()),
        hovertemplate="%{x} × %{y} pixels: %{customdata:,} pictures<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(**frame(280))
    figure.update_xaxes(title="width in pixels", rangemode="tozero")
    figure.update_yaxes(title="height in pixels", rangemode="tozero")
    return figure


def fold_plan(folds: int, fold: int, test: float) -> "Figure":
    """Return who is held out when: a row a run, a bar a part of the pictures.

    Args:
        folds: runs.
        fold: the one that the recipe asks for.
        test: the share that none of them sees.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    runs = [f"fold {row}" + (" (this one)" if row == fold else "") for row in range(folds)]
    share = (1 - test) / folds
    shown: set[str] = set()
    for place in range(folds + bool(test)):
        for row, run in enumerate(runs):
            part = "test" if place == folds else "validation" if place == row else "train"
            figure.add_bar(
                y=[run],
                x=[test if part == "test" else share],
                orientation="h",
                name=part,
                legendgroup=part,
                showlegend=part not in shown,
                marker_color=colour(figure, PARTS.index(part)),
                marker_line_width=1,
                hovertemplate=f"{run}: %{{x:.0%}} of the pictures<extra>{part}</extra>",
            )
            shown.add(part)
    figure.update_layout(**frame(90 + 26 * folds, barmode="stack", bargap=0.2))
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def _short(name: str, most: int = 14) -> str:
    return _plain(name if len(name) <= most else f"{name[: most - 1]}…")


def _plain(name: str) -> str:
    """Return a name that plotly shows as it is: it reads some HTML."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
