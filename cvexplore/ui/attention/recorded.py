"""What the Attention page records once and shares among its views.

Where tokens lie belongs to a network and is everybody's; what an image made of it stays in the
session of the person whose image it is.
"""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject, two_at_once

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from cvexplore.attention import AttentionLayer, Locations, Recording

SESSION_CAP = 192 * 2**20
"""Bytes of weights that a session keeps of one image; what is beyond is recorded when asked for."""


@st.cache_resource(max_entries=24, show_spinner="Finding where its tokens lie…")
def located(subject: Subject) -> "Locations":
    """Return where the tokens of each of a network's attentions lie."""
    import torch

    from cvexplore.attention import locate

    (example,) = catalog.example(subject.name, **dict(subject.options))
    with two_at_once:
        return locate(cached.network(subject), torch.zeros(example.shape))


@st.cache_resource(max_entries=2, scope="session", show_spinner="Recording its attention…")
def whole(subject: Subject, _image: "Image", fingerprint: str) -> "Recording":
    """Return the attention of all layers that ``SESSION_CAP`` leaves room for."""
    from cvexplore.attention import record

    with two_at_once:
        return record(
            cached.network(subject),
            prepared(subject, _image),
            locations=located(subject),
            cap=SESSION_CAP,
        )


@st.cache_resource(max_entries=2, scope="session", show_spinner="Recording its attention…")
def _alone(
    subject: Subject, _image: "Image", fingerprint: str, layer: str, with_products: bool
) -> "AttentionLayer":
    from cvexplore.attention import record

    with two_at_once:
        recording = record(
            cached.network(subject),
            prepared(subject, _image),
            locations=located(subject),
            layers=[layer],
            with_products=with_products,
        )
    return recording.layer(layer)


def layer(
    subject: Subject, image: "Image", fingerprint: str, layer: str, *, with_products: bool = False
) -> "AttentionLayer":
    """Return one layer's attention, recorded alone where the cap left it out or more is asked."""
    if not with_products:
        recording = whole(subject, image, fingerprint)
        if layer not in recording.left_out:
            return recording.layer(layer)
    return _alone(subject, image, fingerprint, layer, with_products)


def prepared(subject: Subject, image: "Image") -> "Tensor":
    """Return an image as the network takes it; a network for clips sees a clip that stands still.

    Shape: (1, C, H, W), or (1, C, T, H, W)
    """
    from cvexplore import images

    tensor = images.prepare(image, cached.preparation(subject))
    (example,) = catalog.example(subject.name, **dict(subject.options))
    return images.still_clip(tensor, example.shape[2]) if example.dim() == 5 else tensor
