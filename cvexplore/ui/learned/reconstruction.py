"""What a masked autoencoder draws where it saw nothing."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import images
from cvexplore.ui.learned import Moment
from cvexplore.ui.messages import told
from cvexplore.ui.pictures import pick_picture

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.approaches.mae import Reconstruction

TITLE = "What it draws in place of what is hidden"

_SHOWN = 8  # validation pictures
_TILE = 84  # pixels
_OF_RUN, _OWN = "Validation pictures", "A picture of yours"


def show(moment: Moment) -> None:
    """Draw pictures, what the network saw of them, and what it drew, for a share that is hidden."""
    import torch

    approach: Any = moment.approach()  # an MAE, for no other shows this
    whose = st.segmented_control(
        "Pictures",
        [_OF_RUN, _OWN],
        default=_OF_RUN,
        required=True,
        key=moment.key("whose"),
        label_visibility="collapsed",
    )
    left, right = st.columns(2)
    ratio = left.slider(
        "Share that is hidden",
        min_value=0.05,
        max_value=0.95,
        value=min(0.95, max(0.05, round(approach.ratio, 2))),
        step=0.05,
        format="percent",
        key=moment.key("ratio"),
        help=f"It learned with {approach.ratio:.0%}, of {approach.patch_count} patches.",
    )
    seed = right.number_input(
        "Seed",
        min_value=0,
        max_value=9999,
        value=0,
        key=moment.key("seed"),
        help="Decides which patches are hidden.",
    )
    pictures = _validation(moment) if whose == _OF_RUN else _own(moment)
    found = approach.reconstruct(pictures, torch.Generator().manual_seed(int(seed)), ratio)
    _draw(pictures, found)
    _say(moment, pictures, found)
    if approach.normalised:
        st.caption(
            "It learned to draw patches without brightness and contrast: here those of the "
            "picture itself are lent to it, which makes it look better than it is."
        )


def _validation(moment: Moment) -> "Tensor":
    from cvexplore.training.datasets import evenly

    order = moment.order("validation")
    return moment.approach().drawn(order[evenly(moment.dataset.labels[order], _SHOWN)]).images


def _own(moment: Moment) -> "Tensor":
    approach = moment.approach()
    with told():
        chosen = pick_picture(key=moment.key("own"), trained_on=moment.dataset)
    return approach.pictured(images.prepare(chosen.image, approach.preparation)).clamp(0, 1)


def _draw(pictures: "Tensor", found: "Reconstruction") -> None:
    from cvexplore.figures.sheet import mosaic

    tile = _TILE if len(pictures) > 1 else 3 * _TILE
    rows = (
        ("The picture" if len(pictures) == 1 else "The pictures", pictures),
        ("What the network saw", found.masked),
        ("What it drew", found.drawn),
    )
    places = st.columns(3) if len(pictures) == 1 else [st.container() for _ in rows]
    for place, (said, values) in zip(places, rows, strict=True):
        shown = values.mul(255).round().byte().numpy()
        with place:
            st.markdown(f"**{said}**")
            st.image(mosaic(shown, columns=len(shown), tile=tile))


def _say(moment: Moment, pictures: "Tensor", found: "Reconstruction") -> None:
    """Compare the error with that of an answer that needs no network."""
    known = moment.dataset.images[moment.order("train")].float().mean(0) / 255
    hidden = found.hidden.expand_as(pictures)
    plain = (pictures - known).square()[hidden].mean().item()
    st.caption(
        f"Of the hidden pixels, the mean squared error is {found.error.mean().item():.3f}; the "
        f"mean of all training pictures, put there instead, would have {plain:.3f}."
    )
