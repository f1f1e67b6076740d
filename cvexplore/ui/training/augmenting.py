"""The choice of augmentations, with a look at what they make of the data set's own pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures, kind
from cvexplore.ui import cached
from cvexplore.ui.form import option_form
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.datasets import Dataset

KINDS = ("geometric", "photometric", "occlusion", "mixing", "policies")

READY = {  # sets that suit most pictures of a sort
    "Digits": (Choice("affine"),),
    "Photos": (Choice("horizontal_flip"), Choice("crop"), Choice("colour")),
    "None": (),
}

_SHOWN = 8  # pictures in the preview
_DRAWN, _WIDE = 112, 88  # pixels of a preview's picture, as drawn and as shown
_HELP = (
    "They are made one after the other, in this order, anew for every picture and every epoch. "
    "Pictures that are measured on stay as they are."
)


@dataclass(frozen=True)
class Preview:
    """A few pictures as they are and as a run would see them.

    Args:
        pictures: a PNG each, the original above.
        captions: what each shows; of mixed ones, both classes and their shares.
    """

    pictures: tuple[bytes, ...]
    captions: tuple[str, ...]


def pick_augmentations(
    dataset: "Dataset", *, key: str, start: Sequence[Choice] = (), strength: float = 1.0
) -> tuple[Choice, ...]:
    """Draw the choice of augmentations, their options, and a preview.

    Args:
        dataset: whose pictures are shown.
        key: tells the widgets of several forms apart.
        start: what is chosen at first.
        strength: of the run, from 0 to 1.
    """
    begun = {each.name: each for each in start}
    st.session_state.setdefault(f"{key}.names", list(begun))
    with st.container(horizontal=True, vertical_alignment="center"):
        for title, choices in READY.items():
            st.button(
                title,
                key=f"{key}.ready.{title}",
                on_click=_take,
                args=(key, [each.name for each in choices]),
                help=_named(choices),
                type="tertiary",
            )
    names = st.multiselect(
        "Augmentation",
        _ordered(),
        key=f"{key}.names",
        format_func=_label,
        placeholder="None: each picture as it is",
        help=_HELP,
        wrap=True,
    )
    chosen = tuple(_with_options(name, begun.get(name), key) for name in names)
    if hint := _hint(chosen):
        st.info(hint, icon=":material/info:")
    if chosen:
        _show_preview(dataset, chosen, strength, key)
    return chosen


def _take(key: str, names: list[str]) -> None:
    st.session_state[f"{key}.names"] = names


def _ordered() -> list[str]:
    """Return all names, kind by kind."""
    return sorted(AUGMENTATIONS, key=lambda name: (KINDS.index(kind(name)), name))


def _label(name: str) -> str:
    return f"{_words(name)} ({kind(name)})"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _named(choices: Sequence[Choice]) -> str:
    return ", ".join(_words(each.name) for each in choices) or "Each picture as it is"


def _with_options(name: str, begun: Choice | None, key: str) -> Choice:
    """Draw one augmentation's options, folded away."""
    options = AUGMENTATIONS.options(name)
    if not options:
        return Choice(name)
    with st.expander(_words(name).capitalize()):
        st.caption(AUGMENTATIONS.summary(name))
        start = begun.options if begun else None
        return Choice(name, option_form(options, key=f"{key}.{name}", start=start))


def _hint(chosen: Sequence[Choice]) -> str:
    """Return what to know about two mixings in a row; empty where there is nothing."""
    mixing = [each for each in chosen if kind(each.name) == "mixing"]
    if len(mixing) < 2 or mixing[0].options.get("share", 1.0) < 1:
        return ""
    first, second = (_words(each.name) for each in mixing[:2])
    return (
        f"A picture is mixed once, and {first} mixes all of them: lower its share, so that some "
        f"are left for {second}."
    )


@st.fragment
def _show_preview(
    dataset: "Dataset", chosen: tuple[Choice, ...], strength: float, key: str
) -> None:
    """Draw the preview, and a button to draw the random numbers anew."""
    draws = st.session_state.setdefault(f"{key}.draws", 0)
    with st.spinner("Drawing…"):
        shown = preview(dataset, chosen, strength, seed=draws)
    st.image(
        list(shown.pictures),
        caption=[plain(each) for each in shown.captions],
        width=_WIDE,
        alt=[f"{each}: the original above, augmented below" for each in shown.captions],
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Draw again",
            icon=":material/casino:",
            key=f"{key}.again",
            on_click=_draw_again,
            args=(key,),
            help="Other random numbers on the same pictures",
        )
        st.caption(f"Originals above, augmented below, at a strength of {strength:g}.")


def _draw_again(key: str) -> None:
    st.session_state[f"{key}.draws"] += 1


def preview(dataset: "Dataset", chosen: Sequence[Choice], strength: float, *, seed: int) -> Preview:
    """Return some pictures of different classes as they are, and as a run would see them."""
    import torch

    from cvexplore.figures.augmentation import before_and_after

    rows = -(-_SHOWN // max(1, min(10, len(dataset.classes))))
    picked = torch.tensor(_some_of_each(dataset, rows)[:_SHOWN])
    images = dataset.images[picked].float().div_(255)
    pictures = Pictures(images, dataset.labels[picked])
    random = torch.Generator().manual_seed(seed)
    with cached.one_draws:  # torchvision's policies draw from the one generator of all threads
        for choice in chosen:
            pictures = AUGMENTATIONS.bind(choice)(pictures, random, strength)
    drawn = before_and_after(images.numpy(), pictures.images.numpy(), side=_DRAWN)
    return Preview(drawn, tuple(captions(pictures, dataset.classes)))


def _some_of_each(dataset: "Dataset", rows: int) -> list[int]:
    """Return indices of pictures, the classes in turn; a class may have fewer than the others."""
    labels: Tensor = dataset.labels
    members = [
        (labels == each).nonzero()[:rows, 0].tolist() for each in range(len(dataset.classes))
    ]
    return [of_class[row] for row in range(rows) for of_class in members if row < len(of_class)]


def captions(pictures: Pictures, classes: tuple[str, ...]) -> list[str]:
    """Return what each picture shows: "7", or "7 0.63 + 2 0.37" where two are mixed."""
    labels = [classes[index] for index in pictures.labels.tolist()]
    if pictures.others is None or pictures.shares is None:
        return labels
    others = [classes[index] for index in pictures.others.tolist()]
    return [
        label if share == 1 else f"{label} {share:.2f} + {other} {1 - share:.2f}"
        for label, other, share in zip(labels, others, pictures.shares.tolist(), strict=True)
    ]
