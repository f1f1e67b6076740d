"""Which map can one believe: curves of deletion and insertion, and of a map that should fade."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cvexplore.attribution.trust.deletion import Curve
    from cvexplore.attribution.trust.randomisation import Check

_CHANCE = "#8A8F98"
_DASHES = ("solid", "dash", "dot", "dashdot")  # more maps than colours stay apart by their dashes


def replacement_curves(
    curves: Mapping[str, "Curve"], chance: "Curve | None", *, axis: str, height: int = 300
) -> "Figure":
    """Return the probability of the class over the share of the image that was replaced.

    Args:
        curves: by the name of the map.
        chance: of orders drawn by lot.
        axis: what the share is of.
        height: in pixels.
    """
    from plotly.graph_objects import Figure

    figure = Figure()
    if chance is not None:
        _add(figure, "drawn by lot", chance.shares, chance.probabilities, _CHANCE, "dot")
    for place, (name, each) in enumerate(curves.items()):
        _add(
            figure,
            name,
            each.shares,
            each.probabilities,
            colour(figure, place),
            _DASHES[place // 7 % len(_DASHES)],
        )
    figure.update_traces(hovertemplate="%{x:.0%}: %{y:.1%}<extra>%{fullData.name}</extra>")
    figure.update_layout(frame(height))
    figure.update_xaxes(title=axis, tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title="Probability", tickformat=".0%", range=[-0.02, 1.02])
    return figure


def similarity_by_stage(checks: Mapping[str, "Check"], limit: float, height: int = 320) -> "Figure":
    """Return how alike each map stays to the original while the network forgets, block by block.

    Args:
        checks: by the name of the map.
        limit: of the mean over the upper half, above which a map fails.
        height: in pixels.
    """
    from plotly.graph_objects import Figure

    figure = Figure()
    blocks = _blocks(checks)
    for place, (name, check) in enumerate(checks.items()):
        _add(
            figure,
            name,
            range(1, len(check.stages) + 1),
            [each.structure for each in check.stages],
            colour(figure, place),
            _DASHES[place // 7 % len(_DASHES)],
        )
        figure.data[-1].customdata = [  # type: ignore[attr-defined]
            [each.block, each.rank] for each in check.stages
        ]
    figure.update_traces(
        mode="lines+markers",
        marker={"size": 6},
        hovertemplate="%{customdata[0]}: SSIM %{y:.2f}, rank correlation %{customdata[1]:.2f}"
        "<extra>%{fullData.name}</extra>",
    )
    half = max(1, max((check.blocks for check in checks.values()), default=2) // 2)
    figure.add_shape(
        type="line",
        x0=0.7,
        x1=half + 0.3,
        y0=limit,
        y1=limit,
        line={"color": _CHANCE, "width": 1.5, "dash": "dash"},
    )
    figure.update_layout(frame(height, showlegend=True))
    figure.update_xaxes(
        tickvals=list(range(1, len(blocks) + 1)),
        ticktext=[_short(each) for each in blocks],
        tickangle=-40,
        title="Forgotten down to",
    )
    figure.update_yaxes(title="Alike (SSIM)", range=[min(-0.1, _least(checks) - 0.05), 1.05])
    return figure


def _blocks(checks: Mapping[str, "Check"]) -> list[str]:
    longest = max((check.stages for check in checks.values()), key=len, default=())
    return [each.block for each in longest]


def _least(checks: Mapping[str, "Check"]) -> float:
    return min((each.structure for check in checks.values() for each in check.stages), default=0)


def _short(path: str, most: int = 16) -> str:
    return path if len(path) <= most else f"…{path[1 - most :]}"


def _add(
    figure: "Figure",
    name: str,
    x: Sequence[float],
    y: Sequence[float],
    line: str,
    dash: str,
) -> None:
    figure.add_scatter(
        x=list(x),
        y=list(y),
        name=name,
        mode="lines",
        line={"color": line, "width": 2, "dash": dash},
    )
