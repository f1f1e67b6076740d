"""Which way up a network takes pictures to be, and of which classes it cannot tell."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.learned import Moment

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.approaches.rotation import Rotation

TITLE = "Turns: which way up is it?"

_SHOWN = 8  # pictures, each in all turns
_MEASURED = 400  # of which the classes' shares are told
_AT_ONCE = 64
_NAMES = ("Upright", "A quarter turn", "Half a turn", "Three quarters")


def show(moment: Moment) -> None:
    """Draw pictures in all four turns, framed by whether each was told right."""
    from cvexplore.training.approaches.rotation import Rotation
    from cvexplore.training.datasets import evenly

    approach = moment.approach()
    assert isinstance(approach, Rotation)
    order = moment.order("validation")
    labels = moment.dataset.labels[order]
    chosen = order[evenly(labels, _MEASURED)]
    right = _right(approach, chosen)
    shown = evenly(moment.dataset.labels[chosen], _SHOWN)
    left, aside = st.columns([3, 2], gap="large")
    with left:
        _draw(approach, chosen[shown], right[:, shown])
    with aside:
        _by_class(moment, chosen, right)


def _right(approach: "Rotation", chosen: "Tensor") -> "Tensor":
    """Return whether each picture's turns are told right. Shape: (N,) -> (4, N), bool"""
    import torch

    from cvexplore.training.approaches.rotation import QUARTERS, all_turns

    parts = []
    with torch.inference_mode():
        for part in chosen.split(_AT_ONCE):
            turned, quarters = all_turns(approach.drawn(part).images)
            told = approach.turns(approach.features(approach.prepared(turned))).argmax(1)
            parts.append((told == quarters).reshape(QUARTERS, len(part)).cpu())
    return torch.cat(parts, 1)


def _draw(approach: "Rotation", shown: "Tensor", right: "Tensor") -> None:
    from cvexplore.figures.episode import marked
    from cvexplore.figures.sheet import mosaic
    from cvexplore.training.approaches.rotation import all_turns

    turned = all_turns(approach.dataset.images[shown])[0].numpy()
    pictures = marked(turned, right.flatten().numpy())
    for name, part in zip(
        _NAMES, pictures.reshape(len(_NAMES), -1, *pictures.shape[1:]), strict=True
    ):
        st.caption(name)
        st.image(
            mosaic(part, columns=len(part), tile=part.shape[-1]),
            width="stretch",
            alt=f"{name}: {len(part)} pictures, framed by whether the turn was told right",
        )
    st.caption("Green frames: the turn is told right. Red ones: it is taken for another.")


def _by_class(moment: Moment, chosen: "Tensor", right: "Tensor") -> None:
    labels = moment.dataset.labels[chosen]
    shares = {
        name: right[:, labels == index].double().mean().item()
        for index, name in enumerate(moment.dataset.classes)
        if (labels == index).any()
    }
    rows = sorted(shares.items(), key=lambda each: each[1])
    st.dataframe(
        [{"Class": name, "Turns told right": share} for name, share in rows],
        column_config={
            "Turns told right": st.column_config.ProgressColumn(
                format="percent", min_value=0.0, max_value=1.0
            )
        },
        hide_index=True,
        key=moment.key("turns"),
        alt="Share of turns told right, by class",
    )
    st.caption(
        f"Of {len(chosen)} validation pictures in all four turns; a guess would be right in a "
        "quarter. What looks the same when it is turned cannot be told, and teaches nothing."
    )
