"""Common corruptions: what noise, blur, light and files do to the answer, at five strengths."""

import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.figures.pictures import enlarged
from cvexplore.figures.robustness import as_picture
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject
from cvexplore.ui.robustness import many_pictures
from cvexplore.ui.robustness.waiting import may_begin, stoppable
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from torch import Tensor

_STRENGTHS = (1, 2, 3, 4, 5)
_PATIENCE = 60.0  # seconds; rows come one after the other, so there is something to see
_SIDE = 168  # pixels a tile is wide at least
_QUALITY = 92  # of the tiles as they are sent: what is shown, not what the network sees


@dataclass(frozen=True)
class Row:
    """What the network says of an image under one corruption, strength by strength.

    Args:
        tiles: the corrupted images, to look at.
        classes: the likeliest class of each.
        probabilities: that class's.
        seconds: how long it took.
    """

    tiles: tuple[bytes, ...]
    classes: tuple[int, ...]
    probabilities: tuple[float, ...]
    seconds: float


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(explaining: Explaining) -> None:
    """Draw this image under each corruption, and how a network does on many."""
    from cvexplore.robustness import CORRUPTIONS

    names = list(CORRUPTIONS)
    rows = _shelf(explaining.subject, explaining.picture.fingerprint)
    missing = [name for name in names if name not in rows]
    seconds = len(missing) * len(_STRENGTHS) * known.speed(explaining).forward
    key = f"corruptions.{explaining.key}.{explaining.picture.fingerprint}"
    words = "Go on" if rows else "Corrupt this image"
    going = bool(missing) and may_begin(seconds, words, key=key, at_once=_PATIENCE)
    summary = st.container()
    rooms = {name: st.container() for name in names}
    for name in names:
        if name in rows:
            _draw(explaining, name, rows[name], rooms[name])
    if going:
        with summary, stoppable(key, seconds) as move:
            for place, name in enumerate(missing):
                move(place / len(missing), f"{_title(name)}…")
                rows[name] = _corrupted(explaining, name)
                _draw(explaining, name, rows[name], rooms[name])
    with summary:
        _say(explaining, rows)
    if len(rows) == len(names):
        many_pictures.show(explaining, sum(row.seconds for row in rows.values()))


def _corrupted(explaining: Explaining, name: str) -> Row:
    import torch

    from cvexplore.robustness import corrupt
    from cvexplore.robustness.attacks import on_pixels, original_pixels

    began = time.perf_counter()
    with in_turns(lambda _: None) as passes:
        asked = explaining.asked(explaining.predictions[0].index).of(passes=passes)
        pixels = original_pixels(asked)
        images = torch.cat([corrupt(name, pixels, strength) for strength in _STRENGTHS])
        found = on_pixels(asked)(images).float().softmax(1).max(1)
    seconds = time.perf_counter() - began
    return Row(
        tuple(_tile(each) for each in images),
        tuple(found.indices.tolist()),
        tuple(found.values.tolist()),
        seconds,
    )


def _tile(pixels: "Tensor") -> bytes:
    """Return a corrupted image as a small picture, made for looking."""
    from PIL import Image

    picture = enlarged(as_picture(pixels.numpy()).convert("RGB"), _SIDE)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def _draw(explaining: Explaining, name: str, row: Row, room: DeltaGenerator) -> None:
    """Draw the five strengths of one corruption; changed answers are marked."""
    from cvexplore.robustness import CORRUPTIONS

    own = explaining.predictions[0].index
    with room:
        st.markdown(f"**{_title(name)}** :gray[· {CORRUPTIONS.summary(name)}]")
        with st.grid(len(_STRENGTHS), min_column_width=104):
            for strength, tile, label, share in zip(
                _STRENGTHS, row.tiles, row.classes, row.probabilities, strict=True
            ):
                words = f"{plain(explaining.label(label))} · {share:.0%}"
                st.image(
                    tile,
                    words if label == own else f":red[:material/close: {words}]",
                    width="stretch",
                    alt=f"{explaining.picture.name} under {name}, strength {strength}",
                )


def _title(name: str) -> str:
    return _name(name)[0].upper() + _name(name)[1:]


def _name(name: str) -> str:
    return "JPEG" if name == "jpeg" else name


def _say(explaining: Explaining, rows: dict[str, Row]) -> None:
    """Say how many of the corruptions change the answer."""
    first = explaining.predictions[0]
    if not rows:
        return
    answers = [each for row in rows.values() for each in row.classes]
    changed = sum(each != first.index for each in answers)
    steady = [name for name, row in rows.items() if set(row.classes) == {first.index}]
    st.markdown(
        f"As it is, the image is taken for **{plain(first.label)}** ({first.probability:.1%}). "
        f"**{changed} of {len(answers)}** corrupted ones are taken for something else"
        + (f"; none under {', '.join(map(_name, steady))}." if changed and steady else ".")
    )
    st.caption(
        "Strength 1 to 5 from left to right, as strong as in the benchmarks of Hendrycks & "
        f"Dietterich (arXiv:1903.12261) for images of {_benchmark(explaining)} pixels. A cross "
        "marks an answer that changed."
    )


def _benchmark(explaining: Explaining) -> int:
    from cvexplore.robustness.corruptions import table

    return table(explaining.prepared.shape[-1])


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _shelf(subject: Subject, fingerprint: str) -> dict[str, Row]:
    """Return where this session's corruptions of one image are kept."""
    return {}
