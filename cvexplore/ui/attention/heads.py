"""All heads of the network in one picture: how far they look, how sharply, and at what."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.heads import heads_beside, heads_by_depth, heads_map
from cvexplore.ui import cached
from cvexplore.ui.attention import Attending, recorded, token_norms
from cvexplore.ui.attention.layers import chosen_key
from cvexplore.ui.attention.step_table import number
from cvexplore.ui.cached import Subject
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from cvexplore.attention import AttentionLayer
    from cvexplore.attention.measures import Measure, Setting

_CHART = "heads.map"


@dataclass(frozen=True)
class Measured:
    """One measure of all heads of a network.

    Args:
        layers: names of the layers that lie on the image.
        values: of each layer's heads.
        uniform: what attention to everything alike would have, a layer each.
    """

    layers: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    uniform: tuple[float, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no layer has anything of the kind."""
        return not any(_known(heads) for heads in self.values)


def show(attending: Attending) -> None:
    """Draw a measure over all layers and heads, and how alike the chosen layer's heads are."""
    from cvexplore.attention.measures import MEASURES

    by_name = {measure.name: measure for measure in MEASURES}
    chosen = by_name[
        st.pills(
            "Measure", list(by_name), default=MEASURES[0].name, required=True, key="heads.measure"
        )
    ]
    found = _measured(
        attending.subject, attending.picture.image, attending.picture.fingerprint, chosen.name
    )
    _explain(chosen)
    if not found.layers:
        st.info(
            "No attention of this network lies on the image, so there is nothing to measure. The "
            "view Look shows its matrices."
        )
    elif found.is_empty:
        st.info(f"Nothing to show: {_NOTHING.get(chosen.name, _NO_PLACE)}. Choose another measure.")
    else:
        _draw(attending, chosen, found)
    _beside(attending)
    token_norms.show(attending)
    _to_know(attending)


_NO_PLACE = "no query of this network has a place on the image"
_NOTHING = {
    "On the class token": "this network has no class token among its keys",
    "On registers": "this network has no registers among its keys",
    "On padding": "no window of this network is filled up at this size of image",
    "On itself": "queries and keys of this network lie on different grids",
}


def _explain(measure: "Measure") -> None:
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.latex(rf"\operatorname{{mean}}_{{i}}\; {measure.formula}")
    right.markdown(
        f"{measure.says}  \n:gray[It does not say {measure.does_not_say}  \n"
        f"Source: {measure.source}.]"
    )


def _draw(attending: Attending, measure: "Measure", found: Measured) -> None:
    flat = _known(value for heads in found.values for value in heads)
    uniform = _known(found.uniform)
    picked = found.layers.index(attending.layer) if attending.layer in found.layers else None
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(
            heads_map(
                found.values,
                found.layers,
                title=measure.name,
                unit=measure.unit,
                uniform=found.uniform,
                picked=picked,
            ),
            key=_CHART,
            on_select=lambda: _click(attending, found.layers),
            selection_mode="points",
            config={"displayModeBar": False},
            alt=f"{measure.name} of {len(flat)} heads in {len(found.layers)} layers, "
            f"from {min(flat):.3g} to {max(flat):.3g} {measure.unit}",
        )
        empty = " A row without squares has nothing of the kind." if _has_gaps(found) else ""
        st.caption(f"A row is a layer, a square a head. Click one to choose its layer.{empty}")
        _extremes(measure, found)
    with right:
        st.plotly_chart(
            heads_by_depth(
                found.values, found.layers, found.uniform, title=measure.name, unit=measure.unit
            ),
            config={"displayModeBar": False},
            alt=f"{measure.name} of each head over depth; uniform attention from "
            f"{min(uniform):.3g} to {max(uniform):.3g} {measure.unit}",
        )
        st.caption(
            "The line is a head that looks at all it can see alike: all of its window, less what a "
            "mask hides."
        )


def _has_gaps(found: Measured) -> bool:
    return not all(_known(heads) for heads in found.values)


def _extremes(measure: "Measure", found: Measured) -> None:
    """Name the heads at both ends."""
    heads = [
        (value, f"{layer}, head {head}")
        for layer, values in zip(found.layers, found.values, strict=True)
        for head, value in enumerate(values, 1)
        if not math.isnan(value)
    ]
    said = []
    for word, (value, name) in (("Lowest", min(heads)), ("Highest", max(heads))):
        amount = f"{value:.4g} {measure.unit}" if measure.unit else f"{value:.1%}"
        said.append(f"{word}: **{amount}**, {plain(name)}.")
    st.caption("  \n".join(said))


