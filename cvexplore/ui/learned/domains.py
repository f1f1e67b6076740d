"""Pictures of both domains on one map, at the run's first moment and at this one."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.runs.learned import moments
from cvexplore.ui.learned import Moment
from cvexplore.ui.robustness.waiting import stoppable
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from cvexplore.training.domains import Adaptation

TITLE = "Two domains, one set of features"

_MOST = 250  # points of a domain
_AT_ONCE = 50  # pictures between two moves of the bar
_MOMENTS = 24  # of all runs, whose features are kept


@st.cache_resource(max_entries=_MOMENTS, show_spinner=False)
def _kept(run_id: str, step: int) -> dict[str, Any]:
    """Return where what was found of a moment is kept, for all sessions."""
    return {}


def show(moment: Moment) -> None:
    """Draw both maps, and how good the network is in each domain."""
    from cvexplore.training.domains import AXIS

    axis = moment.dataset.axes[AXIS]
    source, target = (plain(each) for each in axis.names)
    first = Moment(moment.run, moment.store, moments(moment.store, moment.run)[0])
    both = [first] if first.step == moment.step else [first, moment]
    for place, (column, each) in enumerate(zip(st.columns(len(both)), both, strict=True)):
        with column:
            _draw(each, (source, target), place)
    st.caption(
        f"Discs are {source}, crosses {target}: pictures that nothing learned from, by the two "
        "directions in which the features of both vary most. Where adapting works, crosses lie on "
        "the discs of their colour; a click on a class in the legend hides it."
    )


def _draw(moment: Moment, names: tuple[str, str], place: int) -> None:
    import numpy as np

    from cvexplore.figures.domains import two_domains
    from cvexplore.interpret.planes import principal

    approach: Any = moment.approach()
    orders = _shown(approach)
    features, right = _answers(moment, approach, orders)
    labels = moment.dataset.labels[np.concatenate(orders)].tolist()
    target = np.repeat([False, True], [len(each) for each in orders])
    st.markdown(f"**After {moment.step:,} steps**")
    for column, name, is_right in zip(
        st.columns(2), names, (right[~target], right[target]), strict=True
    ):
        column.metric(f"Right on {name}", f"{is_right.mean():.1%}", border=True)
    st.plotly_chart(
        two_domains(
            principal(features).points,
            labels,
            target.tolist(),
            classes=moment.dataset.classes,
            domains=names,
        ),
        key=moment.key(f"map{place}"),
        alt=f"Features of {names[0]} and {names[1]} after {moment.step:,} steps",
    )


def _shown(approach: "Adaptation") -> "Sequence[Tensor]":
    """Return pictures that were not learned from, of the source and of the target."""
    from cvexplore.training.datasets import evenly

    labels = approach.dataset.labels
    parts = (approach.at_home, approach.parts.validation)
    return [part[evenly(labels[part], _MOST)] for part in parts]


def _answers(
    moment: Moment, approach: "Adaptation", orders: "Sequence[Tensor]"
) -> "tuple[np.ndarray, np.ndarray]":
    """Return the features of these pictures, and which of them are named right. (N, D), (N,)"""
    import torch

    kept = _kept(moment.run.id, moment.step)
    if "features" not in kept:
        parts = torch.cat(list(orders)).split(_AT_ONCE)
        began = time.perf_counter()
        found = [_asked(approach, parts[0])]
        seconds = (time.perf_counter() - began) * len(parts)
        with stoppable(moment.key(f"features{moment.step}"), seconds) as move:
            for done, part in enumerate(parts[1:], start=1):
                move(done / len(parts), f"part {done} of {len(parts)}")
                found.append(_asked(approach, part))
        features, right = zip(*found, strict=True)
        kept["features"] = torch.cat(features).double().numpy(), torch.cat(right).numpy()
    return kept["features"]


def _asked(approach: "Adaptation", chosen: "Tensor") -> "tuple[Tensor, Tensor]":
    import torch

    with torch.inference_mode():
        pictures = approach.drawn(chosen)
        features, scores = approach.features_and_scores(approach.prepared(pictures.images))
        return features, scores.argmax(1) == pictures.labels
