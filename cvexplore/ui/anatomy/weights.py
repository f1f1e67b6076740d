"""The weights: how each tensor's numbers are distributed, and the first filters as pictures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog
from cvexplore.errors import LayerError
from cvexplore.figures.sheet import Scale, mosaic
from cvexplore.figures.weights import distributions, filter_sheet, filter_tiles, histogram
from cvexplore.timing.memory import free_bytes
from cvexplore.ui import cached
from cvexplore.ui.anatomy import Built
from cvexplore.ui.cached import Subject
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.messages import told
from cvexplore.ui.pickers import pick_weights
from cvexplore.ui.words import compact, shape

if TYPE_CHECKING:
    from cvexplore.interpret.weights import Filters, TensorStatistics

_ASK = 400_000_000  # parameters; a larger network is built only when someone says so
_MOST = 512  # filters a sheet; more are too small to tell apart
_GROUPS: dict[str, Callable[["TensorStatistics"], bool]] = {
    "Weights": lambda tensor: not tensor.is_vector,
    "Biases, scales": lambda tensor: tensor.is_vector,
    "All": lambda tensor: True,
}


def show(built: Built) -> None:
    """Draw the weights someone chooses for this architecture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        subject = pick_weights(built.name, key="weights")
        if subject.weights == "random":
            subject = replace(subject, options=built.options)
        compare = subject.weights != "random" and st.toggle(
            "Beside random",
            key=f"random.{built.name}",
            help="What the same architecture has before it learns",
        )
    _say_whose(subject, built)
    if _may_build(subject):
        _draw(subject, compare)


def _say_whose(subject: Subject, built: Built) -> None:
    if subject.weights == "random":
        st.caption(":material/casino: Random weights, as the builder draws them: nothing learned.")
        return
    standard = {option.name: option.default for option in catalog.options(built.name)}
    theirs, here = standard | dict(subject.options), standard | dict(built.options)
    own = [f"{name} {value}" for name, value in theirs.items() if here.get(name) != value]
    if own:
        st.caption(
            f":material/info: These weights belong to other options than those chosen here: "
            f"{', '.join(own)}."
        )


def _may_build(subject: Subject) -> bool:
    """Ask before a network is built that takes much memory."""
    parameters = cached.traced(subject.name, subject.options).parameters
    asked = f"weights.large.{subject.name}{subject.options}"
    if parameters <= _ASK or st.session_state.get(asked):
        return True
    needed, free = 4 * parameters, free_bytes("cpu")
    st.info(
        f"Its {compact(parameters)} parameters need {compact(needed, 'B')} of memory; "
        f"{compact(free, 'B')} are free.",
        icon=":material/memory:",
    )
    if st.button("Build it", icon=":material/build:", key=f"{asked}.go", disabled=needed > free):
        st.session_state[asked] = True
        st.rerun()
    return False


@st.fragment
def _draw(subject: Subject, compare: bool) -> None:
    with told():
        tensors = _statistics(subject)
        random = _statistics(replace(subject, weights="random")) if compare else ()
    if not tensors:
        st.info("This network has no weights.")
        return
    _draw_distributions(subject, tensors, random)
    _draw_filters(subject)


# ------------------------------------------------------------------ distributions


def _draw_distributions(
    subject: Subject, every: Sequence["TensorStatistics"], random: Sequence["TensorStatistics"]
) -> None:
    groups = [name for name, has in _GROUPS.items() if any(map(has, every))]
    group = st.segmented_control(
        "Tensors", groups, default=groups[0], required=True, key=f"tensors.{subject}"
    )
    tensors = {each.name: each for each in every if _GROUPS[group](each)}
    key = f"tensor.{subject}.{group}"
    wide, narrow = st.columns([3, 2])
    with narrow:
        name = st.selectbox("Tensor", list(tensors), key=key, help="Or click a dot in the chart.")
        beside = next((each for each in random if each.name == name), None)
        st.plotly_chart(
            histogram(tensors[name], beside=beside),
            config={"displaylogo": False},
            key=f"histogram.{subject}",
            alt=f"Histogram of {name}",
        )
        _say_numbers(tensors[name])
    with wide:
        st.plotly_chart(
            distributions(list(tensors.values()), picked=name, beside=random),
            key=f"{key}.chart",
            on_select=lambda: _click(f"{key}.chart", key),
            selection_mode="points",
            config={"displaylogo": False},
            alt="Every tensor's standard deviation, and its distribution measured by it",
        )
        st.caption(
            "A row a tensor, in the network's order. Left: its standard deviation σ"
            + (", as a ring that of random weights" if random else "")
            + ". Right: how its numbers spread around their mean, measured in that σ; the colour "
            "is the share that one σ holds, in decades."
        )
    with st.expander("All of them as a table", icon=":material/table_rows:"):
        _table(list(tensors.values()))