def _known(values: Iterable[float]) -> list[float]:
    """Return the values that are numbers: a layer that has nothing of the kind has none."""
    return [value for value in values if not math.isnan(value)]


def _click(attending: Attending, layers: tuple[str, ...]) -> None:
    """Choose the layer that was clicked in the page's own list."""
    for point in st.session_state[_CHART]["selection"]["points"]:
        st.session_state[chosen_key(attending.subject)] = layers[point["customdata"]]


# ------------------------------------------------------------------ heads beside each other


def _beside(attending: Attending) -> None:
    """Draw how alike the heads of the chosen layer are."""
    layer = attending.attention()
    if layer.kind != "spatial" or layer.heads < 2:
        return
    st.subheader(f"How differently the heads of {plain(layer.name)} look")
    apart = _differences(
        attending.subject, attending.picture.image, attending.picture.fingerprint, attending.layer
    )
    left, right = st.columns(2, gap="medium")
    pairs = [
        (apart[one, other], one + 1, other + 1)
        for one in range(len(apart))
        for other in range(one + 1, len(apart))
    ]
    (least, *alike), (most, *unlike) = min(pairs), max(pairs)
    with left:
        st.plotly_chart(
            heads_beside(apart),
            config={"displayModeBar": False},
            alt=f"Differences of {len(apart)} heads, from {least:.2f} to {most:.2f} bits",
        )
    with right:
        st.latex(
            r"\operatorname{mean}_i\; H\!\left(\tfrac{A_i+B_i}{2}\right)-\tfrac{H(A_i)+H(B_i)}{2}"
        )
        st.markdown(
            "The Jensen-Shannon divergence of the two heads' weights A and B: 0 bits where they "
            "are the same, 1 bit where they have no key in common.  \n"
            f"Most alike: heads {alike[0]} and {alike[1]}, **{number(least, 3)}** bits. "
            f"Most different: heads {unlike[0]} and {unlike[1]}, **{number(most, 3)}** bits.  \n"
            ":gray[It does not say whether heads do different things: the same weights may "
            "average other values.  \nSource: Clark et al. 2019, arXiv 1906.04341.]"
        )


def _to_know(attending: Attending) -> None:
    """Say what the numbers rest on, and name the layers that have none, and why."""
    from cvexplore.attention import KINDS

    recording = attending.all_attention()
    if attending.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: where a head is off the line it is by chance and by "
            "where tokens lie. Nothing here was learned."
        )
    if mixed := sum(each.applied is not None for each in recording.layers):
        st.caption(
            f"{mixed} of {len(recording.layers)} layers mix or gate their heads after the softmax: "
            "measured is the softmax."
        )
    reasons = {each.name: KINDS[each.kind] for each in recording.layers if each.kind != "spatial"}
    too_large = "too large for this session's memory beside the others"
    reasons |= dict.fromkeys(recording.left_out, too_large)
    for reason in dict.fromkeys(reasons.values()):
        names = [plain(name) for name, why in reasons.items() if why == reason]
        st.caption(f"Not measured, as it is {reason}: {', '.join(names)}.")


# ------------------------------------------------------------------ compute


@st.cache_data(max_entries=16, scope="session", show_spinner="Measuring all heads…")
def _measured(subject: Subject, _image: "Image", fingerprint: str, name: str) -> Measured:
    from cvexplore.attention.measures import MEASURES

    measure = next(each for each in MEASURES if each.name == name)
    recording = recorded.whole(subject, _image, fingerprint)
    layers = [each for each in recording.layers if each.kind == "spatial"]
    settings = [_setting(subject, each, recording.images) for each in layers]
    pairs = list(zip(layers, settings, strict=True))
    return Measured(
        tuple(each.name for each in layers),
        tuple(tuple(measure.of(*pair).tolist()) for pair in pairs),
        tuple(measure.uniform(*pair) for pair in pairs),
    )


def _setting(subject: Subject, layer: "AttentionLayer", images: tuple[int, ...]) -> "Setting":
    from cvexplore.attention.measures import Setting
    from cvexplore.attention.tokens import token_names

    names = token_names(cached.network(subject), layer.on_image.keys)
    return Setting((images[-2], images[-1]), class_token=names[:1] == ("class token",))


@st.cache_data(max_entries=8, scope="session", show_spinner="Comparing its heads…")
def _differences(subject: Subject, _image: "Image", fingerprint: str, name: str) -> "np.ndarray":
    from cvexplore.attention.measures import differences

    return differences(recorded.layer(subject, _image, fingerprint, name)).numpy()
