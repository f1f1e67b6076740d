"""What changed over the years: larger, more efficient, other teachers, other kinds."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvexplore.catalog.families import Family
from cvexplore.catalog.names import Architecture
from cvexplore.figures.evolution import size_range
from cvexplore.figures.theme import KINDS, colour, frame

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LEARNINGS = ("supervised", "distillation", "self-supervised", "image-text")
_FIRST = 2012
_HEIGHT = 340
_NAME_YEARS, _NAME_TIMES = 3.0, 1.8  # what a name takes of the picture of sizes
_COLOURS = {
    "kind": dict(zip(KINDS, range(4), strict=True)),
    # Not those of the kinds, which stand beside; what was always done is grey.
    "learning": dict(zip(LEARNINGS, (7, 5, 4, 6), strict=True)),
}


def larger(families: Sequence[Family]) -> "Figure":
    """Return each family's largest model by date, and the line of the largest so far."""
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    sized = [each for each in families if each.largest and each.year >= _FIRST]
    for index, kind in enumerate(KINDS):
        rows = [each for each in sized if each.kind == kind]
        if rows:
            figure.add_trace(
                Scatter(
                    x=[date(each) for each in rows],
                    y=[(each.largest or 0) / 1e6 for each in rows],
                    customdata=[[each.name, each.year, size_range(each)] for each in rows],
                    name=kind,
                    mode="markers",
                    marker={"color": colour(figure, index), "size": 7, "opacity": 0.6},
                    hovertemplate=(
                        "<b>%{customdata[0]}</b>, %{customdata[1]}<br>%{customdata[2]}"
                        "<extra></extra>"
                    ),
                )
            )
    best = records(sized)
    named = _far_apart(best)
    figure.add_trace(
        Scatter(
            x=[date(each) for each in best],
            y=[(each.largest or 0) / 1e6 for each in best],
            text=[each.name if each in named else "" for each in best],
            name="largest so far",
            mode="lines+text",
            textposition="top left",
            line={"shape": "hv", "width": 1.5, "color": colour(figure, 7)},
            hoverinfo="skip",
        )
    )
    figure.update_layout(frame(_HEIGHT))
    figure.update_xaxes(dtick=2, range=[_FIRST - 1.8, _last(sized) + 1.2])
    figure.update_yaxes(title="Parameters of the largest model (M)", type="log", dtick=1)
    return figure


def records(families: Sequence[Family]) -> list[Family]:
    """Return the families whose largest model was larger than all before it, the oldest first."""
    found: list[Family] = []
    for each in sorted(families, key=lambda each: (date(each), -(each.largest or 0))):
        if not found or (each.largest or 0) > (found[-1].largest or 0):
            found.append(each)
    return found


def _far_apart(best: Sequence[Family]) -> list[Family]:
    """Return the records, newest first, whose names do not lie on that of a newer one."""
    found: list[Family] = []
    for each in reversed(best):
        if all(
            date(other) - date(each) > _NAME_YEARS
            or (other.largest or 0) > _NAME_TIMES * (each.largest or 0)
            for other in found
        ):
            found.append(each)
    return found


def date(family: Family) -> float:
    """Return when its paper appeared, in years."""
    return round(family.year + (family.month - 0.5) / 12, 2)


def more_efficient(architectures: Sequence[Architecture]) -> "Figure":
    """Return the best published accuracy for each budget of multiply-adds, as it was every 2 years.

    A line holds the models of all families up to its year that no cheaper one of them beats.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    rated = [each for each in architectures if each.top1 and each.macs]
    last = max((each.year for each in rated), default=_FIRST)
    fronts: list[tuple[int, list[Architecture]]] = []
    for year in range(_FIRST, last + 2, 2):
        front = best_for_the_price([each for each in rated if each.year <= year])
        if front and (not fronts or front != fronts[-1][1]):
            fronts.append((year, front))
    for place, (year, front) in enumerate(fronts, 1):
        share = place / len(fronts)
        figure.add_trace(
            Scatter(
                x=[(each.macs or 0) / 1e9 for each in front],
                y=[each.top1 for each in front],
                customdata=[[each.name, each.family, each.year] for each in front],
                name=f"to {year}",
                mode="lines+markers",
                opacity=0.25 + 0.75 * share,
                line={"color": colour(figure, 0), "width": 1 + 1.5 * share, "shape": "hv"},
                marker={"size": 5 + 2 * share},
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>%{customdata[1]}, %{customdata[2]}<br>"
                    "%{y:.1f} % for %{x:,.3~g} G multiply-adds<extra></extra>"
                ),
            )
        )
    figure.update_layout(frame(_HEIGHT))
    figure.update_xaxes(title="Multiply-adds (G)", type="log", dtick=1)
    figure.update_yaxes(title="ImageNet top-1 (%)")
    return figure


def best_for_the_price(architectures: Sequence[Architecture]) -> list[Architecture]:
    """Return those more accurate than all that cost as little or less, the cheapest first."""
    found: list[Architecture] = []
    for each in sorted(architectures, key=lambda each: (each.macs or 0, -(each.top1 or 0))):
        if not found or (each.top1 or 0) > (found[-1].top1 or 0):
            found.append(each)
    return found


def shares(families: Sequence[Family], fact: str) -> "Figure":
    """Return how each year's new families divide by a fact, as bars of a hundred per cent.

    Args:
        families: those to count.
        fact: "kind" or "learning".
    """
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    counts = Counter((each.year, getattr(each, fact)) for each in families)
    years = sorted({each.year for each in families if each.year >= _FIRST})
    whole = {year: sum(n for (of, _), n in counts.items() if of == year) for year in years}
    for value, index in _COLOURS[fact].items():
        found = [counts[year, value] for year in years]
        if not any(found):
            continue
        figure.add_trace(
            Bar(
                x=years,
                y=[100 * count / whole[year] for count, year in zip(found, years, strict=True)],
                customdata=[[n, whole[year]] for n, year in zip(found, years, strict=True)],
                name=value,
                marker={"color": colour(figure, index), "opacity": 0.4 if index == 7 else 1.0},
                hovertemplate=(
                    f"<b>%{{x}}</b>, {value}<br>%{{customdata[0]}} of %{{customdata[1]}} new "
                    "families<extra></extra>"
                ),
            )
        )
    figure.update_layout(frame(_HEIGHT, barmode="stack", bargap=0.12, legend_traceorder="normal"))
    figure.update_xaxes(dtick=2)
    figure.update_yaxes(title="Share of the year's new families (%)")
    return figure


def _last(families: Sequence[Family]) -> int:
    return max((each.year for each in families), default=_FIRST)
