"""The parts of the evolution page: filters, a picture that picks, and the picked family.

What is picked is one name, the value of the widget ``family``; it stands in the URL. Dots and the
buttons of relatives change it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.catalog import architectures
from cvexplore.catalog.families import Family, families
from cvexplore.ui.filters import values
from cvexplore.ui.places import page
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PICKED = "family"
_STARTS = 14  # families offered to start with
_LIBRARIES = ("cvexplore", "torchvision", "timm")  # those written to be read come first


def filters() -> tuple[Family, ...]:
    """Draw the filters and return the families that pass them."""
    kinds = st.pills(
        "Kind", values(families(), "kind"), selection_mode="multi", key="kind", bind="query-params"
    )
    learning = st.selectbox(
        "Learns from",
        ["any", *values(families(), "learning")],
        key="learning",
        bind="query-params",
        width=180,
        help="What the family's own paper trains with: labels (supervised), a teacher network "
        "(distillation), images alone (self-supervised), or images with texts",
    )
    task = st.selectbox(
        "Task", ["any", *values(families(), "task")], key="task", bind="query-params", width=160
    )
    return tuple(
        each
        for each in families()
        if (not kinds or each.kind in kinds)
        and learning in ("any", each.learning)
        and task in ("any", each.task)
    )


def pick() -> Family | None:
    """Draw the choice of one family and return it."""
    known = {each.name: each for each in families()}
    name = st.selectbox(
        "Family",
        list(known),
        None,
        key=_PICKED,
        bind="query-params",
        placeholder="Click a dot, or type a name",
        width=260,
    )
    return known.get(name or "")


# Where the page is narrower than the picture, the picture is moved sideways, not squeezed. Plotly
# would keep every touch to itself, so fingers move the page and pick by name. What is told above
# is as high for every family as for none: a clicked dot stays under the pointer.
_STYLE = """<style>
.st-key-history { overflow-x: auto; }
.st-key-history > * { min-width: 960px; }
@media (pointer: coarse) { .st-key-history .nsewdrag { pointer-events: none !important; } }
@media (min-width: 800px) { .st-key-portrait { flex: 0 0 270px; overflow-y: auto; } }
</style>"""


def history(figure: "Figure", picked: str) -> None:
    """Draw the timeline; clicking a dot picks its family, clicking it again lets go."""
    st.html(_STYLE)
    key = f"timeline.{picked}"  # a new one for each pick: it must not remember what was clicked
    with st.container(key="history"):
        st.plotly_chart(
            figure,
            key=key,
            on_select=lambda: _click(key),
            selection_mode="points",
            config={"displayModeBar": False},
            alt="Families of architectures by date, joined with those they build on",
        )


def _click(key: str) -> None:
    for point in st.session_state[key]["selection"]["points"]:
        name = point["customdata"][0]
        _take(None if st.session_state.get(_PICKED) == name else name)


def _take(name: str | None) -> None:
    st.session_state[_PICKED] = name


def beginning(shown: Sequence[Family]) -> None:
    """Draw where to start while none is picked: the ideas that most others took up."""
    children = Counter(name for each in families() for name in each.builds_on)
    known = {each.name: each for each in shown}
    often = [known[name] for name, _ in children.most_common() if name in known][:_STARTS]
    start, figures = st.columns([6, 5], gap="large")
    with start:
        st.subheader("Start with an idea that many built on", anchor=False)
        with st.container(horizontal=True, gap="xsmall"):
            for each in often or shown[:_STARTS]:
                st.button(each.name, key=f"start.{each.name}", on_click=_take, args=(each.name,))
    with figures, st.grid(2, min_column_width=110):
        st.metric("Families", len(shown))
        st.metric("Models", f"{sum(each.models for each in shown):,}", help="In this catalog")
        st.metric("Ideas taken up", sum(1 for each in shown for _ in each.builds_on))
        st.metric("Years", f"{shown[0].year} – {shown[-1].year}")


def portrait(family: Family) -> None:
    """Draw what one family is, where it comes from and what came from it."""
    about, kin = st.columns([5, 6], gap="large")
    with about:
        st.subheader(f"{family.name}, {family.year}", anchor=False)
        st.markdown(family.idea)
        st.markdown(f"[{family.title}]({family.link})  \n{family.authors}")
        with st.container(horizontal=True):
            st.page_link(
                page("compare"),
                label="Compare its models",
                icon=":material/table_chart:",
                query_params={"q": family.name},
            )
            st.page_link(
                page("anatomy"),
                label="Anatomy",
                icon=":material/account_tree:",
                query_params={"arch": _example(family)},
            )
    with kin:
        with st.grid(4, min_column_width=100):
            st.metric("Models", family.models, help="In this catalog")
            st.metric("Smallest", compact(family.smallest), help="Parameters")
            st.metric("Largest", compact(family.largest), help="Parameters")
            st.metric(
                "Best top-1",
                f"{family.top1:.1f} %" if family.top1 else "–",
                help=f"{family.best}, {compact(family.macs)} multiply-adds"
                if family.best
                else None,
            )
        _relatives("Builds on", [each for each in families() if each.name in family.builds_on])
        _relatives("Leads to", [each for each in families() if family.name in each.builds_on])


def _relatives(label: str, found: Sequence[Family]) -> None:
    if not found:
        return
    st.caption(label)
    with st.container(horizontal=True, gap="xsmall"):
        for each in found:
            st.button(each.name, key=f"{label}.{each.name}", on_click=_take, args=(each.name,))


@st.cache_resource(show_spinner=False)
def trends() -> dict[str, "Figure"]:
    """Return what changed over the years, each figure by its title; the same for everybody."""
    from cvexplore.figures.trends import larger, more_efficient, shares

    return {
        "Larger": larger(families()),
        "More efficient": more_efficient(architectures()),
        "Self-supervised, multi-modal": shares(families(), "learning"),
        "From convolution to attention": shares(families(), "kind"),
    }


def _example(family: Family) -> str:
    """Return its model to look into first: written here if there is one, else the smallest."""
    models = [each for each in architectures(family.name.lower()) if each.family == family.name]
    first = min(models, key=lambda each: (_LIBRARIES.index(each.library), each.parameters or 0))
    return first.name
