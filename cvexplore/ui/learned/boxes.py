"""What a detector finds, beside what is there."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui.learned import Moment

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from cvexplore.training.approaches import Approach
    from cvexplore.training.datasets import Objects

TITLE = "Boxes: what is there, and what the network finds"

_SHOWN = 8  # pictures on the page
_MEASURED = 256  # of which the precision is told
_SIDE = 224  # pixels of a picture on the page


def show(moment: Moment) -> None:
    """Draw pictures with their true boxes and those the network is sure of."""
    import torch

    from cvexplore.figures.marking import legend
    from cvexplore.training.average_precision import average_precision

    dataset, approach = moment.dataset, moment.approach()
    chosen = moment.order("validation")[:_MEASURED]
    with torch.inference_mode():
        logits, boxes = _answers(approach, chosen)
    objects = dataset.objects
    assert objects is not None  # the approach learns from no data without them
    precision = average_precision(logits, boxes, objects.of(chosen))
    said = ["not there" if each != each else f"{100 * each:.0f} %" for each in precision.tolist()]
    st.html(legend(dataset.classes, said))
    st.caption(
        f"Average precision of each class on {len(chosen)} validation pictures, a box being right "
        "from half its overlap on (AP50), each object found once. Mean: "
        f"**{100 * float(precision.nanmean()):.0f} %**."
    )
    left, right = st.columns(2)
    least = left.slider(
        "Boxes the network is at least so sure of",
        0.0,
        1.0,
        0.5,
        step=0.05,
        format="percent",
        key=moment.key("least"),
    )
    first = right.slider(
        "Pictures from",
        1,
        max(2, len(chosen) - _SHOWN + 1),
        step=_SHOWN,
        key=moment.key("first"),
        disabled=len(chosen) <= _SHOWN,
    )
    part = slice(first - 1, first - 1 + _SHOWN)
    _draw(moment, chosen[part], logits[part], boxes[part], least)


def _answers(approach: "Approach", chosen: "Tensor") -> "tuple[Tensor, Tensor]":
    """Return each query's scores and box. Shape: (N,) -> (N, Q, classes + 1) and (N, Q, 4)"""
    import torch

    found = [approach(each.images) for each in approach.batches(chosen, 64)]
    logits, boxes = ([each[name].cpu() for each in found] for name in ("logits", "boxes"))
    return torch.cat(logits), torch.cat(boxes)


def _draw(
    moment: Moment, chosen: "Tensor", logits: "Tensor", boxes: "Tensor", least: float
) -> None:
    from cvexplore.figures.marking import enlarged, with_boxes
    from cvexplore.figures.sheet import mosaic

    pictures = enlarged(moment.dataset.images[chosen].numpy(), _SIDE)
    scores, named = logits.softmax(-1)[..., :-1].max(-1)
    sure = named.masked_fill(scores < least, -1)
    assert moment.dataset.objects is not None
    there: Objects = moment.dataset.objects.of(chosen)
    rows: dict[str, np.ndarray] = {
        "what is there": with_boxes(
            pictures, list(there.boxes.numpy()), list(there.labels.numpy())
        ),
        "what the network finds": with_boxes(pictures, list(boxes.numpy()), list(sure.numpy())),
    }
    for name, row in rows.items():
        st.markdown(f"**{name.capitalize()}**")
        st.image(
            mosaic(row, columns=_SHOWN // 2, tile=row.shape[-1]),
            width="stretch",
            alt=f"{len(row)} validation pictures with the boxes of {name}",
        )
    st.caption(f"{int((sure >= 0).sum())} boxes for {int((there.labels >= 0).sum())} objects.")
