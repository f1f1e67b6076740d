"""The journey: one row a stage, from pixels to classes, each with its most active channels."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.errors import LayerError
from cvexplore.figures.overlay import heat_over
from cvexplore.figures.sheet import Scale, sheet
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking, adding
from cvexplore.ui.words import plain, shape

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_STOPS = 12
_CHANNELS = 12  # the most active ones of a stop
_TILE = 56  # pixels of a tile in a row


@dataclass(frozen=True)
class Stop:
    """What a network has made of the image at one place on its way.

    Args:
        layer: the path of a block or a layer.
        kind: its class.
        sides: (channels, height, width) of its maps.
        channels: the most active ones, by their number.
        maps: of those channels. Shape: (12, H, W)
        activity: mean of all channels' absolute values. Shape: (H, W)
    """

    layer: str
    kind: str
    sides: tuple[int, int, int]
    channels: tuple[int, ...]
    maps: "np.ndarray"
    activity: "np.ndarray"


def show(looking: Looking) -> None:
    """Draw the network's stages, from the pixels to the classes."""
    subject, picture = looking.subject, looking.picture
    stops = _stops(subject, picture.image, picture.fingerprint)
    square = looking.square
    _walk(looking, stops, square)
    st.subheader("The whole way")
    _pixels(square)
    for stop in stops:
        _row(stop)
    found = cached.answered(subject, picture.image, picture.fingerprint)
    if isinstance(found, tuple):
        left, right = _columns()
        left.markdown(f"**classes**  \n:gray[{found[0].probability:.1%} for the first]")
        right.markdown(" · ".join(plain(each.label) for each in found))


# ------------------------------------------------------------------ one stop, large


@st.fragment
def _walk(looking: Looking, stops: tuple[Stop, ...], square: "Image") -> None:
    """Let a person walk from stop to stop, and show the one they stand at."""
    place = st.select_slider(
        "Walk through the network",
        range(len(stops)),
        format_func=lambda each: stops[each].layer,
        key=f"walk.{looking.key}",
        help="The arrow keys walk, too",
    )
    stop = stops[place]
    left, right = st.columns([2, 3])
    with left:
        if stop.activity.size > 1:
            st.image(
                heat_over(square, stop.activity, strength=0.65),
                width="stretch",
                alt=f"Where {stop.layer} is active",
            )
            st.caption("Where it is active: the mean of all channels' absolute values")
        else:
            st.image(square, width="stretch", alt="The image")
            st.caption("No place is left: one number a channel")
    with right:
        st.markdown(f"**{stop.layer}** · {stop.kind} · {_sides(stop)}")
        tiles = sheet(stop.maps, scale=_scale(stop), columns=4, smallest=96)
        st.image(tiles.png, width="stretch", alt=f"The most active channels of {stop.layer}")
        st.caption("Its most active channels: " + ", ".join(map(str, stop.channels)))
        if st.button(
            "Look at all its channels",
            icon=":material/grid_view:",
            on_click=_open,
            args=(looking, stop.layer),
            key=f"open.{looking.key}",
        ):
            st.rerun()  # all of the page: a click in a fragment runs the fragment alone
    adding.show(looking, stop.layer)


def _open(looking: Looking, layer: str) -> None:
    st.session_state[f"layer.{looking.key}"] = layer
    st.session_state["view"] = "Layer"


# ------------------------------------------------------------------ all stops, a row each


def _pixels(square: "Image") -> None:
    import numpy as np

    bands = np.asarray(square, np.float32).reshape(square.height, square.width, -1)
    left, right = _columns()
    left.markdown(f"**pixels**  \n:gray[{shape((1, *bands.transpose(2, 0, 1).shape))}]")
    tiles = sheet(bands.transpose(2, 0, 1), scale="layer", colours="grey", columns=_CHANNELS)
    right.image(tiles.png, width="stretch", alt="The image's red, green and blue")


def _row(stop: Stop) -> None:
    left, right = _columns()
    left.markdown(f"**{_breakable(stop.layer)}**  \n:gray[{_sides(stop)}]")
    tiles = sheet(stop.maps, scale=_scale(stop), columns=_CHANNELS, smallest=_TILE)
    right.image(tiles.png, width="stretch", alt=f"The most active channels of {stop.layer}")


def _scale(stop: Stop) -> Scale:
    """Return the scale of a stop's tiles: a single value has no contrast of its own."""
    return "channel" if stop.activity.size > 1 else "layer"


def _columns() -> list:
    return st.columns([1, 5], vertical_alignment="center")


def _breakable(path: str) -> str:
    """Return a path that a narrow column breaks between its words, not inside them."""
    return re.sub(r"([._])", "\\1\u200b", path)


def _sides(stop: Stop) -> str:
    channels, height, width = stop.sides
    if stop.activity.size == 1:
        return f"{channels:,} channels, a value each"
    return f"{channels:,} channels of {height} × {width}"


# ------------------------------------------------------------------ compute


@st.cache_data(max_entries=4, scope="session", show_spinner="Walking through the network…")
def _stops(subject: Subject, _image: "Image", fingerprint: str) -> tuple[Stop, ...]:
    """Return what the network makes of an image on its way, in one pass."""
    from cvexplore.interpret.activations import as_maps, capture
    from cvexplore.interpret.channels import ordered
    from cvexplore.interpret.similarity import representative_layers

    model, trace = cached.network(subject), cached.traced(subject.name, subject.options)
    layers = representative_layers(trace, _STOPS)
    prepared = images.prepare(_image, cached.preparation(subject))
    with cached.two_at_once:
        seen = capture(model, prepared, layers)
    stops = []
    for layer in layers:
        try:
            maps = as_maps(seen, layer, model).maps.numpy()
        except LayerError:  # what is no map of the image has no place on the way
            continue
        channels = ordered(maps, "activity")[:_CHANNELS]
        sides = maps.shape[0], maps.shape[1], maps.shape[2]
        activity = abs(maps).mean(0)
        kind = trace.kinds[layer]
        stops.append(Stop(layer, kind, sides, tuple(channels.tolist()), maps[channels], activity))
    return tuple(stops)
