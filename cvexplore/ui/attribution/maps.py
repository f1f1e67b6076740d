"""The grid of maps: a row for each class of each network, a column for each method."""

from itertools import groupby
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.figures.explanation import ENDS, explanation_over, legend
from cvexplore.figures.pictures import enlarged
from cvexplore.ui.attribution import validity
from cvexplore.ui.attribution.choosing import Display
from cvexplore.ui.attribution.waiting import Cell, compute, takes
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.attribution import Explanation

_LEAST = 200  # pixels: narrower maps stand below one another
_FEWEST = 2  # columns: a map alone is not as wide as the page


class Grid:
    """The maps on the page, each in a place of its own that can be drawn anew."""

    def __init__(self, cells: list[Cell], display: Display) -> None:
        """Draw what is there, and the bare picture where something is missing."""
        self.display = display
        self.several = len({cell.row.network for cell in cells}) > 1
        self.places: dict[object, DeltaGenerator] = {}
        for _, row in groupby(cells, key=lambda cell: (cell.name[0], cell.row.target)):
            self._row(list(row))

    def _row(self, cells: list[Cell]) -> None:
        network = f" :gray[by {plain(cells[0].row.network)}]" if self.several else ""
        st.markdown(f"**{plain(cells[0].row.label)}**{network}")
        with st.grid(max(_FEWEST, len(cells)), min_column_width=_LEAST, gap="medium"):
            for cell in cells:
                self.places[cell.name] = st.empty()
                self.draw(cell)

    def draw(self, cell: Cell) -> None:
        """Draw a map, or why there is none, or that it is still to come."""
        found = cell.found
        with self.places[cell.name].container(gap="xsmall"):
            if found is None:
                self._picture(cell)
            elif isinstance(found, str):
                st.caption(f"**{plain(cell.request.method)}**")
                st.info(plain(found), icon=":material/info:")
            else:
                self._map(cell, found)

    def say_what_it_takes(self, cell: Cell) -> None:
        """Draw below the bare picture how long its map would take."""
        with self.places[cell.name].container(gap="xsmall"):
            self._picture(cell)
            st.caption(f"Not computed yet: {takes(cell.cost, cell.seconds)}.")

    def compute(self, cell: Cell) -> None:
        """Compute a map and draw it, and meanwhile how far it is."""
        with self.places[cell.name].container(gap="xsmall"):
            self._picture(cell)
            bar = st.progress(0.0, "Starting…")
        compute(cell, bar.progress)
        self.draw(cell)

    def _picture(self, cell: Cell) -> None:
        st.image(
            enlarged(cell.row.explaining.square),
            caption=self._caption(cell),
            width="stretch",
            alt=f"{cell.row.explaining.picture.name}, without a map by {cell.request.method} yet",
        )

    def _map(self, cell: Cell, found: "Explanation") -> None:
        display = self.display
        drawn = explanation_over(
            cell.row.explaining.square,
            found,
            strength=display.strength,
            sign=display.sign,
            clip=display.clip,
        )
        st.image(
            drawn,
            caption=self._caption(cell),
            width="stretch",
            alt=f"{cell.request.method} for {cell.row.explaining.label(cell.row.target)} "
            f"by {cell.row.network}, over {cell.row.explaining.picture.name}",
        )
        validity.say(cell, found)

    def _caption(self, cell: Cell) -> str:
        request = cell.request
        layer = f" of {request.layer}" if request.layer else ""
        said = f"{request.method}{layer} · {cell.row.explaining.label(request.target)}"
        return plain(f"{said} · {cell.row.network}" if self.several else said)


def key_to_colours(display: Display) -> None:
    """Draw which colour says what."""
    low, high = ENDS[display.sign]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption(low, width="content")
        st.image(legend(display.sign), width=160, alt=f"Colours from {low} to {high}")
        st.caption(high, width="content")
