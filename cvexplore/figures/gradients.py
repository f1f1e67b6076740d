"""How strongly each layer is told to change, by depth, for several networks at once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def gradients_by_depth(
    gradients: Mapping[str, Sequence[float]], title: str = "Mean absolute gradient"
) -> "Figure":
    """Return one line a network, from its first layer to its last, over orders of magnitude.

    Networks of any number of layers lie over each other: the axis is the share of the way.

    Args:
        gradients: by the network's name, one value a layer.
        title: what the values are.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for place, (name, values) in enumerate(gradients.items()):
        last = max(1, len(values) - 1)
        figure.add_trace(
            Scatter(
                x=[each / last for each in range(len(values))],
                y=[value if value > 0 else None for value in values],  # a frozen layer has none
                mode="lines+markers",
                name=name,
                line={"color": colour(figure, place), "width": 2},
                marker={"size": 5},
                customdata=[each + 1 for each in range(len(values))],
                hovertemplate=(
                    f"{name}<br>layer %{{customdata}} of {len(values)}: %{{y:.2e}}<extra></extra>"
                ),
            )
        )
    figure.update_layout(frame(360))
    figure.update_yaxes(title=title, type="log", exponentformat="power", dtick=1)
    figure.update_xaxes(
        title="Depth", tickvals=[0, 0.5, 1], ticktext=["first layer", "middle", "last layer"]
    )
    return figure
