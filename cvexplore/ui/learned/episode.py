"""One small task of classes that were never learned from, and what is made of it."""

from typing import TYPE_CHECKING, cast

import streamlit as st

from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.learned import Moment
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.training.answered import Answered
    from cvexplore.training.episodes import Episode
    from cvexplore.training.few_shot import FewShot

TITLE = "A task of classes it never saw"

_COLUMNS = 10  # queries in a row
_KEPT = 64  # episodes with their answers, of all sessions


def show(moment: Moment) -> None:
    """Draw an episode: what is shown, what is asked, each answer, and all of it on a map."""
    approach = cast("FewShot", moment.approach())
    most = int(approach.episode(0).support_labels.bincount()[0])
    number, shots = _choose(moment, approach.episodes, most)
    episode = approach.episode(number).with_shots(shots)
    found = _answered(moment.run.id, moment.step, number, shots, approach, episode)
    names = _names(moment, episode)
    share = found.right.mean()
    st.markdown(
        f"**{found.right.sum()} of {len(found.right)}** are named right: {share:.0%}. Nothing was "
        f"learned from any picture of {plain(', '.join(names))}; a guess would be right in "
        f"{1 / len(names):.0%}."
    )
    left, right = st.columns([2, 3], gap="large")
    with left:
        _draw_shown(moment, episode, names)
    with right:
        picked = _draw_asked(moment, episode, found, names, f"{number}.{shots}")
    left, right = st.columns([2, 3], gap="large")
    with left:
        _draw_compared(moment, approach, found, names, picked)
    with right:
        _draw_map(moment, found, names, picked)


def _choose(moment: Moment, episodes: int, most: int) -> tuple[int, int]:
    """Return which episode is looked at, and how many pictures of each class are to go by."""
    key = moment.key("episode")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.slider("Task", 1, episodes, 1, key=key)
        shots = most
        if most > 1:
            shots = st.slider(
                "Pictures of each class to go by", 1, most, most, key=moment.key("shots")
            )
        st.button(
            "Another task",
            icon=":material/shuffle:",
            key=moment.key("another"),
            on_click=lambda: st.session_state.update({key: number % episodes + 1}),
        )
    return number - 1, shots


@st.cache_resource(max_entries=_KEPT, show_spinner="Answering…")
def _answered(
    run: str, step: int, number: int, shots: int, _approach: "FewShot", _episode: "Episode"
) -> "Answered":
    from cvexplore.training.answered import answered

    return answered(_approach, _episode)


def _names(moment: Moment, episode: "Episode") -> list[str]:
    """Return what the episode's classes are called, in its own order."""
    first = [int((episode.support_labels == each).nonzero()[0]) for each in range(episode.ways)]
    labels = moment.dataset.labels[episode.shown[first]]
    return [moment.dataset.classes[label] for label in labels.tolist()]


def _draw_shown(moment: Moment, episode: "Episode", names: list[str]) -> None:
    from cvexplore.figures.sheet import mosaic

    st.markdown("**To go by**")
    for index, name in enumerate(names):
        mine = episode.shown[(episode.support_labels == index).cpu()]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(name), width=96)
            st.image(mosaic(moment.dataset.images[mine].numpy(), columns=len(mine)))


def _draw_asked(
    moment: Moment, episode: "Episode", found: "Answered", names: list[str], which: str
) -> int:
    """Draw the queries, and return which one is looked at."""
    from cvexplore.figures.episode import marked
    from cvexplore.figures.sheet import mosaic

    st.markdown("**To name** · red, thick frames: wrong")
    pictures = marked(moment.dataset.images[episode.asked].numpy(), found.right)
    columns = min(_COLUMNS, len(pictures))
    return atlas(
        mosaic(pictures, columns=columns),
        tiles=len(pictures),
        columns=columns,
        captions=[
            names[label] + (": right" if label == answer else f", named {names[answer]}")
            for label, answer in zip(found.labels, found.answers, strict=True)
        ],
        key=moment.key(f"asked.{which}"),
        alt="Pictures to name; green frames are right, thick red ones wrong",
    )


def _draw_compared(
    moment: Moment, approach: "FewShot", found: "Answered", names: list[str], picked: int
) -> None:
    from cvexplore.figures.episode import compared

    true, answer = found.labels[picked], found.answers[picked]
    verdict = "right" if true == answer else f"wrong: it is {plain(names[true])}"
    st.markdown(f"**The selected picture** is named {plain(names[answer])}: {verdict}")
    st.plotly_chart(
        compared(names, found.told[picked].tolist(), said(approach), answer=int(answer)),
        config={"displayModeBar": False},
        key=moment.key("compared"),
    )


def said(approach: "FewShot") -> str:
    """Return what the numbers of the classes are, for an axis."""
    which = "the least is the answer" if approach.nearest else "the most is the answer"
    return f"{approach.measure}: {which}"


def _draw_map(moment: Moment, found: "Answered", names: list[str], picked: int) -> None:
    import numpy as np

    from cvexplore.figures.episode import episode_map
    from cvexplore.interpret.planes import principal

    plane = principal(np.concatenate([found.support, found.asked, found.means]).astype(np.float64))
    shown, asked = len(found.support), len(found.support) + len(found.asked)
    st.markdown("**Its features on a plane**")
    st.plotly_chart(
        episode_map(
            support=plane.points[:shown],
            support_labels=found.support_labels.tolist(),
            means=plane.points[asked:],
            asked=plane.points[shown:asked],
            labels=found.labels.tolist(),
            answers=found.answers.tolist(),
            names=names,
            picked=picked,
        ),
        config={"displayModeBar": False},
        key=moment.key("episode.map"),
    )
    st.caption(
        "Stars: the mean of the pictures to go by, which are full points. Rings: named right. "
        f"Crosses: named wrong. The plane keeps {plane.kept or 0:.0%} of all the features vary, so "
        "what is nearest here need not be nearest."
    )
