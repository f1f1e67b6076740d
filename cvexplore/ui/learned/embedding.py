"""Which pictures lie near each other in the features of a moment."""

import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.ui.components.picture_map import picture_map
from cvexplore.ui.learned import Moment
from cvexplore.ui.robustness.waiting import stoppable
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from cvexplore.interpret.planes import Plane

TITLE = "What lies near what"

_MOST = 600  # points
_AT_ONCE = 40  # pictures between two moves of the bar
_NEIGHBOURS = 8
_MOMENTS = 24  # of all runs, whose features and maps are kept
_TSNE_SECONDS = 2.0  # of 600 points, on a processor with nothing else to do
_FLAT, _NEAR = "Flat view (PCA)", "Neighbourhoods (t-SNE)"


@st.cache_resource(max_entries=_MOMENTS, show_spinner=False)
def _kept(run_id: str, step: int) -> dict[str, Any]:
    """Return where what was found of a moment is kept, for all sessions."""
    return {}


def show(moment: Moment) -> None:
    """Draw validation pictures as points, and those nearest to the one that is selected."""
    from cvexplore.training.datasets import evenly

    order, dataset = moment.order("validation"), moment.dataset
    order = order[evenly(dataset.labels[order], _MOST)]
    way = st.segmented_control(
        "Map",
        [_FLAT, _NEAR],
        default=_FLAT,
        required=True,
        key=moment.key("map"),
        label_visibility="collapsed",
    )
    features = _features(moment, order)
    plane = _plane(moment, features, way)
    labels = dataset.labels[order].tolist()
    names = [plain(each) for each in dataset.classes]
    left, right = st.columns([3, 1])
    with left:
        chosen = picture_map(
            plane.points,
            classes=labels,
            names=dataset.classes,
            captions=[dataset.classes[label] for label in labels],
            sprites=_sprites(moment, order),
            key=moment.key("points"),
            alt=f"{len(order)} pictures as points, coloured by their class",
        )
    with right:
        _neighbours(moment, order, features, chosen, names)
    st.caption(_said(plane, len(order)))


def _said(plane: "Plane", count: int) -> str:
    if plane.kept is None:
        return (
            f"{count:,} validation pictures, none of which was learned from. t-SNE keeps "
            "neighbours together; how far groups are apart, and how large they are, means nothing."
        )
    return (
        f"{count:,} validation pictures, none of which was learned from, by the two directions in "
        f"which their features vary most: {plane.kept:.0%} of all they vary. What overlaps here "
        "may be apart in other directions."
    )


def _features(moment: Moment, order: "Tensor") -> "np.ndarray":
    """Return what comes into the head for these pictures. Shape: (N,) -> (N, D)"""
    import torch

    kept = _kept(moment.run.id, moment.step)
    if "features" not in kept:
        approach = moment.approach()
        parts = order.split(_AT_ONCE)
        began = time.perf_counter()
        found = [approach_features(approach, parts[0])]
        seconds = (time.perf_counter() - began) * len(parts)
        with stoppable(moment.key("features"), seconds) as move:
            for done, part in enumerate(parts[1:], start=1):
                move(done / len(parts), f"{done * _AT_ONCE:,} of {len(order):,} pictures")
                found.append(approach_features(approach, part))
        kept["features"] = torch.cat(found).double().numpy()
    return kept["features"]


def approach_features(approach: Any, chosen: "Tensor") -> "Tensor":
    """Return the features of these pictures of the data set as they are."""
    import torch

    with torch.inference_mode():
        return approach.features(approach.prepared(approach.drawn(chosen).images))


def _plane(moment: Moment, features: "np.ndarray", way: str) -> "Plane":
    from cvexplore.interpret import planes

    kept = _kept(moment.run.id, moment.step)
    if way not in kept:
        if way == _FLAT:
            kept[way] = planes.principal(features)
        else:
            seconds = _TSNE_SECONDS * len(features) / _MOST
            with stoppable(moment.key("tsne"), seconds) as move:
                kept[way] = planes.neighbourly(features, lambda share: move(share, "t-SNE"))
    return kept[way]


def _sprites(moment: Moment, order: "Tensor") -> Any:
    from cvexplore.figures.sprites import sprites

    kept = _kept(moment.run.id, moment.step)
    if "sprites" not in kept:
        kept["sprites"] = sprites(moment.dataset.images[order].numpy())
    return kept["sprites"]


def _neighbours(
    moment: Moment,
    order: "Tensor",
    features: "np.ndarray",
    chosen: int | None,
    names: list[str],
) -> None:
    """Draw the pictures whose features are most like the selected one's, by the cosine."""
    from cvexplore.figures.sheet import mosaic
    from cvexplore.interpret.planes import alike

    if chosen is None:
        st.caption("Click a point: the pictures most like it, in all features, come here.")
        return
    nearest = alike(features, chosen, _NEIGHBOURS)
    labels = moment.dataset.labels[order]
    images = moment.dataset.images[order].numpy()
    mine = int(labels[chosen])
    same = int((labels[nearest] == mine).sum())
    st.markdown(f"**{names[mine]}**")
    st.image(mosaic(images[[chosen]], columns=1, tile=96))
    st.caption(f"Most like it: {same} of {len(nearest)} are of its class.")
    st.image(mosaic(images[nearest], columns=4))
    st.caption(", ".join(names[int(label)] for label in labels[nearest]))
