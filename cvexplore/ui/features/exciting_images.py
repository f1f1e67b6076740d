"""The images that excite a channel most, as tiles with what it answers to in them marked."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking
from cvexplore.ui.features.image_sets import ImageSet

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.interpret.exciting import Excitement, Measure, Region, Responses

_TILES = 11
_COLUMNS = 6
_SHARE = 0.9  # of the squared gradient inside the marked rectangle
_SIDE = 240  # pixels of a tile
_FRAME = (255, 176, 0)


@dataclass(frozen=True)
class Found:
    """What has been looked through.

    Args:
        among: the images.
        places: of those that were looked through.
        seen: the responses to them.
        own: those to the person's own image.
    """

    among: ImageSet
    places: list[int]
    seen: "Responses"
    own: "Responses"


def show(looking: Looking, found: Found, channel: int, by: "Measure", close: bool) -> None:
    """Draw the person's image and those that excite a channel most.

    Args:
        looking: the network, the layer and the person's image.
        found: what has been looked through.
        channel: of the layer.
        by: what makes an image a strong one.
        close: only what the channel answers to, enlarged.
    """
    from cvexplore.interpret.exciting import excitement, strongest

    seen, among = found.seen, found.among
    values = seen.by(by)[:, channel]
    if values.max() == values.min():
        st.info(
            f"Channel {channel} has the same value, {float(values[0]):.3g}, for all "
            f"{len(seen)} images: nothing among them excites it.",
            icon=":material/notifications_off:",
        )
        return
    with st.grid(_COLUMNS, min_column_width=104):
        mine = excitement(found.own, 0, channel, by)
        higher = int((values > mine.value).sum())
        _tile(
            looking.picture.image,
            _own_region(looking, channel, mine),
            looking,
            close,
            f"**{mine.value:.3g}** · yours, {_ordinal(higher + 1)}",
            "Your image",
        )
        for rank, each in enumerate(strongest(seen, channel, _TILES, by), 1):
            place = found.places[each.image]
            region = _region(
                looking.subject,
                looking.layer,
                among.name,
                among,
                channel,
                replace(each, image=place),
            )
            caption = f"**{each.value:.3g}** · {_ordinal(rank)}"
            alt = f"The image that excites channel {channel} {_ordinal(rank)} most"
            _tile(among.image(place), region, looking, close, caption, alt)
    st.caption(
        f"{among.about} {len(seen)} were looked through. The rectangle holds at least {_SHARE:.0%} "
        "of the squared gradient of the channel's highest value with respect to the pixels: what "
        f"that one place answers to, its effective receptive field; {_in_theory(looking)}. "
        "Without a rectangle, no pixel moves it."
    )


def _in_theory(looking: Looking) -> str:
    subject, path = looking.subject, looking.layer
    folded = cached.traced(subject.name, subject.options).folded(path.count(".") + 1)
    side = next((each.receptive_field for each in folded.layers if each.path == path), None)
    most = cached.preparation(subject).image_size
    if side is None:
        return "in theory it sees the whole image, or that cannot be told"
    return f"in theory it sees {side} × {side} of the image's {most} × {most} pixels"


def _tile(
    image: "Image", region: "Region | None", looking: Looking, close: bool, caption: str, alt: str
) -> None:
    square = images.crop(image, cached.preparation(looking.subject)).convert("RGB")
    tile = _close_up(square, region) if close and region else _marked(square, region)
    st.image(tile, caption, width="stretch", alt=alt)


def _close_up(square: "Image", region: "Region") -> "Image":
    """Return the rectangle, widened to a square that stays inside the image."""
    side = max(region.sides)
    top = min(region.top, square.height - side)
    left = min(region.left, square.width - side)
    return _enlarged(square.crop((left, top, left + side, top + side)))


def _marked(square: "Image", region: "Region | None") -> "Image":
    """Return the image, dark where it does not matter and with a frame around what does."""
    from PIL import ImageDraw, ImageEnhance

    tile = _enlarged(square)
    if region is None:
        return tile
    sides = (region.left, region.top, region.right, region.bottom)
    left, top, right, bottom = (round(each * tile.width / square.width) for each in sides)
    dark = ImageEnhance.Brightness(tile).enhance(0.45)
    dark.paste(tile.crop((left, top, right, bottom)), (left, top))
    frame = (left - 2, top - 2, right + 1, bottom + 1)
    ImageDraw.Draw(dark).rectangle(frame, outline=_FRAME, width=2)
    return dark


def _enlarged(image: "Image") -> "Image":
    """Return it as large as a tile; a pixel stays a square where there are few."""
    from PIL import Image

    few = image.width <= _SIDE // 4
    how = Image.Resampling.NEAREST if few else Image.Resampling.BICUBIC
    return image.resize((_SIDE, _SIDE), how)


def _ordinal(rank: int) -> str:
    ending = (
        "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    )
    return f"{rank}{ending}"


@st.cache_data(max_entries=1024, show_spinner=False)
def _region(
    subject: Subject, layer: str, name: str, _among: ImageSet, channel: int, place: "Excitement"
) -> "Region | None":
    return _region_of(subject, layer, _among.image(place.image), channel, place)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _region_on_own(
    subject: Subject,
    layer: str,
    _image: "Image",
    fingerprint: str,
    channel: int,
    place: "Excitement",
) -> "Region | None":
    return _region_of(subject, layer, _image, channel, place)


def _own_region(looking: Looking, channel: int, place: "Excitement") -> "Region | None":
    picture = looking.picture
    return _region_on_own(
        looking.subject, looking.layer, picture.image, picture.fingerprint, channel, place
    )


def _region_of(
    subject: Subject, layer: str, image: "Image", channel: int, place: "Excitement"
) -> "Region | None":
    from cvexplore.interpret.exciting import effective_region

    prepared = images.prepare(image, cached.preparation(subject))
    model = cached.network(subject)
    with cached.two_at_once:
        return effective_region(model, layer, prepared, place, channel, _SHARE)
