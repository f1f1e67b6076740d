"""Does it fool others too: the changed image, shown to a network that it was not made for."""

import hashlib
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog, images
from cvexplore.checkpoints import checkpoints
from cvexplore.runs import RunStore
from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining
from cvexplore.ui.cached import Subject, frozen
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.interpret.predictions import Prediction
    from cvexplore.robustness import Attacked


def show(explaining: Explaining, attacked: "Attacked") -> None:
    """Draw what another network of the same classes says, where there is one."""
    others = knowing_the_same(explaining)
    if not others:
        return
    other = st.selectbox(
        "Does it fool another network too?",
        [None, *others],
        format_func=lambda each: (
            "choose one that knows the same classes" if not each else _name(each)
        ),
        key=f"elsewhere.{explaining.key}",
        width=380,
    )
    if other is None:
        return
    before = _says(other, explaining.square)
    after = _says(other, images.from_array(attacked.picture.numpy()))
    fooled = after.index != before.index
    with st.grid(3, min_column_width=150, border=True):
        for title, said in (("The image", before), ("The changed image", after)):
            st.metric(title, plain(said.label), f"{said.probability:.1%}", "off", delta_arrow="off")
        st.metric("The other network", "fooled too" if fooled else "not fooled")
    st.caption(
        f"{plain(_name(other))} was given both as 8-bit pictures, resized to the "
        f"{cached.preparation(other).image_size} pixels it takes. Nothing in the change was made "
        "for it."
    )


def knowing_the_same(explaining: Explaining) -> list[Subject]:
    """Return the trained networks that are here, other than this, with the same classes."""
    bundled = [(each.architecture, "bundled") for each in checkpoints()]
    runs = [
        (run.config.architecture, f"run:{run.id}")
        for run in RunStore().runs()
        if run.state == "finished"
    ]
    return [
        Subject(name, weights, frozen(dict(catalog.origin_options(name, weights))))
        for name, weights in (*bundled, *runs)
        if (name, weights) != (explaining.subject.name, explaining.subject.weights)
        and catalog.find(name).task == "classification"
        and catalog.labels(name, weights) == explaining.labels
    ]


def _says(subject: Subject, picture: "Image") -> "Prediction":
    fingerprint = hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest()
    answer = cached.answered(subject, picture, fingerprint)
    assert isinstance(answer, tuple)
    return answer[0]


def _name(subject: Subject) -> str:
    return f"{subject.name} · {subject.weights}"
