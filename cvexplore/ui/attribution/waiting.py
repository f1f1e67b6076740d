"""Slow and quick maps: what they will take, which to compute now, and how far they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.ui.attribution import known
from cvexplore.ui.attribution.choosing import Setting
from cvexplore.ui.attribution.explained import Request, explain, kept, request
from cvexplore.ui.attribution.networks import Row
from cvexplore.ui.attribution.turns import Draw, now_and_then
from cvexplore.ui.cached import Subject
from cvexplore.ui.words import about

if TYPE_CHECKING:
    from cvexplore.attribution import Cost, Explanation

_AT_ONCE = 1.5  # seconds: so much is computed without being asked for
_FEW = 6  # passes, either way
_AGREED = "attribution.agreed"
_BUTTON = "attribution.compute"  # also stops: what has one key takes the other's place at once

Name = tuple[Subject, str, Request]


@dataclass(frozen=True)
class Cell:
    """One map of the grid: a network and a class, and the method that is to explain it."""

    row: Row
    setting: Setting

    @property
    def request(self) -> Request:
        """What is asked for; the method's own choice of a layer is asked for by its name."""
        return request(self.row.target, self.setting.choice, self.setting.layer or self._own_layer)

    @property
    def _own_layer(self) -> str:
        from cvexplore.attribution import method

        if not method(self.setting.choice).of_layer:
            return ""
        return known.own_layer(self.row.explaining, self.row.target)

    @property
    def name(self) -> Name:
        """What stands for it in a session, whatever happens on the page meanwhile."""
        explaining = self.row.explaining
        return explaining.subject, explaining.picture.fingerprint, self.request

    @property
    def found(self) -> "Explanation | str | None":
        """The explanation, or the sentence why there is none; None as long as nobody asked."""
        return kept(self.row.explaining).get(self.request)

    @property
    def cost(self) -> "Cost":
        """The images that it will send through the network."""
        from cvexplore.attribution import method

        return method(self.setting.choice).cost(self.request.asked(self.row.explaining))

    @property
    def seconds(self) -> float:
        """How long that will take here."""
        return known.speed(self.row.explaining).seconds(self.cost)


def takes(cost: "Cost", seconds: float) -> str:
    """Return what a method takes, in words."""
    back = f" and {cost.backwards:,.0f} back" if cost.backwards else ""
    return f"{about(seconds)}, {cost.forwards:,.0f} passes forward{back}"


# ------------------------------------------------------------------ which


def of_few_passes(cell: Cell) -> bool:
    """Return whether a map takes hardly more than the prediction took."""
    return cell.cost.forwards + cell.cost.backwards <= _FEW


def quick_and_slow(missing: Iterable[Cell]) -> tuple[list[Cell], list[Cell]]:
    """Return what may be computed at once, and what is to wait until somebody says so."""
    quick: list[Cell] = []
    slow: list[Cell] = []
    total = 0.0
    for cell in sorted(missing, key=lambda each: each.seconds):
        total += cell.seconds
        (quick if total < _AT_ONCE else slow).append(cell)
    return quick, slow


def agreed(cells: Iterable[Cell]) -> list[Cell]:
    """Return those that somebody said to compute, and did not stop since."""
    names = st.session_state.get(_AGREED, frozenset())
    return [cell for cell in cells if cell.name in names]


def ask(slow: list[Cell], place: DeltaGenerator) -> None:
    """Offer to compute what is slow."""
    seconds = about(sum(cell.seconds for cell in slow))
    what = slow[0].request.method if len(slow) == 1 else f"the {len(slow)} slow ones"
    place.button(
        f"Compute {what} ({seconds})",
        icon=":material/play_arrow:",
        key=_BUTTON,
        on_click=agree,
        args=(slow,),
    )


def offer_to_stop(place: DeltaGenerator) -> None:
    """Draw a Stop button; what is done stays, and the method that is running leaves nothing."""
    place.button("Stop", icon=":material/stop:", key=_BUTTON, on_click=_stop)


def agree(cells: Iterable[Cell]) -> None:
    """Say that these are to be computed, however slow, in a widget's callback."""
    names = {cell.name for cell in cells}
    st.session_state[_AGREED] = st.session_state.get(_AGREED, frozenset()) | names


def _stop() -> None:
    st.session_state[_AGREED] = frozenset()


# ------------------------------------------------------------------ compute


def compute(cell: Cell, draw: Draw) -> None:
    """Explain one cell; a click anywhere ends the script between two passes.

    Args:
        cell: what to explain.
        draw: draws how far it is, a share and words.
    """
    from cvexplore.attribution.asked import Passes

    whole = max(1.0, cell.cost.forwards)
    progress = now_and_then(draw)

    def tell(count: int) -> None:
        progress(count / whole, f"{count:,} of {whole:,.0f} passes")

    explain(cell.row.explaining, cell.request, Passes(tell))
