"""How the processor is used: numbers of half the size, and threads; by measurement or by hand."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.training.config import RunConfig, settings
from cvexplore.ui.training.beginning import Beginning
from cvexplore.ui.training.fields import field
from cvexplore.ui.training.plan import device

if TYPE_CHECKING:
    from cvexplore.training.estimate import Estimate, Setting

AUTO = "auto"
_OPTIONS = {option.name: option for option in settings()}


@dataclass(frozen=True)
class Speed:
    """What was chosen by hand; None is left to measurement."""

    precision: str | None
    threads: int | None

    @property
    def by_hand(self) -> frozenset[str]:
        """The fields that are not left to measurement."""
        named = {"precision": self.precision, "threads": self.threads}
        return frozenset(name for name, value in named.items() if value is not None)

    def settled(self, estimate: "Estimate | None") -> dict[str, Any]:
        """Return the recipe's fields: the quickest measured, or its defaults before that."""
        usual = RunConfig()
        best = self.quickest(estimate)
        return {
            "precision": self.precision or (best.precision if best else usual.precision),
            "threads": self.threads or (best.threads if best else usual.threads),
        }

    def quickest(self, estimate: "Estimate | None") -> "Setting | None":
        """Return the best measured setting among those that the choice by hand allows."""
        allowed = tuple(
            each
            for each in (estimate.settings if estimate else ())
            if self.precision in (None, each.precision) and self.threads in (None, each.threads)
        )
        return replace(estimate, settings=allowed).best() if estimate and allowed else None


def speed(start: Beginning) -> tuple[Speed, dict[str, Any]]:
    """Draw precision, threads and what is kept; return the choice, and the recipe's other field."""
    from cvexplore.training.precision import available

    precision = _choice("precision", available(device()), start)
    cores = os.cpu_count() or 1
    counts = [2**power for power in range(7) if 2**power <= cores]
    threads = _choice("threads", tuple(counts), start)
    st.caption(
        "On auto, “Measure a few steps” decides; until then it is 32-bit numbers and one thread. "
        "Threads pay for a run that is alone on the machine."
    )
    kept = {"snapshots": field(_OPTIONS["snapshots"], start)}
    return Speed(precision, threads), kept


def _choice(name: str, choices: tuple[Any, ...], start: Beginning) -> Any:
    """Draw a choice that has "auto" before the others; None stands for it."""
    first = getattr(start.config, name) if name in start.by_hand else AUTO
    choices = tuple(dict.fromkeys((AUTO, *choices, first)))  # a link may name what is not here
    chosen = st.segmented_control(
        name.capitalize(),
        choices,
        default=first,
        required=True,
        format_func=str,
        key=start.key(name),
        help=_OPTIONS[name].help,
        wrap=True,
    )
    return None if chosen == AUTO else chosen
