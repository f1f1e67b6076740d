"""The comparison's filters: each a widget whose value stands in the link."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from cvexplore.catalog import Architecture, architectures

# What can be limited to a span: the fact, its label, what to divide it by, and the steps.
_SPANS: tuple[tuple[str, str, float, tuple[float, ...]], ...] = (
    (
        "parameters",
        "Parameters (M)",
        1e6,
        (0.1, 0.3, 1, 3, 5, 10, 20, 30, 50, 100, 300, 1000, 7000),
    ),
    ("macs", "Multiply-adds (G)", 1e9, (0.01, 0.1, 0.3, 1, 3, 5, 10, 20, 50, 100, 300, 1000, 3000)),
    ("activation_bytes", "Activation memory (MB)", 1e6, (1, 10, 30, 100, 300, 1000, 3000, 30000)),
    (
        "image_size",
        "Image size (pixels)",
        1,
        (28, 112, 160, 192, 224, 256, 288, 320, 384, 448, 512, 1024),
    ),
)


def filtered() -> tuple[Architecture, ...]:
    """Draw the filters and return the architectures that pass them."""
    every = architectures()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search", key="q", bind="query-params", placeholder="name or family", width=125
        )
        kinds = _pills("Kind", "kind", every)
        libraries = _pills("Library", "library", every)
        task = st.selectbox(
            "Task", ["any", *values(every, "task")], key="task", bind="query-params", width=135
        )
        with st.popover("More", icon=":material/tune:"):
            low, high = min(e.year for e in every), max(e.year for e in every)
            years = st.slider(
                "Year of the paper", low, high, (low, high), key="years", bind="query-params"
            )
            spans = [(fact, by, _span(fact, label, steps)) for fact, label, by, steps in _SPANS]
    return tuple(
        each
        for each in architectures(text)
        if (not kinds or each.kind in kinds)
        and (not libraries or each.library in libraries)
        and task in ("any", each.task)
        and years[0] <= each.year <= years[1]
        and all(_within(getattr(each, fact), by, span) for fact, by, span in spans)
    )


def _pills(label: str, fact: str, every: Sequence[Architecture]) -> list[str]:
    return st.pills(
        label, values(every, fact), selection_mode="multi", key=fact, bind="query-params"
    )


def values(rows: Sequence[object], fact: str) -> list[str]:
    """Return the values a fact takes, the most frequent first."""
    counted = Counter(getattr(each, fact) for each in rows)
    return [value for value, _ in counted.most_common()]


def _span(fact: str, label: str, steps: tuple[float, ...]) -> tuple[float, float] | None:
    """Draw a span and return it; None where it leaves nothing out."""
    words = {
        "no less": 0.0,
        **{f"{step:g}": float(step) for step in steps},
        "no limit": float("inf"),
    }
    low, high = st.select_slider(
        label, list(words), ("no less", "no limit"), key=fact, bind="query-params"
    )
    return None if (low, high) == ("no less", "no limit") else (words[low], words[high])


def _within(value: float | None, by: float, span: tuple[float, float] | None) -> bool:
    return span is None or (value is not None and span[0] <= value / by <= span[1])
