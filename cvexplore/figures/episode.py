"""An episode of few-shot learning: a flat map of it, what a picture is compared to, and marks."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.marking import enlarged
from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_RIGHT, _WRONG = (44, 160, 90), (220, 60, 60)
_FRAME = 4  # pixels
_BAR = 44  # pixels


def marked(images: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return pictures in frames: thin green ones if right, else red ones that are twice as thick.

    Shape: (N, C, H, W) uint8, C being 1 or 3, and (N,) bool -> (N, 3, k H, k W)
    """
    found = enlarged(images, 84)
    for picture, good in zip(found, right, strict=True):
        shade = np.array(_RIGHT if good else _WRONG, np.uint8)[:, None, None]
        thick = _FRAME if good else 2 * _FRAME
        picture[:, :thick], picture[:, -thick:] = shade, shade
        picture[:, :, :thick], picture[:, :, -thick:] = shade, shade
    return found


def compared(
    names: Sequence[str], values: Sequence[float], measure: str, *, answer: int, height: int = 0
) -> "Figure":
    """Return a bar a class: how far a picture is from it, or how well it fits.

    Args:
        names: of the classes.
        values: one a class.
        measure: what they are.
        answer: the place of the class that was answered, whose bar is full.
        height: pixels; by default as the bars need.
    """
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    figure.add_trace(
        Bar(
            x=list(values),
            y=list(range(len(names))),
            orientation="h",
            marker={
                "color": [colour(figure, index) for index in range(len(names))],
                "opacity": [1.0 if index == answer else 0.45 for index in range(len(names))],
            },
            text=[
                f"{_short(value)}{' · answer' if index == answer else ''}"
                for index, value in enumerate(values)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x:.3g}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_layout(frame(height or 60 + _BAR * len(names), bargap=0.25))
    most = max(values, default=0.0) or 1.0
    figure.update_xaxes(title=measure, range=[0, 1.35 * most])  # room for the words
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=list(map(html.escape, names)),
        autorange="reversed",
    )
    return figure


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"


def episode_map(
    *,
    support: np.ndarray,
    support_labels: Sequence[int],
    means: np.ndarray,
    asked: np.ndarray,
    labels: Sequence[int],
    answers: Sequence[int],
    names: Sequence[str],
    picked: int | None = None,
) -> "Figure":
    """Return an episode as points: what was shown, the classes' means, and what was asked.

    Args:
        support: points of the pictures to go by. Shape: (S, 2)
        support_labels: the class of each.
        means: points of the classes. Shape: (ways, 2)
        asked: points of the queries. Shape: (Q, 2)
        labels: the true class of each.
        answers: the class each was given.
        names: of the classes.
        picked: the query to point at.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for index, name in enumerate(map(html.escape, names)):
        shade = colour(figure, index)
        shown = support[np.asarray(support_labels) == index]
        mine = np.asarray(labels) == index
        wrong = mine & (np.asarray(answers) != index)
        for points, symbol, size, said, legend in (
            (shown, "circle", 11, "shown", False),
            (asked[mine & ~wrong], "circle-open", 8, "asked, right", False),
            (asked[wrong], "x", 9, "asked, wrong", False),
            (means[index : index + 1], "star", 20, "mean of its pictures", True),
        ):
            figure.add_trace(
                Scatter(
                    x=points[:, 0],
                    y=points[:, 1],
                    mode="markers",
                    name=name,
                    legendgroup=name,
                    showlegend=legend,
                    marker={
                        "color": shade,
                        "symbol": symbol,
                        "size": size,
                        "line": {"width": 1.5 if symbol != "star" else 1, "color": shade},
                    },
                    hovertemplate=f"{name}: {said}<extra></extra>",
                )
            )
    if picked is not None:
        x, y = asked[picked]
        figure.add_annotation(x=x, y=y, text="this one", arrowhead=2, arrowcolor="#888", ay=-36)
    figure.update_layout(frame(440, hovermode="closest"))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return figure
