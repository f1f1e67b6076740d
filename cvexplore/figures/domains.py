"""Pictures of two domains as points: coloured by their class, marked by their domain."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.theme import frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MARKS = ("circle", "x-thin-open")
# More classes than the theme has colours; all are seen on light and on dark.
_COLOURS = (
    *("#4C78A8", "#F58518", "#E45756", "#72B7B2", "#54A24B"),
    *("#D9A400", "#B279A2", "#FF7F95", "#9D755D", "#8C8784"),
)


def two_domains(
    points: np.ndarray,
    labels: Sequence[int],
    target: Sequence[bool],
    *,
    classes: Sequence[str],
    domains: tuple[str, str],
    height: int = 420,
) -> "Figure":
    """Return the points, discs for the source's pictures and crosses for the target's.

    A click on a class in the legend hides it in both domains.

    Args:
        points: where each picture lies. Shape: (N, 2)
        labels: its class, an index into the classes.
        target: whether it is of the target.
        classes: their names.
        domains: the source's and the target's name.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    of_class, of_target = np.asarray(labels), np.asarray(target, bool)
    for label, name in enumerate(map(html.escape, classes)):
        for domain, mark in enumerate(MARKS):
            mine = (of_class == label) & (of_target == bool(domain))
            if not mine.any():
                continue
            tint = _COLOURS[label % len(_COLOURS)]
            figure.add_trace(
                Scatter(
                    x=points[mine, 0],
                    y=points[mine, 1],
                    mode="markers",
                    name=name,
                    legendgroup=name,
                    showlegend=not domain or not (of_class[~of_target] == label).any(),
                    marker={
                        "symbol": mark,
                        "color": tint,
                        "size": 6 + 2 * domain,
                        "opacity": 0.75,
                        "line": {"color": tint, "width": 2 * domain},
                    },
                    hovertemplate=f"{name}, {domains[domain]}<extra></extra>",
                )
            )
    figure.update_layout(frame(height, hovermode="closest"))
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False)
    return figure
