"""One channel large: over the image, its values, where it fires, and the weights that make it."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.figures.channels import histogram
from cvexplore.figures.overlay import heat_over
from cvexplore.figures.sheet import Colours, picture, sheet
from cvexplore.ui import cached
from cvexplore.ui.features import Looking
from cvexplore.ui.words import shape

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.interpret.channels import ChannelFacts

_MOST_PLANES = 64  # of a filter, the strongest
_REGIONS = 4


def show(
    looking: Looking, maps: "np.ndarray", known: "ChannelFacts", channel: int, colours: Colours
) -> None:
    """Draw one channel of a layer."""
    one = maps[channel]
    st.subheader(f"Channel {channel}")
    square = looking.square
    strength = st.session_state.get("strength", 0.6)
    drawn = (
        heat_over(square, one, colours=colours, strength=strength)
        if one.size > 1 and strength < 1
        else picture(one, colours=colours)
    )
    st.image(drawn, width="stretch", alt=f"Channel {channel} of {looking.layer} over the image")
    if one.size > 1:
        st.slider(
            "Map over image",
            0.0,
            1.0,
            0.6,
            0.05,
            key="strength",
            format="percent",
            help="All the way right: the map alone, a square a value",
        )
    st.markdown(
        f"{shape((1, *one.shape))} · mean **{known.mean[channel]:.3g}** · "
        f"lowest **{known.low[channel]:.3g}** · highest **{known.high[channel]:.3g}** · "
        f"zeros **{known.zeros[channel]:.0%}**"
    )
    if one.size > 1:
        st.image(
            histogram(one, beside=maps),
            width="stretch",
            alt=f"How channel {channel} is distributed",
        )
        st.caption("Its values, before those of the whole layer; heights are logarithmic")
    _weights(looking, channel, colours)
    if one.size > 1:
        _regions(looking, one, channel, square)


def _weights(looking: Looking, channel: int, colours: Colours) -> None:
    """Draw the filter that makes the channel, if its layer is a convolution."""
    import numpy as np

    from cvexplore.figures.weights import filter_sheet, filter_tiles
    from cvexplore.interpret.channels import filter_weights
    from cvexplore.interpret.private import module_at

    module = module_at(cached.network(looking.subject), looking.layer)
    planes = None if module is None else filter_weights(module, channel)
    if planes is None or planes[0].size == 1:
        return
    with st.expander("The filter that makes it", icon=":material/grid_on:"):
        if len(planes) == 3:
            tiles = filter_sheet(filter_tiles(planes[None]))
            st.image(tiles.png, width=168, alt=f"Filter {channel} in colour")
            st.caption(f"{shape((1, *planes.shape))} weights: red, green and blue as its colours.")
            return
        strongest = np.argsort(-np.abs(planes).sum((1, 2)), kind="stable")[:_MOST_PLANES]
        tiles = sheet(planes[np.sort(strongest)], scale="layer", colours=colours)
        st.image(tiles.png, width="stretch", alt=f"The planes of filter {channel}")
        which = f"the {_MOST_PLANES} strongest of its" if len(planes) > _MOST_PLANES else "its"
        st.caption(f"One plane an input channel, on one scale: {which} {len(planes)} planes.")


def _regions(looking: Looking, one: "np.ndarray", channel: int, square: "images.Image") -> None:
    """Show the parts of the image that the channel's highest places answer to, when asked."""
    regions = st.expander(
        "Where it fires most",
        icon=":material/center_focus_strong:",
        on_change="rerun",
        key=f"regions.{looking.key}.{looking.layer}",
    )
    if not regions.open:
        return
    with regions:
        found = _found(looking, one, channel)
        with st.container(horizontal=True):
            for (row, column), box in found:
                part = square.crop((box.left, box.top, box.right, box.bottom))
                value = f"{one[row, column]:.3g}"
                st.image(
                    part.resize((96, round(96 * part.height / part.width))),
                    caption=value,
                    width=96,
                    alt=f"Place {row}, {column}: {value}",
                )
        st.caption(
            "The pixels that decide its highest values: they hold nine tenths of the squared "
            "gradient (effective receptive field, arXiv 1701.04128)."
            if found
            else "No pixel moves it here: it is silent on this image."
        )


def _found(looking: Looking, one: "np.ndarray", channel: int) -> list:
    from cvexplore.interpret.channels import peaks

    picture = looking.picture
    asked = tuple(peaks(one, _REGIONS))
    boxes = _boxes(
        looking.subject, picture.image, picture.fingerprint, looking.layer, channel, asked
    )
    return [(place, box) for place, box in zip(asked, boxes, strict=True) if box is not None]


@st.cache_data(max_entries=32, scope="session", show_spinner="Asking which pixels decide…")
def _boxes(
    subject: cached.Subject,
    _image: "images.Image",
    fingerprint: str,
    layer: str,
    channel: int,
    places: tuple[tuple[int, int], ...],
) -> list:
    from cvexplore.interpret.exciting import Excitement, effective_region

    model = cached.network(subject)
    prepared = images.prepare(_image, cached.preparation(subject))
    with cached.two_at_once:
        return [
            effective_region(model, layer, prepared, Excitement(0, 0.0, *place), channel)
            for place in places
        ]
