"""The table of what is known of each map, and how to read it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.ui.attribution.explained import Request
from cvexplore.ui.attribution.trust_checks import INFIDELITY, SENSITIVITY, Results

if TYPE_CHECKING:
    from cvexplore.attribution import Explanation

Maps = Mapping[Request, "Explanation"]

_NONE = "–"
_WIDTHS = {  # pixels: as narrow as their heads, so that all are seen at once
    "Sanity check ↓": 112,
    "Completeness ↓": 112,
    "Deletion ↓": 74,
    "Insertion ↑": 78,
    "Infidelity ↓": 76,
    "Sensitivity ↓": 88,
}
_HOW = {  # how to read each column of the table
    "Sanity check ↓": "How much of the map's structure stays while the upper half of the network "
    "forgets all it learned; lower is better, and a map that stays explains nothing.",
    "Completeness ↓": "How far the map's sum is from the score it explains; lower is better, "
    f"and {_NONE} where a method promises no sum or there is too little to explain.",
    "Deletion ↓": "Mean probability while the map's strongest parts give way to the mean colour; "
    "lower is better, and lower than drawn by lot is the least to expect.",
    "Insertion ↑": "Mean probability while they come back into a blurred image; higher is better.",
    "Infidelity ↓": "The share of the score's changes, when squares go, that the map does not "
    "foretell; 0 is best, 1 is what a map of nothing reaches.",
    "Sensitivity ↓": "How far the map goes, as a share of its size, when no pixel changes to the "
    "eye; lower is better, but a map that never changes has 0 too.",
}
_SOURCES = (
    "Deletion and insertion: Petsiuk et al. 2018, arXiv 1806.07421, in 28 × 28 cells. Infidelity "
    "and sensitivity: Yeh et al. 2019, arXiv 1901.09392, the former divided by what a map of "
    "nothing has. Sanity check: Adebayo et al. 2018, arXiv 1810.03292."
)


def names_of(maps: Maps) -> dict[Request, str]:
    """Return what to call each map: its method, and what sets it apart from others of it."""
    methods = [asked.method for asked in maps]
    found: dict[Request, str] = {}
    for asked in maps:
        apart = [f"{name} {value}" for name, value in asked.options]
        apart += [f"at {asked.layer}"] if asked.layer else []
        several = methods.count(asked.method) > 1
        found[asked] = " ".join([asked.method, *apart]) if several else asked.method
    return found


def draw_table(maps: Maps, found: Results, place: DeltaGenerator) -> None:
    """Draw what is known of each map by now, and of orders drawn by lot."""
    names = names_of(maps)
    rows = [_row(names[asked], asked, maps[asked], found) for asked in maps]
    if found.chance is not None:
        row = dict.fromkeys(rows[0], "")
        row["Map"] = "drawn by lot"
        row["Deletion ↓"] = f"{found.chance.deletion.area:.3f}"
        row["Insertion ↑"] = f"{found.chance.insertion.area:.3f}"
        rows.append(row)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    place.dataframe(
        columns,
        hide_index=True,
        column_config={
            "Map": st.column_config.TextColumn(pinned=True, width=140),
            **{
                name: st.column_config.TextColumn(help=words, width=_WIDTHS[name])
                for name, words in _HOW.items()
            },
        },
        row_height=36,
        key="trust.table",
    )


def _row(name: str, asked: Request, explanation: "Explanation", found: Results) -> dict[str, str]:
    """Return what is known of one map, as words."""
    orders = found.orders.get(asked)
    sums = explanation.completeness
    sanity = found.sanity.get(asked)
    both = ("–", "–") if isinstance(orders, str) else ("", "")
    if orders is not None and not isinstance(orders, str):
        both = (f"{orders.deletion.area:.3f}", f"{orders.insertion.area:.3f}")
    verdict = _NONE if isinstance(sanity, str) else ""
    if sanity is not None and not isinstance(sanity, str) and sanity.done:
        verdict = f"{'passes' if sanity.passes else 'fails'}, {sanity.kept:.0%}"
    return {
        "Map": name,
        "Sanity check ↓": verdict,
        "Completeness ↓": f"{sums.error:.1%}" if sums and sums.decided else _NONE,
        "Deletion ↓": both[0],
        "Insertion ↑": both[1],
        "Infidelity ↓": _number(found.numbers.get((asked, INFIDELITY))),
        "Sensitivity ↓": _number(found.numbers.get((asked, SENSITIVITY))),
    }


def _number(value: float | str | None) -> str:
    return "" if value is None else _NONE if isinstance(value, str) else f"{value:.3f}"


def explain_columns() -> None:
    """Say how to read each number, and where it comes from."""
    with st.expander("How to read these numbers", icon=":material/help:"):
        st.markdown("\n".join(f"- **{name}** {words}" for name, words in _HOW.items()))
        st.caption(_SOURCES)
