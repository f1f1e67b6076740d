"""Which pictures are learned from and which are measured on, before any run."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.training.config import RunConfig, settings
from cvexplore.ui.form import option_form

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset
    from cvexplore.training.splits import Split

_PARTS = ("train", "validation", "test")


def pick_split() -> RunConfig:
    """Let a person say how pictures are split; the rest of the recipe is left as it is."""
    known = {option.name: option for option in settings()}
    chosen = option_form([known["split"], known["folds"]], key="data.split")
    folds = chosen.get("folds", 0)
    if folds == 1:
        st.caption("One fold is no fold: two are the least. Until then there is one split.")
        chosen["folds"] = folds = 0
    names = ["test", "seed"] if folds else ["validation", "test", "seed"]
    chosen |= option_form([known[name] for name in names], key="data.split")
    if folds:
        chosen["fold"] = st.slider("Fold", 0, folds - 1, key="data.fold", help=known["fold"].help)
    return RunConfig(**chosen)


def show(dataset: "Dataset", split: "Split", config: RunConfig) -> None:
    """Draw how many pictures of each class are in each part."""
    from cvexplore.figures.data import class_balance, fold_plan

    parts = {part: getattr(split, part) for part in _PARTS if len(getattr(split, part))}
    with st.grid(3, min_column_width=150, border=True):
        for part, indices in parts.items():
            share = len(indices) / len(dataset.labels)
            st.metric(
                part.capitalize(),
                f"{len(indices):,}",
                f"{share:.0%}",
                delta_color="off",
                delta_arrow="off",
            )
    counts = {
        part: dataset.labels[indices].bincount(minlength=len(dataset.classes)).tolist()
        for part, indices in parts.items()
    }
    st.plotly_chart(
        class_balance(dataset.classes, counts),
        key="data.balance",
        alt="How many pictures of each class are learned from, validated on and tested on",
    )
    _say_what_is_uneven(dataset, counts)
    if config.folds:
        st.markdown(f"**{config.folds} folds**: a run each, and each is measured on another part.")
        st.plotly_chart(
            fold_plan(config.folds, config.fold, config.test),
            key="data.folds",
            alt="Which part of the pictures each of the folds is measured on",
        )
    st.caption(
        "**Train** is learned from. **Validation** is measured every epoch and decides which run "
        "is best, so a little of it is learned by choosing. **Test** is measured once, at the end."
    )


def _say_what_is_uneven(dataset: "Dataset", counts: dict[str, list[int]]) -> None:
    sizes = [sum(each) for each in zip(*counts.values(), strict=True)]
    least, most = min(sizes), max(sizes)
    if least and most >= 2 * least:
        st.info(
            f"The largest class has {most / least:.1f} times as many pictures as the smallest: "
            f"to say it always would be right for {most / sum(sizes):.0%} of the pictures. Look "
            "at recall and F1, not at accuracy alone.",
            icon=":material/balance:",
        )
    empty = sum(not each for each in counts["validation"])
    if empty:
        st.warning(
            f"{empty} classes have no picture to validate on: bring more pictures of them, or ask "
            "for fewer folds.",
            icon=":material/warning:",
        )
