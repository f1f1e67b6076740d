"""What the teacher and the student say of some pictures, class by class."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.learned import Moment
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.approaches.distillation import Distillation

TITLE = "What the teacher says, and the student"

_ASKED = 256  # validation pictures, of which those are shown that say most
_SHOWN = 6


def show(moment: Moment) -> None:
    """Draw the pictures of which the teacher is least sure, with both networks' probabilities."""
    from cvexplore.figures.sheet import mosaic
    from cvexplore.figures.soft_targets import soft_targets
    from cvexplore.training.approaches.distillation import Distillation
    from cvexplore.training.datasets import evenly

    approach = moment.approach()
    assert isinstance(approach, Distillation)
    order = moment.order("validation")
    order = order[evenly(moment.dataset.labels[order], _ASKED)]
    taught, scores = _asked(approach, order)
    temperature = st.slider(
        "Temperature",
        1.0,
        20.0,
        approach.temperature,
        0.5,
        key=moment.key("temperature"),
        help="It softens both: scores are divided by it before they become probabilities.",
    )
    sure = taught.softmax(1).amax(1)
    chosen = sure.argsort()[:_SHOWN].tolist()
    names = moment.dataset.classes
    for place, column in zip(chosen, [*st.columns(2)] * _SHOWN, strict=False):
        teacher, student = (
            (each[place] / temperature).softmax(0).tolist() for each in (taught, scores)
        )
        label = names[int(moment.dataset.labels[order[place]])]
        with column.container(border=True):
            picture, bars = st.columns([1, 4], vertical_alignment="center")
            images = moment.dataset.images[order[[place]]].numpy()
            picture.image(mosaic(images, columns=1, tile=64), alt=f"A picture of {label}")
            picture.caption(plain(label))
            bars.plotly_chart(
                soft_targets(teacher, student, names),
                key=moment.key(f"bars{place}"),
                alt=f"Probabilities of each class for a picture of {label}",
            )
    agreed = (taught.argmax(1) == scores.argmax(1)).double().mean()
    st.caption(
        f"Of {len(order)} validation pictures, those of which the teacher is least sure. Both say "
        f"the same class of {agreed:.1%} of all."
    )


def _asked(approach: "Distillation", order: "Tensor") -> "tuple[Tensor, Tensor]":
    """Return the teacher's and the student's scores. Shape: (N,) -> (N, classes) twice"""
    import torch

    with torch.inference_mode():
        answers = [
            (approach.taught(batch.images), approach(batch.images))
            for batch in approach.batches(order, 64)
        ]
    taught, scores = zip(*answers, strict=True)
    return torch.cat(taught).cpu(), torch.cat(scores).cpu()
