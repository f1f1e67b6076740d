"""What a teacher and its student say of a picture: a probability for each class."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def soft_targets(
    teacher: Sequence[float], student: Sequence[float], classes: Sequence[str]
) -> "Figure":
    """Return two bars for each class, the teacher's and the student's probability."""
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    for place, (who, values) in enumerate((("teacher", teacher), ("student", student))):
        figure.add_trace(
            Bar(
                x=list(map(html.escape, classes)),
                y=list(values),
                name=who,
                marker={"color": colour(figure, place)},
                hovertemplate=f"%{{x}}: %{{y:.1%}} says the {who}<extra></extra>",
            )
        )
    figure.update_layout(frame(190, barmode="group", bargap=0.25))
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 1], tickformat=".0%")
    return figure
