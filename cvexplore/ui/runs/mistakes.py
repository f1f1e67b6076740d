"""The worst mistakes of a run on the pictures it does not learn from, as pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.ui.cached import Subject
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.pictures import handed
from cvexplore.ui.places import page
from cvexplore.ui.runs.judging import dataset_of, judged, step_of, subject_of
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.training.judging import Judged

_COLUMNS = 8
_MOST = 40  # pictures at once
_EVERY = "every class"


def show(run: Run, store: RunStore) -> None:
    """Draw the run's worst mistakes, of all classes or of those a person chooses."""
    from cvexplore.training.approaches import APPROACHES

    if APPROACHES[run.config.approach.name].task != "classification":
        st.info("Mistakes are shown of classifiers; this run learns something else.")
        return
    classes = dataset_of(run).classes
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = [
            st.selectbox(
                title,
                [_EVERY, *range(len(classes))],
                format_func=lambda each: each if each == _EVERY else classes[each],
                key=f"mistakes.{title}.{run.id}",
                width=220,
            )
            for title in ("True class", "Answer")
        ]
    true, answer = (None if each == _EVERY else int(each) for each in chosen)
    pictures(run, store, true, answer, key="mistakes")


def pictures(run: Run, store: RunStore, true: int | None, answer: int | None, *, key: str) -> None:
    """Draw the pictures of a class that were given another, the highest loss first.

    Args:
        run: whose newest weights answer.
        store: where it is.
        true: only pictures of this class; None for all.
        answer: only those that were given this class; with both the same, those that are right.
        key: the widgets' name.
    """
    subject = subject_of(run, store)
    if subject is None:
        st.info(
            "This run has left no weights yet: they are kept when it ends, and before that at its "
            "snapshots.",
            icon=":material/hourglass_top:",
        )
        return
    found = judged(run, subject)
    if found is None:
        return
    places = found.worst(true, answer)
    _say(run, subject, found, (true, answer), len(places))
    if len(places):
        _draw(run, subject, found, places[:_MOST].tolist(), f"{key}.{run.id}.{true}.{answer}")


def _say(
    run: Run, subject: Subject, found: "Judged", asked: tuple[int | None, int | None], count: int
) -> None:
    true, answer = asked
    classes = [plain(name) for name in dataset_of(run).classes]
    of = len(found.labels) if true is None else int((found.labels == true).sum())
    kind = "" if true is None else f" of class {classes[true]}"
    what = "wrong" if answer is None else f"taken for {classes[answer]}"
    if answer is not None and true == answer:
        what = "right"
    first = f" The {_MOST} worst are shown." if count > _MOST else ""
    st.caption(
        f"At step {step_of(run, subject):,}, {count:,} of its {of:,} validation pictures{kind} are "
        f"{what}; the highest loss comes first.{first}"
    )


def _draw(run: Run, subject: Subject, found: "Judged", places: Sequence[int], key: str) -> None:
    from cvexplore.figures.sheet import mosaic

    dataset = dataset_of(run)
    classes = dataset.classes
    chosen = [int(found.pictures[place]) for place in places]
    left, right = st.columns([3, 1], gap="large")
    with left:
        place = atlas(
            mosaic(dataset.images[chosen].numpy(), columns=_COLUMNS),
            tiles=len(chosen),
            columns=_COLUMNS,
            captions=[_caption(found, each, classes) for each in places],
            key=f"{key}.{subject.weights}.{len(places)}",
            alt="Validation pictures, the worst first",
        )
    with right:
        _about(run, subject, found, places[place], classes)


def _caption(found: "Judged", place: int, classes: Sequence[str]) -> str:
    true, answer = (classes[int(each[place])] for each in (found.labels, found.answers))
    return f"{true}, taken for {answer} ({found.shares[place]:.0%})"


def _about(run: Run, subject: Subject, found: "Judged", place: int, classes: Sequence[str]) -> None:
    """Draw what is known of one picture, and the way to look at it from within the network."""
    number = int(found.pictures[place])
    picture = dataset_of(run).images[number].permute(1, 2, 0).squeeze(-1).numpy()
    true, answer = (classes[int(each[place])] for each in (found.labels, found.answers))
    st.image(_enlarged(picture), width=160, alt=f"Picture no. {number}, a {true}")
    st.markdown(
        f"True class **{plain(true)}**: {found.right[place]:.1%}  \n"
        f"Answer **{plain(answer)}**: {found.shares[place]:.1%}  \n"
        f"Loss {found.losses[place]:.2f} · no. {number}"
    )
    st.page_link(
        page("feature_maps"),
        label="Open in Feature maps",
        icon=":material/grid_view:",
        help="What each layer of this run's network makes of this picture.",
        query_params={
            "model": subject.name,
            "weights": subject.weights,
            "picture": handed(run.config.dataset.name, number),
        },
    )


def _enlarged(pixels: "np.ndarray") -> "np.ndarray":
    """Return a small picture with its pixels as squares, as they are."""
    import numpy as np

    times = max(1, 160 // pixels.shape[0])
    return np.repeat(np.repeat(pixels, times, 0), times, 1)
