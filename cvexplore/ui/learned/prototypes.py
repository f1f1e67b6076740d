"""What a network sorts pictures by when nobody names anything: its prototypes."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.learned import Moment
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "Prototypes: what it sorts pictures by"

_MEASURED = 500  # pictures that are sorted
_ROWS = 8  # prototypes on the page
_SHOWN = 8  # pictures of each


def show(moment: Moment) -> None:
    """Draw the prototypes that most pictures are nearest to, with those nearest to each."""
    import torch

    from cvexplore.training.approaches.dino import Dino
    from cvexplore.training.datasets import evenly

    approach = moment.approach()
    assert isinstance(approach, Dino)
    order = moment.order("validation")
    chosen = order[evenly(moment.dataset.labels[order], _MEASURED)]
    with torch.inference_mode():
        alike = approach.projection(approach.features_of(chosen)).cpu()
    nearest = alike.argmax(1)
    counts = nearest.bincount(minlength=alike.shape[1])
    used = int((counts > 0).sum())
    st.caption(
        f"{len(chosen)} validation pictures go to {used} of {len(counts)} prototypes. Below are "
        f"the {min(_ROWS, used)} that most go to, each with the pictures it fits best. No label "
        "was learned from; how far a row is of one class is what the network found by itself."
    )
    for prototype in counts.argsort(descending=True)[: min(_ROWS, used)].tolist():
        mine = (nearest == prototype).nonzero()[:, 0]
        best = mine[alike[mine, prototype].argsort(descending=True)[:_SHOWN]]
        _draw(moment, chosen[mine], chosen[best])


def _draw(moment: Moment, mine: "Tensor", best: "Tensor") -> None:
    from cvexplore.figures.marking import enlarged
    from cvexplore.figures.sheet import mosaic

    counts = moment.dataset.labels[mine].bincount()
    share, name = counts.max().item() / len(mine), moment.dataset.classes[int(counts.argmax())]
    said = f"{len(mine)} pictures, {share:.0%} of them {name}"
    words, pictures = st.columns([1, 4], vertical_alignment="center")
    words.markdown(plain(said))
    tiles = enlarged(moment.dataset.images[best].numpy(), 84)
    pictures.image(
        mosaic(tiles, columns=_SHOWN, tile=tiles.shape[-1]),
        alt=f"The pictures that fit a prototype best: {said}",
    )
