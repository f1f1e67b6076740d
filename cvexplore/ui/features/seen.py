"""What the network sees: which part of the image, its pixels, and the numbers made of them."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.figures.sheet import mosaic, picture
from cvexplore.images import Preparation
from cvexplore.ui.pictures import Picture

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_WIDEST = 640  # pixels; the drawn original need not be larger


def show(chosen: Picture, preparation: Preparation) -> None:
    """Draw how an image becomes what a network takes, step by step."""
    square = images.crop(chosen.image, preparation)
    values = images.prepare(chosen.image, preparation)[0].numpy()
    size = f"{square.width} × {square.height}"
    whole, seen, numbers = st.columns([3, 2, 4])
    with whole:
        box = images.crop_box(chosen.image, preparation)
        st.image(
            framed(chosen.image, box),
            width="stretch",
            alt=f"All of {chosen.name}; what lies outside the part that is seen is darker",
        )
        all_of_it = box == (0, 0, *chosen.image.size)
        st.caption(
            f"Given: {chosen.image.width} × {chosen.image.height}. "
            f"{'All of it is seen.' if all_of_it else 'What is dark is cut off.'}"
        )
    with seen:
        st.image(_enlarged(square), width="stretch", alt=f"{chosen.name}, {size} pixels of it")
        st.caption(f"Seen: {size}")
    with numbers:
        names = _channel_names(len(values))
        st.image(
            picture(side_by_side(values), colours="grey"),
            width="stretch",
            alt=f"The values of each channel as greys: {', '.join(names)}",
        )
        st.caption(
            f"Given to the network: {', '.join(names)}. "
            f"Black is {values.min():.2f}, white is {values.max():.2f}.".replace("-", "−")
        )
    st.markdown("\n".join(f"1. {step}" for step in steps(chosen.image.size, preparation)))
    st.dataframe(
        [
            {
                "Channel": name,
                "Lowest": float(channel.min()),
                "Mean": float(channel.mean()),
                "Highest": float(channel.max()),
                "Standard deviation": float(channel.std()),
            }
            for name, channel in zip(names, values, strict=True)
        ],
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("Lowest", "Mean", "Highest", "Standard deviation")
        },
    )


def steps(size: tuple[int, int], preparation: Preparation) -> list[str]:
    """Return what is done to an image of this width and height, in words with their numbers."""
    cut = images.cropping(size, preparation)
    left, top, right, bottom = cut.strip
    told = []
    if (right - left, bottom - top) != size:
        told.append(f"Keep the middle {right - left} × {bottom - top} pixels of the long strip.")
    if cut.resized == (right - left, bottom - top):
        told.append(f"Keep its size of {cut.resized[0]} × {cut.resized[1]} pixels.")
    else:
        told.append(
            f"Resize the short side to {min(cut.resized)} pixels with "
            f"{preparation.interpolation} interpolation: {cut.resized[0]} × {cut.resized[1]}."
        )
    wanted = preparation.image_size
    if cut.resized != (wanted, wanted):
        told.append(f"Cut out the middle {wanted} × {wanted}.")
    if preparation.channels == 1:
        told.append("Turn colours into grey: 0.299 red + 0.587 green + 0.114 blue.")
    told.append("Scale the pixels from 0–255 to 0–1.")
    told.append(f"Subtract the mean of each channel: {_listed(preparation.mean)}.")
    told.append(f"Divide by the standard deviation of each: {_listed(preparation.std)}.")
    return told


def framed(image: "Image", box: tuple[float, float, float, float]) -> "Image":
    """Return a picture, small, with what lies outside the box darkened and the box outlined."""
    from PIL import Image, ImageDraw

    small = image.copy()
    small.thumbnail((_WIDEST, _WIDEST))
    across, down = small.width / image.width, small.height / image.height
    left, right = (round(each * across) for each in box[::2])
    top, bottom = (round(each * down) for each in box[1::2])
    dark = Image.blend(small, Image.new("RGB", small.size), 0.65)
    dark.paste(small.crop((left, top, right, bottom)), (left, top))
    if min(right - left, bottom - top) > 3:  # white in black, to be seen on any picture
        pen = ImageDraw.Draw(dark)
        pen.rectangle((left, top, right - 1, bottom - 1), outline="black", width=3)
        pen.rectangle((left + 1, top + 1, right - 2, bottom - 2), outline="white")
    return dark


def side_by_side(channels: "np.ndarray", gap: int = 2) -> "np.ndarray":
    """Return channels in a row, with lines of the lowest value between.

    Shape: (C, H, W) -> (H, C * W + (C - 1) * gap)
    """
    import numpy as np

    line = np.full((channels.shape[1], gap), channels.min(), channels.dtype)
    parts = [part for channel in channels for part in (line, channel)]
    return np.concatenate(parts[1:], axis=1)


def _enlarged(square: "Image") -> bytes:
    import numpy as np

    pixels = np.atleast_3d(np.asarray(square)).transpose(2, 0, 1)
    return mosaic(pixels[None], columns=1, tile=224)


def _channel_names(channels: int) -> tuple[str, ...]:
    return {1: ("grey",), 3: ("red", "green", "blue")}.get(
        channels, tuple(f"channel {index}" for index in range(channels))
    )


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.4g}" for number in numbers)
