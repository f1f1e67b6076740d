"""An image made for one channel, or for one class: it grows while one looks."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.figures.pictures import enlarged, png
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking

if TYPE_CHECKING:
    from cvexplore.interpret.synthesis import Objective, Synthesised

_MADE = "made_for"  # one a session
_STEPS = (32, 64, 128, 256, 512)
_REDRAW_SECONDS = 0.4
_SIDE = 448  # pixels at least, as shown and as saved


@dataclass(frozen=True)
class _Aim:
    """What an image is made for, and how."""

    subject: Subject
    layer: str
    channel: int
    name: str
    objective: "Objective"
    steps: int
    jitter: float
    seed: int


@dataclass
class _Making:
    """An image in the making: a click elsewhere interrupts the page, and here is where it was."""

    aim: _Aim
    rest: Iterator["Synthesised"]
    going: bool = True
    values: list[float] = field(default_factory=list)
    last: "Synthesised | None" = None

    @property
    def done(self) -> bool:
        return len(self.values) > self.aim.steps


def show(looking: Looking, channel: int, best: float | None, *, among: str) -> None:
    """Let a person have an image made.

    Args:
        looking: the network, and the layer.
        channel: of the layer.
        best: the channel's highest value on other images.
        among: what those are.
    """
    st.subheader("An image made for it")
    aim = _ask(looking, channel)
    making: _Making | None = st.session_state.get(_MADE)
    if making is not None and making.aim != aim:
        making = None
    _buttons(aim, making)
    if making is None:
        st.caption(
            "Begins with noise and changes it, step by step, so that the network answers more "
            "strongly. The network itself stays as it is."
        )
        return
    room = st.empty()
    if making.going and not making.done:
        _make(making, room)
        st.rerun()  # now that it is done, other buttons are called for
    if making.last is not None:
        _draw(making, room)
        _say(making, best, among)


def _ask(looking: Looking, channel: int) -> _Aim:
    subject = looking.subject
    labels = catalog.labels(subject.name, subject.weights)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of_class = bool(labels) and (
            st.segmented_control(
                "For",
                ("channel", "class"),
                default="channel",
                format_func={"channel": f"channel {channel}", "class": "a class"}.__getitem__,
                required=True,
                key="made_for.what",
            )
            == "class"
        )
        if of_class:
            chosen = st.selectbox(
                "Class",
                range(len(labels)),
                _likeliest(looking),
                format_func=labels.__getitem__,
                key=f"made_for.class.{looking.key}",
                width=220,
            )
        steps = st.select_slider("Steps", _STEPS, 128, key="made_for.steps", width=180)
        with st.popover("Options", icon=":material/tune:"):
            objective: Objective = st.segmented_control(
                "What is to grow",
                ("mean", "centre"),
                default="mean",
                format_func={"mean": "mean of the map", "centre": "its middle unit"}.__getitem__,
                required=True,
                key="made_for.objective",
            )
            jitter = st.slider(
                "Turning and shifting",
                0.0,
                2.0,
                1.0,
                0.25,
                key="made_for.jitter",
                help="Before each step the image is turned by up to 10°, scaled by up to 10 % and "
                "shifted by up to 5 %, times this. Without, it ends in noise that only the network "
                "sees.",
            )
            seed = int(st.number_input("Seed", 0, 999, 0, key="made_for.seed", help="Of the noise"))
    if of_class:
        return _Aim(subject, "", chosen, labels[chosen], "mean", steps, jitter, seed)
    name = f"channel {channel} of {looking.layer}"
    return _Aim(subject, looking.layer, channel, name, objective, steps, jitter, seed)


def _likeliest(looking: Looking) -> int:
    """Return the class the network sees in the person's image; the first where that is none."""
    picture = looking.picture
    found = cached.look(looking.subject, picture.image, picture.fingerprint, looking.layer)
    return found.predictions[0].index if found.predictions else 0


