"""A layer's channels: all of them on one sheet to click, and the clicked one large."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.sheet import COLOURS, Colours, Scale, picture, sheet
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.words import shape

if TYPE_CHECKING:
    import numpy as np

_MOST = 512  # tiles a sheet; more are too small to tell apart


def show(maps: "np.ndarray", name: str, layer: str) -> None:
    """Draw a layer's maps.

    Args:
        maps: Shape: (C, H, W)
        name: of the network.
        layer: its path.
    """
    scale, colours = _look()
    shown = maps[:_MOST]
    tiles = sheet(shown, scale=scale, colours=colours)
    means, peaks = shown.mean((1, 2)), shown.max((1, 2))
    wide, narrow = st.columns([3, 2])
    with wide:
        channel = atlas(
            tiles.png,
            tiles=tiles.tiles,
            columns=tiles.columns,
            captions=[
                f"channel {index} · mean {mean:.3g} · highest {peak:.3g}"
                for index, (mean, peak) in enumerate(zip(means, peaks, strict=True))
            ],
            key=f"atlas.{name}.{layer}",
            alt=f"All channels of {layer}",
        )
        if len(maps) > _MOST:
            st.caption(f"The first {_MOST} of {len(maps):,} channels.")
        st.download_button(
            "Save the sheet",
            tiles.png,
            f"{name}-{layer}.png".replace("/", "-"),
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
    with narrow:
        one = shown[channel]
        st.subheader(f"Channel {channel}")
        st.image(
            picture(one, colours=colours), width="stretch", alt=f"Channel {channel} of {layer}"
        )
        st.markdown(
            f"{shape((1, *one.shape))} · mean **{one.mean():.3g}** · lowest **{one.min():.3g}** · "
            f"highest **{one.max():.3g}** · zeros **{(one == 0).mean():.0%}**"
        )


def _look() -> tuple[Scale, Colours]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colours = st.selectbox("Colours", COLOURS, key="colours", width=140)
        together = st.toggle(
            "One scale for all channels",
            key="scale",
            help="So that they compare; otherwise each is stretched by itself, and faint ones show",
        )
    return "layer" if together else "channel", colours
