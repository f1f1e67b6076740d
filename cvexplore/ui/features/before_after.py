"""What a classifier says before and after something was changed."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.ui.features import Looking

if TYPE_CHECKING:
    from torch import Tensor

_MOST = 6  # classes: the likeliest before, and at least half as many of those after


def square(looking: Looking) -> "Tensor":
    """Return what the network sees, before its values are normalised.

    Shape: (1, C, H, W), 0..1
    """
    from torchvision.transforms.v2 import functional as transforms

    seen = looking.square
    return transforms.pil_to_tensor(seen)[None].float() / 255


def likeliest(looking: Looking, output: Any) -> str:
    """Return the name of the class that an output finds likeliest."""
    return _name(looking, int(output[0].argmax()))


def classes(looking: Looking, before: Any, after: Any, *, key: str) -> None:
    """Draw the likeliest classes before and after, with both probabilities.

    Shape: (1, classes), scores before softmax
    """
    old, new = before[0].float().softmax(0), after[0].float().softmax(0)
    first, then = (each.argsort(descending=True).tolist()[:_MOST] for each in (old, new))
    half = _MOST // 2
    shown = list(dict.fromkeys([*first[:half], *then[:half], *first]))[:_MOST]
    bar = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    st.dataframe(
        {
            "Class": [_name(looking, index) for index in shown],
            "Before": [old[index].item() for index in shown],
            "After": [new[index].item() for index in shown],
        },
        column_config={"Before": bar, "After": bar},
        height="content",
        hide_index=True,
        key=key,
        alt="The likeliest classes before and after",
    )


def _name(looking: Looking, index: int) -> str:
    labels = catalog.labels(looking.subject.name, looking.subject.weights)
    return labels[index] if index < len(labels) else f"class {index}"
