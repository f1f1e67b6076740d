"""Several tasks of one network: what each counts, and how well it is done."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Line = tuple[Sequence[int], Sequence[float]]  # steps and values


def over_steps(lines: Mapping[str, Line], title: str, step: int, *, log: bool = False) -> "Figure":
    """Return a line for each task, and the step that is looked at.

    Args:
        lines: by the task's name.
        title: of the values.
        step: to mark.
        log: whether equal distances are equal ratios.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for place, (name, (steps, values)) in enumerate(lines.items()):
        figure.add_trace(
            Scatter(
                x=list(steps),
                y=list(values),
                name=name,
                mode="lines+markers" if len(steps) <= 30 else "lines",
                line={"color": colour(figure, place), "width": 2},
                hovertemplate=f"{name}<br>step %{{x:,}}: %{{y:.3g}}<extra></extra>",
            )
        )
    figure.update_layout(frame(300))
    last = max([step, *(each for steps, _ in lines.values() for each in steps)])
    figure.update_xaxes(title="Step", range=[0, 1.03 * last], tickformat=",d")
    figure.update_yaxes(title=title, type="log" if log else "linear")
    figure.add_vline(x=step, line={"color": "#888888", "width": 2, "dash": "dot"})
    return figure


def beside_alone(shared: Mapping[str, float], alone: Mapping[str, Sequence[float]]) -> "Figure":
    """Return a bar for each task learned with the others, and points of runs with it alone.

    Args:
        shared: the score of each task, from 0 to 1.
        alone: scores of runs that learned nothing else.
    """
    from plotly.graph_objects import Bar, Figure, Scatter

    figure = Figure()
    tasks = list(shared)
    figure.add_trace(
        Bar(
            x=tasks,
            y=list(shared.values()),
            name="with the others",
            width=0.5,
            marker={"color": colour(figure, 0)},
            hovertemplate="%{x}: %{y:.3f} with the others<extra></extra>",
        )
    )
    points = [(task, score) for task in tasks for score in alone.get(task, ())]
    if points:
        figure.add_trace(
            Scatter(
                x=[task for task, _ in points],
                y=[score for _, score in points],
                name="alone",
                mode="markers",
                marker={"color": colour(figure, 1), "size": 12, "symbol": "diamond"},
                hovertemplate="%{x}: %{y:.3f} alone<extra></extra>",
            )
        )
    figure.update_layout(frame(300))
    figure.update_yaxes(title="Score", range=[0, 1.05])
    return figure
