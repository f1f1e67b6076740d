"""The parts of the comparison page: filters, a table and a chart that pick, and the picked ones.

What is picked is one list, the value of the widget ``pick``; it stands in the URL. The table and
the chart change that list, and show it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.catalog import Architecture, architectures
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cvexplore.figures.comparison import Axis
    from cvexplore.trace import Trace

MOST = 4
_PICKS = "pick"


def picked() -> list[str]:
    """Return the names picked so far."""
    return list(st.session_state.get(_PICKS, []))


def filters() -> tuple[Architecture, ...]:
    """Draw the filters and return the architectures that pass them."""
    every = architectures()
    text = st.text_input(
        "Search", key="q", bind="query-params", placeholder="name or family", width=200
    )
    kinds = st.pills(
        "Kind", _values(every, "kind"), selection_mode="multi", key="kind", bind="query-params"
    )
    libraries = st.pills(
        "Library",
        _values(every, "library"),
        selection_mode="multi",
        key="library",
        bind="query-params",
    )
    task = st.selectbox(
        "Task", ["any", *_values(every, "task")], key="task", bind="query-params", width=180
    )
    return tuple(
        each
        for each in architectures(text)
        if (not kinds or each.kind in kinds)
        and (not libraries or each.library in libraries)
        and task in ("any", each.task)
    )


def _values(every: Sequence[Architecture], fact: str) -> list[str]:
    """Return the values a fact takes, the most frequent first."""
    found = [getattr(each, fact) for each in every]
    return sorted(set(found), key=lambda value: -found.count(value))


def axes(known: Mapping[str, "Axis"]) -> tuple[str, str]:
    """Draw the choice of what to plot and return (across, up)."""
    left, right = st.columns(2)
    across = left.selectbox("Across", list(known), 1, _title(known), key="x", bind="query-params")
    up = right.selectbox("Up", list(known), 3, _title(known), key="y", bind="query-params")
    return across, up


def _title(known: Mapping[str, "Axis"]) -> Any:
    return lambda fact: known[fact].title.partition(" (")[0]


def table(shown: Sequence[Architecture]) -> None:
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
            "Layers": [each.layers for each in shown],
            "Family": [each.family for each in shown],
            "Pixels": [each.image_size for each in shown],
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
            "Pixels": st.column_config.NumberColumn(format="%d", help="Pixels a side of the input"),
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


def side_by_side(chosen: Sequence[Architecture], traces: Mapping[str, "Trace"]) -> None:
    """Draw the picked architectures' figures, each built and traced just now, a column each."""
    rows: dict[str, list[str]] = {
        "Family": [f"{each.family} ({each.year})" for each in chosen],
        "Kind": [each.kind for each in chosen],
        "Task": [each.task for each in chosen],
        "Input": [f"{each.image_size} pixels" for each in chosen],
        "Parameters": [f"{traces[each.name].parameters:,}" for each in chosen],
        "Multiply-adds": [compact(traces[each.name].macs) for each in chosen],
        "Activation memory": [compact(traces[each.name].activation_bytes, "B") for each in chosen],
        "Layers": [f"{len(traces[each.name].layers):,}" for each in chosen],
        "Joins": [f"{len(traces[each.name].joins()):,}" for each in chosen],
        "Published top-1": [f"{each.top1:.1f} %" if each.top1 else "–" for each in chosen],
    }
    columns = {each.name: [cells[i] for cells in rows.values()] for i, each in enumerate(chosen)}
    st.dataframe(
        {"": list(rows), **columns}, hide_index=True, alt="The picked architectures side by side"
    )


def _scaled(value: int | None, by: float) -> float | None:
    return None if value is None else value / by
