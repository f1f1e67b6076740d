"""The parts of the comparison page that pick: a table, a chart, and the list of what is picked.

What is picked is one list, the value of the widget ``pick``; it stands in the URL. The table and
the chart change that list, and show it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.catalog import Architecture, architectures
from cvexplore.choosing import front

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cvexplore.catalog.families import Family
    from cvexplore.figures.comparison import Axis
    from cvexplore.timing import Timing

MOST = 4
_PICKS = "pick"


def picked() -> list[str]:
    """Return the names picked so far."""
    return list(st.session_state.get(_PICKS, []))


def axes(known: Mapping[str, "Axis"]) -> tuple[str, str, str, bool]:
    """Draw the choice of what to plot; return (across, up, size of the dots, linear)."""
    facts = list(known)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        across = _axis("Across", facts, facts.index("macs"), known, "x")
        up = _axis("Up", facts, facts.index("top1"), known, "y")
        size = _axis("Dot size", facts, facts.index("parameters"), known, "size")
        linear = st.toggle("Linear", key="linear", bind="query-params", help="No logarithmic axes")
    return across, up, size, linear


def _axis(label: str, facts: list[str], start: int, known: Mapping[str, "Axis"], key: str) -> str:
    return st.selectbox(
        label,
        facts,
        start,
        lambda fact: known[fact].title.partition(" (")[0],
        key=key,
        bind="query-params",
        width=190,
    )


def frontier(
    shown: Sequence[Architecture], across: str, up: str, known: Mapping[str, "Axis"]
) -> list[str]:
    """Return the names on the Pareto front of two facts; none where neither end is better."""
    signs = known[across].better, known[up].better
    rows = [each for each in shown if getattr(each, across) and getattr(each, up)]
    if 0 in signs or across == up:
        return []
    costs = [-signs[0] * getattr(each, across) for each in rows]
    gains = [signs[1] * getattr(each, up) for each in rows]
    return [rows[place].name for place in front(costs, gains)]


def table(
    shown: Sequence[Architecture],
    papers: Mapping[str, "Family"],
    timings: Mapping[str, "Timing"],
) -> None:
    """Draw the facts as a table; ticking a row picks it."""
    names = [each.name for each in shown]
    key = f"table.{hash(tuple(names))}"
    ticked = [names.index(name) for name in picked() if name in names]
    if _rows(key) != ticked:
        st.session_state[key] = {"selection": {"rows": ticked, "columns": [], "cells": []}}
    sizes = sorted(each.parameters or 0 for each in shown)
    long = sizes[len(sizes) * 9 // 10] / 1e6  # a few giants would leave all other bars empty
    st.dataframe(
        {
            "Name": names,
            "Parameters (M)": [_scaled(each.parameters, 1e6) for each in shown],
            "MACs (G)": [_scaled(each.macs, 1e9) for each in shown],
            "Top-1 (%)": [each.top1 for each in shown],
            "Kind": [each.kind for each in shown],
            "Year": [each.year for each in shown],
            "Memory (MB)": [_scaled(each.activation_bytes, 1e6) for each in shown],
            "Depth": [each.depth for each in shown],
            "Attention": [each.attention_layers for each in shown],
            "Field": [each.receptive_field for each in shown],
            "Layers": [each.layers for each in shown],
            "Pixels": [each.image_size for each in shown],
            "Top-5 (%)": [each.top5 for each in shown],
            "Task": [each.task for each in shown],
            "Weights": [each.weights or "–" for each in shown],
            "Family": [each.family for each in shown],
            "Paper": [papers[each.family].link if each.family in papers else "" for each in shown],
            **_measured(names, timings),
        },
        column_config={
            "Name": st.column_config.TextColumn(pinned=True, width=210),
            "Year": st.column_config.NumberColumn(format="%d", width="small"),
            "Parameters (M)": st.column_config.ProgressColumn(
                format="%.1f", min_value=0, max_value=long, help="Numbers the network learns"
            ),
            "MACs (G)": st.column_config.NumberColumn(
                format="%.2f", help="Billions of multiply-adds for one image"
            ),
            "Top-1 (%)": st.column_config.NumberColumn(
                format="%.1f", help="ImageNet accuracy that torchvision publishes"
            ),
            "Memory (MB)": st.column_config.NumberColumn(
                format="%.0f", help="What the layers write in one forward pass, 32-bit"
            ),
            "Depth": st.column_config.NumberColumn(
                format="%d", help="Weighted layers on the longest way through, as papers count"
            ),
            "Attention": st.column_config.NumberColumn(format="%d", help="Attention layers"),
            "Field": st.column_config.NumberColumn(
                format="%d",
                help="Receptive field: pixels a side that one place of the last map sees, in "
                "theory; empty where that is the whole image, or cannot be told",
            ),
            "Pixels": st.column_config.NumberColumn(format="%d", help="Pixels a side of the input"),
            "Top-5 (%)": st.column_config.NumberColumn(format="%.1f"),
            "Weights": st.column_config.TextColumn(
                help="bundled: trained weights come with the app; published: they can be downloaded"
            ),
            "Paper": st.column_config.LinkColumn(display_text=r"^https?://(?:www\.)?([^/]+)"),
            "Latency (ms)": st.column_config.NumberColumn(
                format="%.1f", help="Median of one image, measured on this machine"
            ),
        },
        height=min(520, 38 + 35 * len(names)),
        hide_index=True,
        key=key,
        on_select=lambda: _take([names[row] for row in _rows(key)], names),
        selection_mode="multi-row",
        placeholder="",
        alt="Facts of the architectures",
    )


def _rows(key: str) -> list[int]:
    return list(st.session_state.get(key, {}).get("selection", {}).get("rows", []))


def _take(chosen: Sequence[str], among: Sequence[str]) -> None:
    """Let what was chosen among these names replace what was picked among them."""
    kept = [name for name in picked() if name not in among or name in chosen]
    added = [name for name in chosen if name not in kept]
    st.session_state[_PICKS] = (kept + added)[-MOST:]


def pickable(figure: "Figure") -> None:
    """Draw a chart whose points carry a name; clicking one picks it, or puts it back."""
    st.plotly_chart(
        figure,
        key="scatter",
        on_select=_click,
        selection_mode="points",
        config={"displaylogo": False},
        alt="Architectures by the chosen facts",
    )


def _click() -> None:
    names = picked()
    for point in st.session_state["scatter"]["selection"]["points"]:
        name = point["customdata"][0]
        names = [n for n in names if n != name] if name in names else [*names, name]
    st.session_state[_PICKS] = names[-MOST:]


def pick() -> list[str]:
    """Draw the list of what is picked and return it."""
    return st.multiselect(
        "Picked",
        [each.name for each in architectures()],
        key=_PICKS,
        bind="query-params",
        max_selections=MOST,
        select_all=False,
        placeholder="Type a name, for instance torchvision/resnet50",
        help="The link in the address bar brings others to the same comparison.",
    )


def _measured(names: Sequence[str], timings: Mapping[str, "Timing"]) -> dict[str, list]:
    """Return a column of latencies, if any of these was measured here."""
    found = [timings[name].latency_ms if name in timings else None for name in names]
    return {"Latency (ms)": found} if any(found) else {}


def _scaled(value: int | None, by: float) -> float | None:
    return None if value is None else value / by
