"""Pictures that are measured on, beside the ones most like them that were learned from."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.ui.cached import frozen
from cvexplore.ui.robustness.waiting import may_begin, stoppable
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset
    from cvexplore.training.duplicates import Twin
    from cvexplore.training.splits import Split

_MOST = 24  # pairs on the page
_FOUND = "data.twins"
_A_PAIR = 1.2e-7  # seconds to compare two pictures on one core, about


def show(dataset: "Dataset", split: "Split", choice: Choice, config: RunConfig) -> None:
    """Draw the held-out pictures that have a twin on the other side."""
    from cvexplore.training.duplicates import ALIKE

    st.caption(
        "A picture that is measured on and learned from says how well a network remembers, not "
        "how well it sees. Each held-out picture is held against all that it should not resemble."
    )
    found = _found(dataset, split, choice, config)
    if found is None:
        return
    threshold = st.slider(
        "Alike from",
        0.9,
        1.0,
        ALIKE,
        0.005,
        format="%.3f",
        key="data.alike",
        help="The correlation of two pictures as thumbnails of 16 × 16 pixels. 1 is the same "
        "picture, whatever its size, brightness and contrast; copies of lower quality reach "
        "about 0.99. Plain pictures, such as the digit 1, can reach 0.98 without being copies: "
        "look at the pairs.",
    )
    alike = [each for each in found if each.likeness >= threshold]
    if not alike:
        st.success(
            f"None of the {len(found):,} held-out pictures has a twin; the likest two reach "
            f"{found[0].likeness:.3f}.",
            icon=":material/check:",
        )
        return
    others = sum(dataset.labels[t.held_out] != dataset.labels[t.other] for t in alike)
    st.markdown(
        f"**{len(alike):,} of {len(found):,}** held-out pictures ({len(alike) / len(found):.1%}) "
        f"have a twin; {int(others):,} of them bear another label than it."
    )
    _draw(dataset, split, alike[:_MOST])
    if len(alike) > _MOST:
        st.caption(f"The {_MOST} likest pairs are shown.")


def _found(
    dataset: "Dataset", split: "Split", choice: Choice, config: RunConfig
) -> "list[Twin] | None":
    """Return the twins, from this session's memory or found now; None as long as nobody asked."""
    from cvexplore.training.duplicates import twins

    asked = (choice.name, frozen(dict(choice.options)), config)
    kept = st.session_state.get(_FOUND)
    if kept and kept[0] == asked:
        return kept[1]
    seconds = len(split.train) * (len(split.validation) + len(split.test)) * _A_PAIR
    if not may_begin(seconds, "Look for twins", key=_FOUND, at_once=0):
        return None
    with stoppable(_FOUND, seconds) as move:
        found = twins(
            dataset.images,
            split,
            lambda done, whole: move(done / whole, f"{done:,} of {whole:,} pictures"),
        )
    st.session_state[_FOUND] = (asked, found)
    st.session_state[f"{_FOUND}.going"] = False  # another split is another question
    return found


def _draw(dataset: "Dataset", split: "Split", alike: "list[Twin]") -> None:
    from cvexplore.figures.marking import enlarged
    from cvexplore.figures.sheet import mosaic

    part = {
        index: name
        for name in ("train", "validation", "test")
        for index in getattr(split, name).tolist()
    }

    def said(index: int) -> str:
        name = plain(dataset.classes[int(dataset.labels[index])])
        return f"{part[index]} no. {index}: {name}"

    with st.grid(4, min_column_width=200):
        for twin in alike:
            pair = [twin.held_out, twin.other]
            with st.container():
                pictures = enlarged(dataset.images[pair].numpy())
                st.image(
                    mosaic(pictures, columns=2, tile=pictures.shape[-1]),
                    width="stretch",
                    alt="Two pictures that are alike",
                )
                same = dataset.labels[pair[0]] == dataset.labels[pair[1]]
                badge = "" if same else " :orange-badge[other label]"
                st.caption(f"{twin.likeness:.3f}{badge}  \n{said(pair[0])}  \n{said(pair[1])}")
