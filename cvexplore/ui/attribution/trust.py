"""Which map can one trust? Each measured in five ways, beside an order drawn by lot."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.explanation import explanation_alone
from cvexplore.figures.trust import replacement_curves, similarity_by_stage
from cvexplore.plugins import Choice
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.choosing import Setting
from cvexplore.ui.attribution.explained import Request, kept
from cvexplore.ui.attribution.networks import Row
from cvexplore.ui.attribution.trust_checks import (
    CHECKS,
    SANITY,
    Results,
    make,
    results,
    takes,
)
from cvexplore.ui.attribution.trust_table import Maps, draw_table, explain_columns, names_of
from cvexplore.ui.attribution.turns import now_and_then
from cvexplore.ui.attribution.waiting import Cell, compute
from cvexplore.ui.words import about, plain

if TYPE_CHECKING:
    from cvexplore.attribution import Explanation

_FIRST = ("saliency", "integrated gradients")
_ALREADY = 0.8  # of the probability: what the blurred image has is not for pixels to bring back
_SIDE = 144  # pixels of a map in the row of those that fade


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(explaining: Explaining) -> None:
    """Draw how far each map that was made on this page can be trusted."""
    maps = _pick_maps(explaining)
    if not maps:
        return
    checks = st.pills("Checks", CHECKS, selection_mode="multi", default=CHECKS, key="trust.checks")
    found = results(explaining, next(iter(maps)).target)
    above, table = st.empty(), st.empty()
    draw_table(maps, found, table)
    missing = [
        (asked, check) for asked in maps for check in checks if _is_missing(found, asked, check)
    ]
    with above.container(horizontal=True, vertical_alignment="center"):
        needed = known.speed(explaining).seconds(takes(explaining, missing))
        words = f"Measure ({about(needed)})" if missing else "Measured"
        go = st.button(
            words, icon=":material/play_arrow:", disabled=not missing, key="trust.measure"
        )
    if go:
        with above.container(horizontal=True, vertical_alignment="center"):
            _measure(explaining, maps, missing, lambda: draw_table(maps, found, table))
        st.rerun()
    explain_columns()
    _draw_curves(maps, found)
    _draw_sanity(maps, found)


# ------------------------------------------------------------------ which maps


def _pick_maps(explaining: Explaining) -> Maps:
    """Let a person choose among the maps of one class; offer two where there is none."""
    made = {
        asked: found
        for asked, found in kept(explaining).items()
        if not isinstance(found, str) and not found.is_silent
    }
    if not made:
        _offer_two(explaining)
        return {}
    targets = list(dict.fromkeys(asked.target for asked in made))
    target = targets[-1]
    if len(targets) > 1:
        target = st.pills(
            "Class",
            targets,
            default=targets[0],
            format_func=explaining.label,
            required=True,
            key=f"trust.class.{explaining.key}",
        )
    of_class = {asked: found for asked, found in made.items() if asked.target == target}
    chosen = st.pills(
        f"Maps of {plain(explaining.label(target))}",
        list(of_class),
        selection_mode="multi",
        default=list(of_class),
        format_func=names_of(of_class).__getitem__,
        key=f"trust.maps.{explaining.key}.{target}.{len(of_class)}",
    )
    if not chosen:
        st.info("Choose at least one map.", icon=":material/touch_app:")
    return {asked: of_class[asked] for asked in chosen}


def _offer_two(explaining: Explaining) -> None:
    st.info(
        "There is no map of this image yet. Make some under Side by side, or begin with two.",
        icon=":material/touch_app:",
    )
    row = Row(explaining, explaining.predictions[0].index)
    cells = [Cell(row, Setting(Choice(name))) for name in _FIRST]
    words = f"Make {' and '.join(_FIRST)} ({about(sum(cell.seconds for cell in cells))})"
    place = st.empty()
    if not place.button(words, icon=":material/play_arrow:", key="trust.two"):
        return
    with place.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", icon=":material/stop:", key="trust.two.stop")
        bar = st.progress(0.0, "Starting…")
    for cell in cells:
        compute(cell, bar.progress)
    st.rerun()


# ------------------------------------------------------------------ measure


def _is_missing(found: Results, asked: Request, check: str) -> bool:
    result = found.get(asked, check)
    if check == SANITY and result is not None and not isinstance(result, (str, float)):
        return len(result.stages) < result.blocks  # type: ignore[union-attr]
    return result is None


def _measure(
    explaining: Explaining,
    maps: Maps,
    missing: list[tuple[Request, str]],
    draw: Callable[[], None],
) -> None:
    """Make checks one by one; a click on Stop ends the script here, and what is found stays."""
    st.button("Stop", icon=":material/stop:", key="trust.stop")
    bar = st.progress(0.0, "Starting…")
    names, whole = names_of(maps), max(1.0, takes(explaining, missing).forwards)
    began, progress = time.monotonic(), now_and_then(bar.progress)

    for place, (asked, check) in enumerate(missing):
        words = f"{check} of {names[asked]}"
        before = whole - takes(explaining, missing[place:]).forwards

        def tell(count: int, words: str = words, before: float = before) -> None:
            progress((before + count) / whole, f"{words}, {time.monotonic() - began:.0f} s")

        make(explaining, asked, maps[asked], check, tell)
        draw()


# ------------------------------------------------------------------ draw


def _draw_curves(maps: Maps, found: Results) -> None:
    names = names_of(maps)
    orders = {
        names[asked]: found.orders[asked]
        for asked in maps
        if asked in found.orders and not isinstance(found.orders[asked], str)
    }
    if not orders or found.chance is None:
        return
    st.subheader("Does the answer go with the map?")
    left, right = st.columns(2, gap="medium")
    for side, what, axis, better in (
        (left, "deletion", "Share of the image taken away", "The faster it falls, the better."),
        (right, "insertion", "Share of the image brought back", "The faster it rises, the better."),
    ):
        with side:
            areas = {name: getattr(each, what) for name, each in orders.items()}
            st.plotly_chart(
                replacement_curves(areas, getattr(found.chance, what), axis=axis),
                config={"displayModeBar": False},
                key=f"trust.{what}",
                alt=f"Probability by {what}; areas: "
                + ", ".join(f"{name} {each.area:.2f}" for name, each in areas.items()),
            )
            st.caption(better)
    first, last = (found.chance.insertion.probabilities[place] for place in (0, -1))
    if first > _ALREADY * last:
        st.caption(
            f"The blurred image alone has {first:.0%} already, so insertion says little here."
        )


def _draw_sanity(maps: Maps, found: Results) -> None:
    from cvexplore.attribution.trust.randomisation import TOO_ALIKE, Check

    names = names_of(maps)
    checks = {asked: check for asked in maps if isinstance(check := found.sanity.get(asked), Check)}
    if not checks:
        return
    st.subheader("Does the map need what the network learned?")
    st.plotly_chart(
        similarity_by_stage({names[each]: check for each, check in checks.items()}, TOO_ALIKE),
        config={"displayModeBar": False},
        key="trust.stages",
        alt="Likeness of each map to the original while blocks are forgotten; "
        + ", ".join(f"{names[asked]} {each.kept:.2f}" for asked, each in checks.items()),
    )
    st.caption(
        "Blocks get random weights, the last first. A map whose mean over the upper half lies "
        "above the dashed line fails."
    )
    by_name = {names[asked]: asked for asked in checks}
    name = st.pills(
        "The map on the way",
        list(by_name),
        default=next(iter(by_name)),
        required=True,
        key=f"trust.way.{len(by_name)}",
    )
    asked = by_name[name]
    check = checks[asked]
    if check.done:
        level = st.success if check.passes else st.warning
        level(check.verdict, icon=f":material/{'check' if check.passes else 'warning'}:")
    with st.grid(6, min_column_width=110, gap="small"):
        _fading(maps[asked], "as it is", name)
        for stage in check.stages:
            _fading(stage.explanation, f"{plain(stage.block)}: {stage.structure:.2f}", name)


def _fading(explanation: "Explanation", caption: str, name: str) -> None:
    st.image(
        explanation_alone(explanation, (_SIDE, _SIDE), sign="absolute"),
        caption=caption,
        width="stretch",
        alt=f"{name}, {caption}",
    )
