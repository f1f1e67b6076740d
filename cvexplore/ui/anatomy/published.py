"""What is published of a network beside what is measured here, and why they differ."""

import streamlit as st

from cvexplore.ui.anatomy import Built
from cvexplore.ui.words import compact

_CONVENTION = (
    "A multiply-add is one multiplication with its addition. torchvision's tables count them so "
    "too, and call them GFLOPS."
)


def show(built: Built) -> None:
    """Draw the published figures and how they compare; nothing where none are published."""
    from cvexplore.catalog.published import comparison

    seen = built.trace
    found = comparison(built.name, seen.parameters, seen.macs, dict(built.options))
    if found is None:
        return
    said = found.published
    figures = [f"{compact(said.parameters)} parameters", f"{said.gmacs:g} G multiply-adds"]
    if said.top1 is not None:
        figures.append(f"{said.top1:.1f} % top-1")
    side = said.image_size
    verdict = "Measured here: the same." if found.same else found.explanation
    st.caption(
        f"Published by {said.source} for {side} × {side} pixels: {', '.join(figures)}. {verdict}",
        help=_CONVENTION,
    )
