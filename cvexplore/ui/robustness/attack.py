"""Fool it: a change too small to see, made so that the network answers something else."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.figures.pictures import enlarged, png
from cvexplore.figures.robustness import SIDE, as_picture
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject
from cvexplore.ui.robustness import answers, elsewhere, search
from cvexplore.ui.robustness.asking import Plan, pick_epsilon, pick_plan
from cvexplore.ui.robustness.waiting import may_begin, stoppable
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.robustness import Attacked

_MOST_KEPT = 24  # attacks of one image; each holds it twice


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(explaining: Explaining) -> None:
    """Draw an attack that someone chooses, and search for the smallest that succeeds."""
    plan = pick_plan(explaining)
    epsilon = pick_epsilon()
    attacked = _attacked(explaining, plan, epsilon)
    if attacked is not None:
        _pictures(explaining, attacked)
        _numbers(explaining, attacked)
        st.caption(
            "The change was made for this network and this image: its gradient says which way each "
            "pixel has to go. So it says how far the network can be pushed, not how it does on "
            "images that nobody tampered with; and one that withstands this attack may fall to a "
            "better one."
        )
        elsewhere.show(explaining, attacked)
    search.show(explaining, plan)


# ------------------------------------------------------------------ the attack


def _attacked(explaining: Explaining, plan: Plan, epsilon: float) -> "Attacked | None":
    """Return the attack, made now if it is not there and may take its time; None if it may not."""
    from cvexplore.robustness import ATTACKS, attack

    shelf = _shelf(explaining.subject, explaining.picture.fingerprint)
    asked = (plan, epsilon)
    if asked not in shelf:
        cost = ATTACKS.bind(plan.choice)().cost()
        seconds = known.speed(explaining).seconds(cost)
        key = f"attack.{explaining.key}.{explaining.picture.fingerprint}.{plan}.{epsilon:g}"
        if not may_begin(seconds, f"Attack by {plan.name}", key=key):
            return None

        def tell(done: int) -> None:
            move(done / cost.forwards, f"{plan.name}: {done} of {cost.forwards} passes")

        with stoppable(key, seconds) as move, in_turns(tell) as passes:
            question = explaining.asked(explaining.predictions[0].index).of(passes=passes)
            found = attack(question, plan.choice, epsilon, towards=plan.towards)
        while len(shelf) >= _MOST_KEPT:
            shelf.pop(next(iter(shelf)))
        shelf[asked] = found
    return shelf[asked]


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _shelf(subject: Subject, fingerprint: str) -> "dict[tuple[Plan, float], Attacked]":
    """Return where this session's attacks on one image are kept."""
    return {}


# ------------------------------------------------------------------ what it came to


def _pictures(explaining: Explaining, attacked: "Attacked") -> None:
    """Draw the image, the change, and the changed image, with the answers below."""
    before, after, _ = (each.tolist() for each in attacked.probabilities())
    first = [attacked.label_before]
    times = max(1, int(127.5 / attacked.distance)) if attacked.distance else 1
    original, change, changed = st.columns(3)
    with original:
        _picture(attacked.original[0], "The image", explaining.picture.name)
        answers.bars(explaining, before, first)
    with change:
        _picture(
            attacked.magnified(times)[0],
            f"The change, magnified {times} ×" if attacked.distance else "No change",
            f"What was added to each pixel, magnified {times} times; grey is no change",
        )
        st.caption("Grey: left as it was. Lighter or darker: moved up or down, in each colour.")
    with changed:
        words = "still" if not attacked.flipped else "now"
        label = explaining.label(attacked.label_after)
        _picture(
            attacked.adversarial[0], "The changed image", f"The changed image, {words} {label}"
        )
        answers.bars(explaining, after, [attacked.label_after])
        st.download_button(
            "PNG",
            png(_as_file(attacked)),
            f"{explaining.picture.name}_{attacked.method.name}_{attacked.epsilon:g}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            key="attack.png",
            help="As the network saw it, rounded to eight bits as every PNG is.",
        )


def _picture(pixels: object, title: str, alt: str) -> None:
    st.markdown(f"**{title}**")
    st.image(enlarged(as_picture(pixels.numpy()), SIDE), width="stretch", alt=alt)  # type: ignore[attr-defined]


def _as_file(attacked: "Attacked") -> "Image":
    return images.from_array(attacked.picture.numpy())


def _numbers(explaining: Explaining, attacked: "Attacked") -> None:
    before, after, saved = attacked.probabilities()
    own = attacked.label_before
    points = round(100 * (after[own] - before[own]).item(), 1)
    with st.grid(4, min_column_width=150, border=True):
        st.metric(
            "Answer",
            "flipped" if attacked.flipped else "stays",
            _aim(explaining, attacked),
            delta_color="off",
            delta_arrow="off",
        )
        st.metric(
            "Probability left",
            f"{after[own]:.1%}",
            f"{points:+.1f} points" if points else "as before",
            delta_color="normal" if points else "off",
            delta_arrow="auto" if points else "off",
            help=f"Of {plain(explaining.label(own))}, which the image was taken for.",
        )
        st.metric(
            "Largest change",
            f"{attacked.distance:.4g} / 255",
            f"in {attacked.passes} passes",
            delta_color="off",
            delta_arrow="off",
            help="Of all pixels and colours: the L∞ norm of the change; never more than epsilon.",
        )
        st.metric(
            "Saved as 8 bits",
            _saved(attacked),
            f"{plain(explaining.label(attacked.label_saved))} · {saved.max():.0%}",
            delta_color="off",
            delta_arrow="off",
            help="A picture file holds whole steps of 255, so a change of less than half a step is "
            "lost in it.",
        )


def _aim(explaining: Explaining, attacked: "Attacked") -> str:
    if attacked.towards is None:
        return plain(explaining.label(attacked.label_after))
    reached = "is" if attacked.succeeded else "is not"
    return f"{reached} {plain(explaining.label(attacked.towards))}"


def _saved(attacked: "Attacked") -> str:
    if not attacked.succeeded:
        return "flips" if attacked.label_saved != attacked.label_before else "stays"
    return "fooled" if attacked.survives else "undone"
