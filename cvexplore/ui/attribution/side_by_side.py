"""Side by side: several methods, classes and networks on one image."""

import streamlit as st

from cvexplore.ui.attribution import Explaining, choosing, maps, networks, validity, waiting
from cvexplore.ui.attribution.choosing import Setting
from cvexplore.ui.attribution.networks import Row
from cvexplore.ui.attribution.waiting import Cell


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(explaining: Explaining) -> None:
    """Draw what each method says of each class, as soon as it is known."""
    with st.container(horizontal=True):
        names = choosing.pick_methods(explaining, lambda name: validity.icon(explaining, name))
        settings = choosing.pick_settings(explaining, names)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        targets = choosing.pick_classes(explaining)
        further = networks.pick_further(explaining)
    display = choosing.pick_display()
    networks.say_who_differs(explaining, further)
    for each in further:
        validity.say_about(each)
    cells = [
        Cell(row, _of_own_layer(setting, row, explaining))
        for row in networks.rows(explaining, targets, further)
        for setting in settings.values()
    ]
    if cells:
        _show(cells, display)
    else:
        st.info("Choose at least one method and one class.", icon=":material/touch_app:")
    panel = st.expander("What each method is worth on this network", on_change="rerun", key="worth")
    if panel.open:
        with panel:
            validity.overview(explaining)


def _of_own_layer(setting: Setting, row: Row, first: Explaining) -> Setting:
    """Return a setting for a network: a layer chosen of one is not asked of another."""
    same = row.explaining.subject.name == first.subject.name
    return setting if same else Setting(setting.choice)


def _show(cells: list[Cell], display: choosing.Display) -> None:
    missing = [cell for cell in cells if cell.found is None]
    going = waiting.agreed(missing)
    with st.container(horizontal=True, vertical_alignment="center"):
        above = st.container(width="content")
        maps.key_to_colours(display)
    if going:
        waiting.offer_to_stop(above)
    grid = maps.Grid(cells, display)
    for cell in filter(waiting.of_few_passes, missing):
        grid.compute(cell)
    quick, slow = waiting.quick_and_slow(cell for cell in missing if cell.found is None)
    for cell in (*quick, *slow):
        grid.say_what_it_takes(cell)
    if slow and not going:
        waiting.ask(slow, above)
    for cell in (*quick, *waiting.agreed(slow)):
        grid.compute(cell)
    if going:
        st.rerun()  # what else is slow is offered again