def _click(chart: str, choice: str) -> None:
    for point in st.session_state[chart]["selection"]["points"]:
        st.session_state[choice] = point["customdata"][0]


def _say_numbers(tensor: "TensorStatistics") -> None:
    beyond = tensor.histogram.below + tensor.histogram.above
    said = [
        f"{tensor.kind} {shape((1, *tensor.shape))}",
        f"mean **{tensor.mean:.3g}**",
        f"standard deviation **{tensor.std:.3g}**",
        f"lowest **{tensor.low:.3g}**",
        f"highest **{tensor.high:.3g}**",
        f"zeros **{tensor.zeros:.1%}**",
        f"near zero **{tensor.near_zeros:.1%}**",
    ]
    if beyond:
        said.append(f"**{beyond:,}** beyond the chart")
    if tensor.not_finite:
        said.append(f":red[**{tensor.not_finite:,}** not finite]")
    st.markdown(" · ".join(said))
    st.caption(
        "Near zero: below a hundredth of the root mean square; of a normal distribution around "
        "zero 0.8 % are."
    )


def _table(tensors: Sequence["TensorStatistics"]) -> None:
    number = st.column_config.NumberColumn(format="%.4g")
    share = st.column_config.NumberColumn(format="percent")
    st.dataframe(
        {
            "Tensor": [each.name for each in tensors],
            "Kind": [each.kind for each in tensors],
            "Shape": [shape((1, *each.shape)) for each in tensors],
            "Numbers": [each.numbers for each in tensors],
            "Mean": [each.mean for each in tensors],
            "Deviation": [each.std for each in tensors],
            "Lowest": [each.low for each in tensors],
            "Highest": [each.high for each in tensors],
            "Zeros": [each.zeros for each in tensors],
            "Near zero": [each.near_zeros for each in tensors],
        },
        column_config={
            "Tensor": st.column_config.TextColumn(pinned=True),
            "Numbers": st.column_config.NumberColumn(format="localized"),
            **dict.fromkeys(("Mean", "Deviation", "Lowest", "Highest"), number),
            **dict.fromkeys(("Zeros", "Near zero"), share),
        },
        height=min(480, 38 + 35 * len(tensors)),
        hide_index=True,
        alt="Every tensor's statistics",
    )


# ------------------------------------------------------------------ filters


def _draw_filters(subject: Subject) -> None:
    st.subheader("First filters")
    try:
        filters = _first_filters(subject)
    except LayerError as error:
        st.info(str(error), icon=":material/grid_off:")
        return
    pictures = filters.pictures()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        looked_at = next(iter(pictures))
        if len(pictures) > 1:
            looked_at = st.selectbox("Seen", list(pictures), key=f"seen.{subject}", width=220)
        scale: Scale = (
            "layer"
            if st.toggle(
                "One scale for all filters",
                key="weights.scale",
                help="So that they compare; otherwise each is stretched by itself",
            )
            else "channel"
        )
    values = pictures[looked_at][:_MOST]
    tiles, norms = filter_tiles(values, scale), filters.norms
    sheet = filter_sheet(tiles)
    wide, narrow = st.columns([3, 2])
    with wide:
        place = atlas(
            sheet.png,
            tiles=sheet.tiles,
            columns=sheet.columns,
            captions=[f"filter {index} · norm {norm:.3g}" for index, norm in enumerate(norms)],
            key=f"filters.{subject}",
            alt=f"Filters of {filters.layer}, {looked_at}",
        )
        st.caption(
            f"{_how_many(filters)} of the first layer, {shape(filters.values[:, :, 0].shape)}: "
            "mid grey is zero, brighter is positive, darker is negative."
        )
        st.download_button(
            "Save the sheet",
            sheet.png,
            f"{subject.name}-filters.png".replace("/", "-"),
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
    with narrow:
        one = values[place]
        st.image(
            mosaic(tiles[place : place + 1], columns=1, tile=448),
            width="stretch",
            alt=f"Filter {place}, {looked_at}",
        )
        st.markdown(
            f"Filter **{place}** · norm **{norms[place]:.3g}** · mean **{one.mean():.3g}** · "
            f"lowest **{one.min():.3g}** · highest **{one.max():.3g}**"
        )


def _how_many(filters: "Filters") -> str:
    count = len(filters.values)
    return f"The first {_MOST} of {count:,} filters" if count > _MOST else f"All {count:,} filters"


# ------------------------------------------------------------------ computed once


@st.cache_data(max_entries=16, show_spinner="Counting the weights…")
def _statistics(subject: Subject) -> tuple["TensorStatistics", ...]:
    from cvexplore.interpret.weights import statistics

    return statistics(cached.network(subject))


@st.cache_data(max_entries=16, show_spinner=False)
def _first_filters(subject: Subject) -> "Filters":
    from cvexplore.interpret.weights import first_filters

    return first_filters(cached.network(subject), cached.preparation(subject).channels)
