"""What one channel is looking for: the images that excite it most, and one made to do so."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking, exciting_images, made_for
from cvexplore.ui.features.image_sets import ImageSet, image_set, titles
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.interpret.exciting import Measure, Responses

_BATCH = 8  # images a forward pass
_COUNTS = (48, 96, 192, 384, 960)
_AT_ONCE = 150e9  # multiply-adds; what takes more begins when someone says so


def show(looking: Looking) -> None:
    """Draw what excites a channel."""
    own = _own(looking.subject, looking.picture.image, looking.picture.fingerprint, looking.layer)
    place = f"looking_for.{looking.key}.{looking.layer}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        channel = _pick_channel(looking, own, place)
        picks = st.container(width="stretch")
    st.subheader("Images that excite it most")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = titles(looking.subject)
        chosen = st.selectbox("Among", offered, key=f"among.{looking.key}", width=200)
        among = image_set(chosen, looking.subject)
        count = st.select_slider("Images", _COUNTS, _COUNTS[1], key="looking_for.count", width=180)
        by: Measure = st.segmented_control(
            "By its",
            ("highest", "mean"),
            default="highest",
            format_func={"highest": "highest value", "mean": "mean"}.__getitem__,
            required=True,
            key="looking_for.by",
        )
        close = st.toggle("Close up", key="looking_for.close", help="Only the marked rectangle")
    places, seen = _looked_through(looking, among, min(count, among.size), place)
    if seen is not None:
        with picks:
            _quick_picks(seen, own, place)
        found = exciting_images.Found(among, places, seen, own)
        exciting_images.show(looking, found, channel, by, close)
    best = None if seen is None else float(seen.highest[:, channel].max())
    made_for.show(looking, channel, best, among=chosen)


def _pick_channel(looking: Looking, own: "Responses", place: str) -> int:
    """Let a person choose a channel; begin with the one picked on the sheet of the layer."""
    key = f"{place}.channel"
    if key not in st.session_state:
        picked = st.session_state.get(f"channel.{looking.subject.name}.{looking.layer}")
        if not isinstance(picked, int) or not 0 <= picked < own.channels:
            picked = int(own.highest[0].argmax())  # the one that fires most on the image
        st.session_state[key] = picked
    return int(
        st.number_input(
            f"Channel, 0 to {own.channels - 1}", 0, own.channels - 1, step=1, key=key, width=170
        )
    )


def _quick_picks(seen: "Responses", own: "Responses", place: str) -> None:
    from cvexplore.interpret.exciting import standing_out

    found = standing_out(seen, own)
    if not found:
        return

    def pick() -> None:
        if st.session_state[f"{place}.quick"] is not None:
            st.session_state[f"{place}.channel"] = st.session_state[f"{place}.quick"]
            st.session_state[f"{place}.quick"] = None

    st.pills(
        "Those that stand out on your image",
        found,
        key=f"{place}.quick",
        on_change=pick,
        help="Channels whose highest value on your image lies furthest above that on the others, "
        "measured in the others' standard deviation",
    )


# ------------------------------------------------------------------ looking through


def _looked_through(
    looking: Looking, among: ImageSet, count: int, place: str
) -> tuple[list[int], "Responses | None"]:
    """Return the responses to as many images as have been looked through, and which those are."""
    from cvexplore.interpret.exciting import Responses

    shelf = _shelf(looking.subject, looking.layer, among.name)
    missing = [start for start in range(0, count, _BATCH) if start not in shelf]
    if missing:
        _look_through(looking, among, count, missing, f"{place}.{among.name}.going")
    found = sorted((start, part) for start, part in list(shelf.items()) if start < count)
    places = [start + each for start, part in found for each in range(len(part))]
    return places, Responses.joined([part for _, part in found]) if found else None


def _look_through(
    looking: Looking, among: ImageSet, count: int, missing: list[int], going: str
) -> None:
    """Look through what is missing, if that is quick or someone says so; a click interrupts it."""
    from cvexplore.interpret.exciting import responses

    def go(on: bool) -> None:
        st.session_state[going] = on

    subject = looking.subject
    macs = cached.traced(subject.name, subject.options).macs * _BATCH * len(missing)
    done = count - len(missing) * _BATCH
    if not st.session_state.get(going, macs <= _AT_ONCE):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.caption(
            f"{max(0, done)} of {count} images looked through; the others take "
            f"{compact(2 * macs, 'FLOP')}."
        )
        words = "Go on" if done > 0 else "Look through them"
        right.button(
            words, icon=":material/play_arrow:", on_click=go, args=(True,), key=f"{going}.go"
        )
        return
    room = st.empty()
    with room.container():
        left, right = st.columns([6, 1], vertical_alignment="center")
        bar = left.progress(0.0, "Looking through them…")
        right.button(
            "Stop", icon=":material/stop:", on_click=go, args=(False,), key=f"{going}.stop"
        )
    shelf, preparation = _shelf(subject, looking.layer, among.name), cached.preparation(subject)
    model = cached.network(subject)
    for start in missing:
        bar.progress(start / count, f"Looking through them: {start} of {count}")
        batch = among.prepared(range(start, min(start + _BATCH, count)), preparation)
        with cached.two_at_once:
            shelf[start] = next(responses(model, looking.layer, [batch]))
    room.empty()


@st.cache_resource(max_entries=8, show_spinner=False)
def _shelf(subject: Subject, layer: str, images: str) -> dict[int, "Responses"]:
    """Return where the responses to a set's batches are kept, by each batch's first image.

    Every session puts there what it has computed, and finds what others have.
    """
    return {}


@st.cache_data(max_entries=16, scope="session", show_spinner="Looking through the layer…")
def _own(subject: Subject, _image: "Image", fingerprint: str, layer: str) -> "Responses":
    from cvexplore.interpret.exciting import responses

    prepared = images.prepare(_image, cached.preparation(subject))
    model = cached.network(subject)
    with cached.two_at_once:
        return next(responses(model, layer, [prepared]))
