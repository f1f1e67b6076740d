"""What the parameters are for, and what sharing them saves."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.trace.sharing import sharing
from cvexplore.ui.anatomy import Built
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from cvexplore.trace import Trace
    from cvexplore.trace.sharing import Sharing

_USES = {
    "filter weights": "shared over all positions of a map",
    "dense weights": "one for each input and output",
    "attention projections": "dense weights into and out of attention",
    "embeddings": "positions, class tokens, tables",
    "normalisation scale": "multiplies a normalised channel",
    "normalisation shift": "is added to it",
    "biases": "added after a product with weights",
    "other": "scales of branches, temperatures, slopes",
}
_WHOLE = st.column_config.NumberColumn(format="localized")
_SHARE = st.column_config.ProgressColumn(format="percent", max_value=1.0, width=120)


def show(built: Built) -> None:
    """Draw parameters by what they are for, by kind of layer, and beside dense layers."""
    seen = built.trace
    st.subheader("What they are for")
    _by_use(seen)
    st.subheader("What sharing saves")
    _sharing(sharing(seen))
    st.subheader("By kind of layer")
    _by_kind(seen)


def _by_use(seen: "Trace") -> None:
    held = {use: count for use, count in seen.by_use().items() if count}
    uses = [tensor.use for tensor in seen.tensors]
    st.dataframe(
        {
            "Use": list(held),
            "Tensors": [uses.count(use) for use in held],
            "Parameters": list(held.values()),
            "Share": [count / max(1, seen.parameters) for count in held.values()],
            "What that is": [_USES[use] for use in held],
        },
        column_config={
            "Use": st.column_config.TextColumn(pinned=True),
            "Parameters": _WHOLE,
            "Share": _SHARE,
        },
        hide_index=True,
        height="content",
        alt="Parameters by what they are for",
    )
    frozen = seen.parameters - seen.trainable
    st.caption(
        f"Together {seen.parameters:,} in {len(seen.tensors):,} tensors, "
        + (f"{frozen:,} of them frozen." if frozen else "all trainable.")
    )


def _by_kind(seen: "Trace") -> None:
    kinds = seen.by_kind()
    st.dataframe(
        {
            "Kind": [total.kind for total in kinds],
            "Layers": [total.layers for total in kinds],
            "Parameters": [total.parameters for total in kinds],
            "Share": [total.parameters / max(1, seen.parameters) for total in kinds],
            "MACs (M)": [total.macs / 1e6 for total in kinds],
            "Share of MACs": [total.macs / max(1, seen.macs) for total in kinds],
        },
        column_config={
            "Kind": st.column_config.TextColumn(pinned=True),
            "Parameters": _WHOLE,
            "MACs (M)": st.column_config.NumberColumn(format="%.1f"),
            "Share": _SHARE,
            "Share of MACs": _SHARE,
        },
        hide_index=True,
        alt="Parameters and multiply-adds by kind of layer",
    )


def _sharing(found: "tuple[Sharing, ...]") -> None:
    if not found:
        st.info("This network has no convolution, so no filter is shared.")
        return
    first = found[0]
    st.markdown(
        f"A {_sides(first.filter)} filter of the first convolution has **{first.weights:,} "
        f"weights** and uses them at **{first.positions:,} positions**. A dense layer that makes "
        f"the same map would have **{compact(first.dense_parameters)}** parameters where this "
        f"convolution has **{compact(first.parameters)}**: {compact(first.ratio)} times as many."
    )
    st.dataframe(
        {
            "Convolution": [each.path for each in found],
            "Filter": [_sides(each.filter) for each in found],
            "Weights": [each.weights for each in found],
            "Filters": [each.filters for each in found],
            "Positions": [each.positions for each in found],
            "Parameters": [each.parameters for each in found],
            "As dense": [each.dense_parameters for each in found],
            "Times": [round(each.ratio) for each in found],
        },
        column_config={
            "Convolution": st.column_config.TextColumn(pinned=True),
            "Filter": st.column_config.TextColumn(help="Channels × height × width"),
            "Weights": st.column_config.NumberColumn(format="localized", help="Of one filter"),
            "Filters": _WHOLE,
            "Positions": st.column_config.NumberColumn(
                format="localized", help="Places of its map at which every filter is used"
            ),
            "Parameters": _WHOLE,
            "As dense": st.column_config.NumberColumn(
                format="localized",
                help="Parameters of the dense layer that makes the same map of the same input",
            ),
            "Times": st.column_config.NumberColumn(
                format="localized", help="How many times as many that is"
            ),
        },
        height=min(480, 38 + 35 * len(found)),
        hide_index=True,
        alt="Each convolution beside the dense layer that makes the same map",
    )
    if len(found) == 1:
        return
    ours = sum(each.parameters for each in found)
    dense = sum(each.dense_parameters for each in found)
    st.caption(
        f"All {len(found):,} convolutions have {compact(ours)} parameters; as dense layers they "
        f"would have {compact(dense)}, {compact(dense / ours)} times as many."
    )


def _sides(sides: tuple[int, ...]) -> str:
    return " × ".join(map(str, sides))
