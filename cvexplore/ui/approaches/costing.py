"""What each way to learn needs: pictures, and hours of people who label them."""

import streamlit as st

from cvexplore.figures.approaches import Cost
from cvexplore.training.cards import SECONDS, Card
from cvexplore.ui import cached


@st.cache_data(show_spinner="Counting pictures and labels…")
def _counts(recipe: str) -> tuple[int, int]:
    """Return how many pictures a recipe learns from, and how many of them need a label."""
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.config import RunConfig

    config = RunConfig.from_json(recipe)
    data = cached.dataset(config.dataset.name, cached.frozen(dict(config.dataset.options)))
    parts = APPROACHES[config.approach.name].divide(config, data)
    return len(parts.train), len(parts.labelled)


def costs(known: dict[str, Card]) -> list[Cost]:
    """Return what the standard recipe of each way to learn needs.

    What learns without labels still needs a few for the classifier on top of it.
    """
    from cvexplore.training.approaches import standard

    found = []
    for name, card in known.items():
        recipe = standard(name)
        pictures, labelled = _counts(recipe.to_json())
        what = "class" if card.annotation == "none" and recipe.labels else card.annotation
        hours = labelled * SECONDS[what] / 3600
        found.append(Cost(card.title, card.family, pictures, hours, what))
    return found


def show(known: dict[str, Card]) -> None:
    """Draw pictures against hours of labelling, and the same as a table."""
    from cvexplore.figures.approaches import costs as drawn

    found = costs(known)
    said = "; ".join(
        f"{each.name} {each.pictures:,} pictures, {each.hours:.2f} h" for each in found
    )
    st.plotly_chart(drawn(found), key="costs", alt=f"Pictures and hours of labelling: {said}")
    st.caption(
        "Of each one's standard recipe on the data it comes with; dots of one place stand side by "
        "side. A person takes about 2 s to name "
        "a picture's class (our estimate), 42 s to draw and check a box (Su, Deng, Fei-Fei, 2012) "
        "and 79 s to outline an object (Lin et al., 2014, arXiv 1405.0312)."
    )
    with st.expander("As a table", icon=":material/table:"):
        _table(found)


def _table(found: list[Cost]) -> None:
    rows = [
        {
            "Way to learn": each.name,
            "Family": each.family,
            "Pictures": each.pictures,
            "Labels": each.what,
            "Minutes of labelling": 60 * each.hours,
        }
        for each in sorted(found, key=lambda each: each.hours)
    ]
    st.dataframe(
        rows,
        column_config={
            "Pictures": st.column_config.NumberColumn(format="localized"),
            "Minutes of labelling": st.column_config.NumberColumn(format="%.1f"),
        },
        hide_index=True,
        key="costs.table",
        alt="Pictures and minutes of labelling, by way to learn",
    )
