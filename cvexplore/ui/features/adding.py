"""What a residual block adds to its shortcut: x, F(x) and their sum, on one scale."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import images
from cvexplore.figures.experiments import on_one_scale
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from cvexplore.interpret.residual import Residual

_CHANNELS = 12  # the most active ones of the sum


@dataclass(frozen=True)
class _Added:
    """Maps of the shortcut, the branch and their sum. Shape: (C, H, W) each."""

    shortcut: "np.ndarray"
    branch: "np.ndarray"
    sum: "np.ndarray"


def show(looking: Looking, layer: str) -> None:
    """Draw what the last residual block inside a layer adds; nothing where there is none.

    Args:
        looking: what stands on the page.
        layer: the path of a block, or of a stage of blocks.
    """
    from cvexplore.interpret.channels import ordered
    from cvexplore.interpret.residual import residuals

    subject, picture = looking.subject, looking.picture
    sums = residuals(cached.traced(subject.name, subject.options), layer)
    if not sums:
        return
    last = sums[-1]
    block = last.sum[0].rpartition(".")[0]
    added = _added(subject, picture.image, picture.fingerprint, last)
    which = f", the last of {len(sums)} sums here" if len(sums) > 1 else ""
    st.markdown(f"**What {block} adds:** y = x + F(x){which}")
    channels = ordered(added.sum, "activity")[:_CHANNELS].tolist()
    channel = st.segmented_control(
        "Channel",
        channels,
        default=channels[0],
        required=True,
        key=f"adding.{subject.name}.{subject.weights}.{layer}.{picture.fingerprint}",
    )
    maps = [each[channel] for each in (added.shortcut, added.branch, added.sum)]
    words = (
        f"x, the shortcut, from {last.shortcut[0]}",
        f"F(x), what the block computes, from {last.branch[0]}",
        "y, their sum",
    )
    for column, drawn, said in zip(st.columns(3), on_one_scale(maps), words, strict=True):
        column.image(drawn, caption=said, width="stretch", alt=said)
    size = _length(added.branch) / max(_length(added.shortcut), 1e-12)
    st.caption(
        f"All three on one scale. Over all channels the block adds {size:.0%} of its shortcut's "
        "length (‖F(x)‖ / ‖x‖)."
    )


def _length(maps: "np.ndarray") -> float:
    import numpy as np

    return float(np.linalg.norm(maps))


@st.cache_data(max_entries=4, scope="session", show_spinner="Looking into the block…")
def _added(subject: Subject, _image: "Image", fingerprint: str, sum_: "Residual") -> _Added:
    from cvexplore.interpret.activations import as_maps, capture

    model = cached.network(subject)
    prepared = images.prepare(_image, cached.preparation(subject))
    with cached.two_at_once:
        seen = capture(model, prepared, list(dict.fromkeys(sum_.layers)))
    calls = (sum_.shortcut, sum_.branch, sum_.sum)
    return _Added(*(as_maps(seen, path, model, call).maps.numpy() for path, call in calls))
