"""The parts of the recommendation page: the limits, the short list, what limits exclude."""

from collections.abc import Mapping, Sequence

import streamlit as st

from cvexplore.catalog import Architecture, architectures
from cvexplore.choosing import Budget, Recommendation
from cvexplore.choosing.budget import Trained
from cvexplore.ui.filters import values
from cvexplore.ui.places import page
from cvexplore.ui.words import compact

_MOST = 25

# A limit: the budget's field, its label, what one of its units is, and its help.
_NUMBERS = (
    ("max_parameters", "Parameters at most (M)", 1e6, "Millions of numbers it learns"),
    ("max_macs", "Multiply-adds at most (G)", 1e9, "Billions for one image"),
    ("max_activation_mb", "Activation memory at most (MB)", 1, "What its layers write in one pass"),
    ("max_image_size", "Image size at most (pixels)", 1, "A side of its standard input"),
    (
        "max_latency_ms",
        "Latency at most (ms)",
        1,
        "Of one image; measure networks on Compare first",
    ),
    ("min_top1", "ImageNet top-1 at least (%)", 1, "Published by torchvision, for its own models"),
    ("min_year", "Year of the paper at least", 1, None),
)
_LABELS = {name: label for name, label, _, _ in _NUMBERS} | {
    "weights": "Trained weights",
    "kind": "Kind",
    "task": "Task",
}
_WEIGHTS: dict[Trained, str] = {
    "any": "not needed",
    "published": "published to download",
    "bundled": "come with this app",
}


def form() -> Budget:
    """Draw a field a limit and return the budget; it stands in the link."""
    every = architectures()
    task = st.selectbox("Task", values(every, "task"), key="task", bind="query-params")
    limits = {}
    for name, label, unit, about in _NUMBERS:
        given = st.number_input(
            label,
            0.0,
            value=None,
            placeholder="no limit",
            key=name,
            help=about,
            bind="query-params",
        )
        limits[name] = None if given is None else given * unit
    weights = st.selectbox(
        "Trained weights",
        list(_WEIGHTS),
        format_func=lambda word: _WEIGHTS[word],
        key="weights",
        bind="query-params",
    )
    kind = st.selectbox("Kind", ["any", *values(every, "kind")], key="kind", bind="query-params")
    return Budget(**limits, weights=weights, kind="" if kind == "any" else kind, task=task)


def short_list(fits: Sequence[Architecture], latencies: Mapping[str, float]) -> None:
    """Draw the best of those that fit, and the way to see them side by side."""
    best = fits[:_MOST]
    measured = [latencies.get(each.name) for each in best]
    st.subheader(f"{len(fits):,} fit" + (f"; the first {_MOST}" if len(fits) > _MOST else ""))
    st.dataframe(
        {
            "Name": [each.name for each in best],
            "Top-1 (%)": [each.top1 for each in best],
            "Parameters (M)": [(each.parameters or 0) / 1e6 for each in best],
            "MACs (G)": [(each.macs or 0) / 1e9 for each in best],
            "Memory (MB)": [(each.activation_bytes or 0) / 1e6 for each in best],
            **({"Latency (ms)": measured} if any(measured) else {}),
            "Kind": [each.kind for each in best],
            "Year": [each.year for each in best],
            "Pixels": [each.image_size for each in best],
            "Weights": [each.weights or "–" for each in best],
        },
        column_config={
            "Name": st.column_config.TextColumn(pinned=True, width=230),
            "Top-1 (%)": st.column_config.NumberColumn(format="%.1f"),
            "Parameters (M)": st.column_config.NumberColumn(format="%.1f"),
            "MACs (G)": st.column_config.NumberColumn(format="%.2f"),
            "Memory (MB)": st.column_config.NumberColumn(format="%.0f"),
            "Latency (ms)": st.column_config.NumberColumn(
                format="%.1f", help="Median of one image on this machine, where it was measured"
            ),
            "Year": st.column_config.NumberColumn(format="%d"),
        },
        hide_index=True,
        height=min(500, 2 + 33 * (len(best) + 1)),
        placeholder="",
        alt="Architectures within the budget",
    )
    st.page_link(
        page("compare"),
        label="See the first four side by side",
        icon=":material/table_chart:",
        query_params={"pick": [each.name for each in best[:4]]},
    )


def limits(said: Recommendation) -> None:
    """Say what each limit excludes, and what raising it alone would bring."""
    if not said.excluded:
        return
    st.subheader("What the limits cost")
    rows = said.excluded
    st.dataframe(
        {
            "Limit": [_LABELS[row.limit] for row in rows],
            "Excludes": [row.count for row in rows],
            "Not known": [row.unknown for row in rows],
            "Alone": [row.alone for row in rows],
            "The best of these": [_brought(row.best) for row in rows],
        },
        column_config={
            "Excludes": st.column_config.NumberColumn(format="localized"),
            "Not known": st.column_config.NumberColumn(
                format="localized", help="Of these, those whose figure nobody published or measured"
            ),
            "Alone": st.column_config.NumberColumn(
                format="localized", help="Those that keep to every other limit"
            ),
            "Without it": st.column_config.TextColumn(
                help="The best that this limit alone excludes"
            ),
        },
        hide_index=True,
        alt="What each limit excludes",
    )


def _brought(best: Architecture | None) -> str:
    if best is None:
        return "–"
    accuracy = f": {best.top1:.1f} %" if best.top1 else ""
    return f"{best.name}{accuracy}, {compact(best.parameters)}, {compact(best.macs)} MACs"
