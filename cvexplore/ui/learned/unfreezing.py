"""Which layers of a network learned, how fast they were meant to, and how far they went."""

from typing import TYPE_CHECKING, get_args

import streamlit as st

from cvexplore.ui.learned import Moment

if TYPE_CHECKING:
    from cvexplore.training.approaches.transfer import Transfer
    from cvexplore.training.unfreezing import Depths

TITLE = "What learned, and how far it went"


def show(moment: Moment) -> None:
    """Draw the groups of layers at this moment, and how many parameters each way would teach."""
    from cvexplore.figures.parameters import learning_along, total_and_trained
    from cvexplore.training.approaches.transfer import Transfer
    from cvexplore.training.unfreezing import Way

    approach = moment.approach()
    assert isinstance(approach, Transfer)
    depths, progress = approach.depths, moment.step / max(1, moment.run.steps)
    total = depths.trained("full", 0.0)
    now = depths.trained(approach.way, progress)
    st.markdown(
        f"**{approach.way.capitalize()}**, {progress:.0%} of the run: {now:,} of "
        f"{total:,} parameters learn ({now / total:.2%})."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.dataframe(_groups(moment, approach, progress), hide_index=True, key=moment.key("groups"))
        st.caption(
            "Moved: the length of the change of a group's weights since the run began, as a share "
            "of their length then. What is frozen has not moved at all."
        )
    with right:
        st.plotly_chart(
            total_and_trained(total, {approach.way: now}),
            key=moment.key("total"),
            alt=f"{now:,} of {total:,} parameters learn",
        )
    ways = {way: depths.opening(way) for way in get_args(Way)}
    st.plotly_chart(
        learning_along({way: ways[way] for way in ("frozen", "gradual", "full")}, total, progress),
        key=moment.key("along"),
        alt="How many parameters learn over the run, for each way",
    )
    st.caption(
        "Over the run, for each way; the line is this moment. Discriminative rates teach as many "
        "as full, but slower towards the image."
    )


def _groups(moment: Moment, approach: "Transfer", progress: float) -> dict[str, list[str]]:
    """Return a table of the groups, from the image to the head."""
    depths = approach.depths
    closed = depths.closed(approach.way, progress)
    rates = approach.rates()
    moved = _moved(moment, depths)
    rows: dict[str, list[str]] = {"Layers": [], "Parameters": [], "Rate": [], "Moved": []}
    for index, (group, share) in enumerate(zip(depths.groups, moved, strict=True)):
        own = depths.parameters(index)
        first, last = group[0].path, group[-1].path
        rows["Layers"].append(first if first == last else f"{first} … {last}")
        rows["Parameters"].append(f"{sum(each.numel() for each in own):,}")
        scale = rates.get(own[0], 1.0) if own else 1.0
        rows["Rate"].append("frozen" if index < closed else f"× {scale:.3g}")
        rows["Moved"].append(share)
    return rows


def _moved(moment: Moment, depths: "Depths") -> list[str]:
    """Return how far each group went since the run began, in words."""
    from cvexplore.runs.learned import moments

    steps = moments(moment.store, moment.run)
    if steps[0] != 0:
        return ["–"] * len(depths.groups)
    before = Moment(moment.run, moment.store, 0).approach()
    then = dict(before.network.named_parameters())
    names = {id(each): name for name, each in moment.approach().network.named_parameters()}
    found = []
    for index in range(len(depths.groups)):
        pairs = [(each, then[names[id(each)]]) for each in depths.parameters(index)]
        change = sum(float((now - old).square().sum()) for now, old in pairs) ** 0.5
        length = sum(float(old.square().sum()) for _, old in pairs) ** 0.5
        found.append("0" if change == 0 else f"{100 * change / max(length, 1e-12):.1f} %")
    return found
