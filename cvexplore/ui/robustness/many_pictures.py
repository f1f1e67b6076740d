"""How a network does on many corrupted pictures: its accuracy, or how often its answer stays."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cvexplore.figures.robustness import accuracy_curves
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject
from cvexplore.ui.features.image_sets import image_set
from cvexplore.ui.robustness.held_out import held_out
from cvexplore.ui.robustness.waiting import stoppable
from cvexplore.ui.words import about

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.attribution import Asked
    from cvexplore.robustness import Accuracies

_LABELLED = (40, 80, 200, 400, 1000)  # multiples of 40, and of 8
_PHOTOS = (8, 16, 32, 64)
_SMALL, _BATCH_OF_SMALL, _BATCH = 64, 40, 8  # pixels a side; pictures of that side, and others
_DRAWN_EVERY = 2.0  # seconds


@dataclass(frozen=True)
class Pictures:
    """Pictures to count on, and what it is that is counted.

    Args:
        name: stands for them in caches.
        what: is counted, on the axis.
        about: which pictures they are, and what the count means.
        counts: how many can be asked for; but for the last, multiples of the batch.
        batch: so many go through all corruptions together.
        some: pictures from a place to another, with the classes that count as right.
    """

    name: str
    what: str
    about: str
    counts: tuple[int, ...]
    batch: int
    some: "Callable[[Asked, int, int], tuple[Tensor, Tensor]]"


def show(explaining: Explaining, seconds: float) -> None:
    """Draw the curves over the strengths, counted when someone says so.

    Args:
        explaining: the network.
        seconds: how long one picture takes under all corruptions.
    """
    pictures = _labelled(explaining) or _photos(explaining)
    st.subheader(pictures.what)
    st.caption(pictures.about)
    shelf = _shelf(explaining.subject, pictures.name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.select_slider(
            "Pictures",
            pictures.counts,
            pictures.counts[min(2, len(pictures.counts) - 1)],
            key=f"many.count.{explaining.key}.{pictures.name}",
            width=220,
        )
        starts = range(0, count, pictures.batch)
        missing = [start for start in starts if start not in shelf]
        left = len(missing) * pictures.batch * seconds
        words = "Go on" if len(missing) < len(starts) else f"Count on {count} pictures"
        go = st.button(
            f"{words} ({about(left)})" if missing else "All are counted",
            icon=":material/play_arrow:",
            disabled=not missing,
            key="many.go",
        )
    bar, numbers, room = st.container(), st.container(), st.empty()
    if go:
        with bar:
            _count(explaining, pictures, missing, count, room)
        st.rerun()
    done = [shelf[start] for start in starts if start in shelf]
    if done:
        found = together(done)
        with numbers:
            _numbers(found, pictures.what)
        _draw(found, pictures.what, room)


def _count(
    explaining: Explaining, pictures: Pictures, missing: list[int], count: int, room: DeltaGenerator
) -> None:
    """Count what is missing; a click on Stop ends the script here, and what is counted stays."""
    from cvexplore.robustness import accuracies
    from cvexplore.robustness.attacks import on_pixels

    shelf = _shelf(explaining.subject, pictures.name)
    drawn = 0.0
    with stoppable("many") as move, in_turns(lambda _: None) as passes:
        asked = explaining.asked(explaining.predictions[0].index).of(passes=passes)
        scores = on_pixels(asked)
        for start in missing:
            before = [part for place, part in list(shelf.items()) if place < count]
            some = pictures.some(asked, start, min(start + pictures.batch, count))
            for found in accuracies(scores, *some, batch=pictures.batch):
                part = found
                share = found.passes / found.all_passes
                done = sum(each.images for each in before)
                move((done + share * found.images) / count, f"{done} of {count} pictures")
                if time.monotonic() - drawn > _DRAWN_EVERY:
                    drawn = time.monotonic()
                    _draw(together([*before, found]), pictures.what, room)
            shelf[start] = part


def together(parts: "list[Accuracies]") -> "Accuracies":
    """Return the counts on some pictures and on others as those on all of them."""
    from cvexplore.robustness import Accuracies, Count

    first = parts[0]
    return Accuracies(
        sum((part.clean for part in parts), Count()),
        {key: sum((part.corrupted[key] for part in parts), Count()) for key in first.corrupted},
        sum(part.images for part in parts),
        first.corruptions,
        first.strengths,
    )


# ------------------------------------------------------------------ which pictures


def _labelled(explaining: Explaining) -> Pictures | None:
    held = held_out(explaining.subject)
    if held is None:
        return None
    size = len(held.order)
    channels = explaining.prepared.shape[1]
    most = min(size, _LABELLED[-1])
    return Pictures(
        held.name,
        "Accuracy",
        f"On pictures of {held.name} that this network never learned from: {size:,} were held out "
        "of its run, and are drawn from here in a random order.",
        (*(each for each in _LABELLED if each < most), most),
        _BATCH_OF_SMALL if held.dataset.image_size <= _SMALL else _BATCH,
        lambda asked, start, stop: (held.pixels(start, stop, channels), held.labels(start, stop)),
    )


def _photos(explaining: Explaining) -> Pictures:
    """Return pictures whose classes nobody told: the network's own answer stands for them."""
    photos = image_set("photos and crops", explaining.subject)

    def some(asked: "Asked", start: int, stop: int) -> "tuple[Tensor, Tensor]":
        from cvexplore.ui import cached

        prepared = photos.prepared(range(start, stop), cached.preparation(explaining.subject))
        pixels = asked.pixels(prepared).clamp(0, 1)
        return pixels, asked.network()(prepared).argmax(1)

    return Pictures(
        photos.name,
        "Agreement with its own clean answer",
        "No labelled pictures for this network are on this machine, so its accuracy cannot be "
        "told. What can: how often it still says of a corrupted picture what it says of the "
        f"picture as it is, right or wrong. {photos.about}",
        _PHOTOS,
        _BATCH,
        some,
    )


# ------------------------------------------------------------------ what was counted


def _numbers(found: "Accuracies", what: str) -> None:
    worst = max(found.corruptions, key=found.error)
    gentle = min(found.corruptions, key=found.error)
    with st.grid(4, min_column_width=150, border=True):
        st.metric("As they are", f"{found.clean.accuracy:.1%}", help=_between(found))
        st.metric(
            "Corrupted",
            f"{1 - found.mean_error:.1%}",
            f"{-100 * found.mean_relative_error:+.1f} points",
            help="The mean over all corruptions and strengths.",
        )
        for title, name in (("Hardest", worst), ("Easiest", gentle)):
            st.metric(
                title,
                name,
                f"{1 - found.error(name):.1%}",
                delta_color="off",
                delta_arrow="off",
                help="On average over the five strengths.",
            )
    st.caption(
        f"{what} on {found.images} pictures. Bands: between what it lies on all pictures of this "
        "kind, in 95 of 100 cases (Wilson, 1927). Click a name to hide its line, double-click to "
        "see it alone."
    )


def _between(found: "Accuracies") -> str:
    low, high = found.clean.interval()
    return f"{found.clean.correct} of {found.clean.images}; 95 %: {low:.1%} to {high:.1%}."


def _draw(found: "Accuracies", what: str, room: DeltaGenerator) -> None:
    room.plotly_chart(
        accuracy_curves(found, what=what),
        config={"displaylogo": False},
        key=f"many.chart.{found.passes}.{found.images}",
        alt=f"{what} at each strength of each corruption, on {found.images} pictures",
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _shelf(subject: Subject, pictures: str) -> "dict[int, Accuracies]":
    """Return where the counts on public pictures are kept, by each batch's first picture."""
    return {}
