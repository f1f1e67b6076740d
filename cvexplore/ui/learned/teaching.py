"""Classes of one's own, taught by a few photos each, and a further photo answered."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import streamlit as st

from cvexplore import images
from cvexplore.errors import ImageError
from cvexplore.ui.learned import Moment
from cvexplore.ui.learned.episode import said
from cvexplore.ui.messages import told
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.images import Preparation
    from cvexplore.training.few_shot import FewShot

TITLE = "Teach it your own classes"

_LEAST, _MOST = 2, 5  # classes
_SHOTS = 5  # photos of each
_READ = 64  # photos of a session
_PHOTOS, _BUNDLED = "Your photos", "Pictures of the data set"


@dataclass(frozen=True)
class _Taught:
    """Classes with some pictures each, and one to name; all as the network takes them.

    Args:
        names: of the classes.
        shown: the pictures of each. Shape: (S, C, H, W)
        asked: the one to name, if it is there. Shape: (1, C, H, W)
    """

    names: list[str]
    shown: "list[Tensor]"
    asked: "Tensor | None"


def show(moment: Moment) -> None:
    """Let a person show a few pictures of two to five classes, and ask about another one."""
    approach = cast("FewShot", moment.approach())
    st.markdown(
        "Show it two to five classes, up to five pictures of each. Nothing is trained anew: "
        "it answers with what it learned from other classes."
    )
    source = st.segmented_control(
        "Pictures",
        [_PHOTOS, _BUNDLED],
        default=_PHOTOS,
        required=True,
        key=moment.key("teach.source"),
        label_visibility="collapsed",
    )
    with told():
        taught = _photos(moment, approach) if source == _PHOTOS else _bundled(moment, approach)
    if len(taught.names) < _LEAST:
        st.caption("Give two classes a picture each, or more.")
        return
    _draw_shown(approach, taught)
    if taught.asked is None:
        st.caption("Now a further picture, of any of them: it is answered here.")
        return
    _answer(moment, approach, taught)


# ------------------------------------------------------------------ photos


def _photos(moment: Moment, approach: "FewShot") -> _Taught:
    import torch

    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.number_input(
            "Classes", _LEAST, _MOST, _LEAST, key=moment.key("teach.classes"), width=140
        )
        swapped = st.toggle(
            "Swap dark and light",
            key=moment.key("teach.swapped"),
            help="For dark things on a light ground, if the network learned from light ones on a "
            "dark ground, such as the digits of MNIST.",
        )
    names, shown = [], []
    with st.grid(2, min_column_width=280, border=True):
        for index in range(int(count)):
            with st.container():
                name = st.text_input(
                    f"Class {index + 1}",
                    max_chars=60,
                    placeholder="Its name, such as cup",
                    key=moment.key(f"teach.name.{index}"),
                )
                files = st.file_uploader(
                    f"Up to {_SHOTS} pictures",
                    type=list(images.SUFFIXES),
                    accept_multiple_files=True,
                    key=moment.key(f"teach.files.{index}"),
                )
            if files:
                names.append(name.strip() or f"class {index + 1}")
                read = [_read(file.getvalue(), file.name, approach) for file in files[:_SHOTS]]
                shown.append(torch.cat(read))
                if len(files) > _SHOTS:
                    st.caption(f"Of {plain(names[-1])} the first {_SHOTS} are taken.")
    asked = st.file_uploader(
        "And one to name", type=list(images.SUFFIXES), key=moment.key("teach.asked")
    )
    query = _read(asked.getvalue(), asked.name, approach) if asked else None
    if swapped:
        shown = [_swapped(approach, each) for each in shown]
        query = None if query is None else _swapped(approach, query)
    st.caption(":material/lock: They stay in this session: nothing of them is kept.")
    return _Taught(names, shown, query)


def _read(data: bytes, name: str, approach: "FewShot") -> "Tensor":
    """Return a photo as the network takes it. Shape: (1, C, H, W)"""
    try:
        return _prepared(data, approach.preparation)
    except ImageError as error:
        raise ImageError(f"{name}: {error} Choose another file, or remove it.") from None


@st.cache_resource(max_entries=_READ, scope="session", show_spinner="Reading the photos…")
def _prepared(data: bytes, preparation: "Preparation") -> "Tensor":
    return images.prepare(images.load_image(data), preparation)


def _swapped(approach: "FewShot", pixels: "Tensor") -> "Tensor":
    return approach.prepared(1 - approach.pictured(pixels))


# ------------------------------------------------------------------ pictures of the data set


def _bundled(moment: Moment, approach: "FewShot") -> _Taught:
    dataset, order = moment.dataset, moment.order("validation")
    labels = dataset.labels[order]
    novel = [dataset.classes[each] for each in labels.unique().tolist()]
    names = st.multiselect(
        "Classes it never learned from",
        novel,
        novel[:_MOST],
        max_selections=_MOST,
        key=moment.key("teach.novel"),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shots = st.slider(
            "Pictures of each", 1, _SHOTS, _SHOTS, key=moment.key("teach.bundled.shots")
        )
        number = st.number_input(
            "Picture to name", 1, len(order), 1, key=moment.key("teach.bundled.asked"), width=180
        )
    members = [order[labels == dataset.classes.index(name)][:shots] for name in names]
    left = order[~_among(order, members)]
    query = left[[(int(number) - 1) % len(left)]] if len(left) else None

    def prepared(chosen: "Tensor") -> "Tensor":
        return approach.prepared(approach.drawn(chosen).images)

    return _Taught(
        names,
        [prepared(each) for each in members],
        None if query is None else prepared(query),
    )


def _among(order: "Tensor", members: "list[Tensor]") -> "Tensor":
    import torch

    shown = torch.cat(members) if members else order[:0]
    return torch.isin(order, shown)


# ------------------------------------------------------------------ the answer


def _draw_shown(approach: "FewShot", taught: _Taught) -> None:
    st.markdown("**As the network sees them**")
    for name, pictures in zip(taught.names, taught.shown, strict=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(name), width=120)
            st.image(_sheet(approach, pictures))


def _sheet(approach: "FewShot", pixels: "Tensor") -> bytes:
    from cvexplore.figures.sheet import mosaic

    pictures = approach.pictured(pixels).clamp(0, 1).mul(255).round().byte().numpy()
    return mosaic(pictures, columns=len(pictures))


def _answer(moment: Moment, approach: "FewShot", taught: _Taught) -> None:
    """Draw how near the picture is to each class, and say which it is taken for."""
    import torch

    from cvexplore.figures.episode import compared
    from cvexplore.training.answered import answered, task_of

    assert taught.asked is not None
    labels = torch.arange(len(taught.names)).repeat_interleave(
        torch.tensor([len(each) for each in taught.shown])
    )
    task = task_of(torch.cat(taught.shown), labels, taught.asked, len(taught.names))
    found = answered(approach, task)
    answer = int(found.answers[0])
    left, right = st.columns([1, 4], vertical_alignment="center")
    left.image(_sheet(approach, taught.asked), width=112)
    with right:
        st.markdown(f"### It is taken for {plain(taught.names[answer])}")
        st.plotly_chart(
            compared(taught.names, found.told[0].tolist(), said(approach), answer=answer),
            config={"displayModeBar": False},
            key=moment.key("teach.compared"),
        )
    st.caption(
        "It always names one of these classes, also for a picture of none. It learned from "
        f"{plain(approach.dataset.source)} The less your pictures are like those, the less its "
        "answer is worth."
    )
