"""What a segmenter says of each pixel, beside what is there."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.learned import Moment

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.approaches.segmentation import Segmentation

TITLE = "Masks: what is there, and what the network sees"

_SHOWN = 8  # pictures on the page
_MEASURED = 256  # of which the overlap is told


def show(moment: Moment) -> None:
    """Draw pictures, their true masks and the network's, and each class's overlap."""
    import torch

    from cvexplore.figures.marking import legend
    from cvexplore.training.approaches.segmentation import Segmentation
    from cvexplore.training.datasets import evenly

    approach = moment.approach()
    assert isinstance(approach, Segmentation)
    order = moment.order("validation")
    chosen = order[evenly(moment.dataset.labels[order], _MEASURED)]
    with torch.inference_mode():
        told = _told(approach, chosen)
    true = _true(moment, chosen)
    overlaps = _overlaps(told, true, len(approach.names))
    mean = [each for each in overlaps if not math.isnan(each)]
    st.html(legend(moment.dataset.classes, [_percent(each) for each in overlaps[1:]]))
    st.caption(
        f"Intersection over union of each class on {len(chosen)} validation pictures; the ground, "
        f"which stays clear, has {_percent(overlaps[0])}. Mean of all: "
        f"**{_percent(sum(mean) / len(mean))}**."
    )
    first = st.slider(
        "Pictures from",
        1,
        max(2, len(chosen) - _SHOWN + 1),
        step=_SHOWN,
        key=moment.key("first"),
        disabled=len(chosen) <= _SHOWN,
    )
    part = slice(first - 1, first - 1 + _SHOWN)
    _draw(moment.dataset.images[chosen[part]], true[part], told[part])


def _told(approach: "Segmentation", chosen: "Tensor") -> "Tensor":
    """Return the likeliest kind of each pixel. Shape: (N,) -> (N, H, W)"""
    import torch

    parts = approach.batches(chosen, 64)
    return torch.cat([approach.pixels(each.images).argmax(1).cpu() for each in parts])


def _true(moment: Moment, chosen: "Tensor") -> "Tensor":
    masks = moment.dataset.masks
    assert masks is not None  # the approach learns from no data without them
    return masks[chosen].long()


def _overlaps(told: "Tensor", true: "Tensor", kinds: int) -> list[float]:
    from cvexplore.training.pixel_scores import counted, overlaps

    return overlaps(counted(told, true, kinds).sum(0)).tolist()


def _draw(images: "Tensor", true: "Tensor", told: "Tensor") -> None:
    from cvexplore.figures.marking import enlarged, in_grey, with_masks
    from cvexplore.figures.sheet import mosaic

    pictures = enlarged(images.numpy())
    grey = in_grey(pictures)
    mistaken = told.where(told > 0, true).masked_fill(true == told, 0)
    wrong = with_masks(grey // 3, mistaken.numpy().astype("uint8"))
    rows = {
        "picture": pictures,
        "what is there": with_masks(grey, true.numpy().astype("uint8")),
        "what the network sees": with_masks(grey, told.numpy().astype("uint8")),
        "where it is wrong": wrong,
    }
    for name, row in rows.items():
        st.markdown(f"**{name.capitalize()}**")
        st.image(
            mosaic(row, columns=_SHOWN, tile=row.shape[-1]),
            width="stretch",
            alt=f"{len(row)} validation pictures: {name}",
        )
    st.caption("Wrong pixels have the colour of what is seen there; missed ones, of what is there.")


def _percent(share: float) -> str:
    return "not there" if math.isnan(share) else f"{100 * share:.0f} %"