def _buttons(aim: _Aim, making: _Making | None) -> None:
    """Draw what can be done now: begin, stop, go on."""

    def begin() -> None:
        st.session_state[_MADE] = _Making(aim, _beginning(aim))

    def go(on: bool) -> None:
        if making is not None:
            making.going = on

    with st.container(horizontal=True):
        if making is None or not making.going or making.done:
            st.button(
                "Make it" if making is None else "Make it again",
                icon=":material/auto_awesome:",
                on_click=begin,
                key="made_for.begin",
            )
        if making is not None and not making.done:
            st.button(
                "Stop" if making.going else "Go on",
                icon=":material/stop:" if making.going else ":material/play_arrow:",
                on_click=go,
                args=(not making.going,),
                key="made_for.stop" if making.going else "made_for.on",
            )


def _beginning(aim: _Aim) -> Iterator["Synthesised"]:
    from cvexplore.interpret.synthesis import synthesise

    preparation = cached.preparation(aim.subject)
    return synthesise(
        cached.network(aim.subject),
        aim.layer,
        aim.channel,
        side=preparation.image_size,
        mean=preparation.mean,
        std=preparation.std,
        objective=aim.objective,
        steps=aim.steps,
        jitter=aim.jitter,
        seed=aim.seed,
    )


def _make(making: _Making, room: Any) -> None:
    """Go on to the end, drawing now and then; a click ends the page's run at such a moment."""
    _draw(making, room)
    drawn = 0.0
    while not making.done:
        try:
            with cached.two_at_once:
                making.last = next(making.rest)
        except CvexploreError:
            del st.session_state[_MADE]  # it would fail again
            raise
        making.values.append(making.last.value)
        if time.monotonic() - drawn > _REDRAW_SECONDS:
            _draw(making, room)
            drawn = time.monotonic()


# ------------------------------------------------------------------ shown


def _draw(making: _Making, room: Any) -> None:
    last = making.last
    if last is None:
        return
    with room.container():
        left, right = st.columns([2, 3])
        left.image(_png(last), width="stretch", alt=f"An image made for {making.aim.name}")
        right.caption(
            f"Step {last.step} of {making.aim.steps} · "
            f"{'score' if not making.aim.layer else making.aim.objective} {last.value:.3g}, "
            f"{making.values[0]:.3g} at the start"
        )
        right.line_chart({"value": making.values}, height=220, x_label="step", y_label="value")


def _say(making: _Making, best: float | None, among: str) -> None:
    last, aim = making.last, making.aim
    if last is None:
        return
    if not any(making.values):
        st.warning(
            "It stayed silent: no noise that was tried moves it. Try another seed, more steps or "
            "the mean of the map.",
            icon=":material/notifications_off:",
        )
    st.markdown(_judged(last, aim, best, among))
    st.caption(
        "It shows one thing that drives it, not the only one: another seed makes another image, "
        "one channel may answer to several unlike things, and no photo looks like this. The "
        "values along the way are of the image turned, scaled and shifted."
    )
    st.download_button(
        "Save the image",
        _png(last),
        f"{aim.subject.name}-{aim.name}.png".replace("/", "-").replace(" ", "-"),
        "image/png",
        icon=":material/download:",
        on_click="ignore",
        key="made_for.save",
    )


def _judged(last: "Synthesised", aim: _Aim, best: float | None, among: str) -> str:
    """Return what the network makes of the image, in a sentence."""
    from cvexplore.interpret.activations import capture
    from cvexplore.interpret.exciting import responses
    from cvexplore.interpret.synthesis import as_input

    preparation, model = cached.preparation(aim.subject), cached.network(aim.subject)
    image = as_input(last.pixels, preparation.mean, preparation.std)
    with cached.two_at_once:
        if not aim.layer:
            share = float(capture(model, image, []).output[0].softmax(0)[aim.channel])
            return f"The network gives this image **{share:.1%}** for its class."
        value = float(next(responses(model, aim.layer, [image])).highest[0, aim.channel])
    said = f"The channel's highest value on it is **{value:.3g}**"
    if best is None:
        return f"{said}."
    return f"{said}; the strongest of the images above ({among}) brings it to **{best:.3g}**."


def _png(made: "Synthesised") -> bytes:
    """Return the image as a PNG, enlarged by a whole factor where it is small."""
    from PIL import Image

    pixels = made.pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return png(enlarged(image, _SIDE))
