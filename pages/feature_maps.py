"""What does each layer make of my image?"""

import streamlit as st

from cvexplore import images
from cvexplore.catalog import find
from cvexplore.figures.sheet import picture, sheet
from cvexplore.ui import cached
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.layers import pick_layer
from cvexplore.ui.messages import told
from cvexplore.ui.pickers import pick_architecture, pick_picture, pick_weights
from cvexplore.ui.places import page
from cvexplore.ui.words import shape

st.title("Feature maps")
st.caption("Give a network an image and look at what each of its layers makes of it.")

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 2], gap="large")
with left, told():
    chosen = pick_picture(key="picture")
    name = pick_architecture("timm/tf_efficientnet_lite0", key="model", task="classification")
    subject = pick_weights(name, key="weights")

# ------------------------------------------------------------------ compute and show

with right, told():
    seen = cached.traced(subject.name, subject.options)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = pick_layer(seen, key=f"layer.{subject.name}.{subject.weights}")
        scale = st.segmented_control(
            "Brightness",
            ["channel", "layer"],
            default="channel",
            required=True,
            format_func={"channel": "each channel", "layer": "whole layer"}.get,
            key="scale",
            help="Stretch each channel by itself, or all by the same scale so that they compare",
        )
        colours = st.selectbox(
            "Colours", ["viridis", "magma", "cividis", "grey"], key="colours", width=130
        )
    found = cached.look(subject, chosen.image, chosen.fingerprint, layer)
    maps = found.maps[:512]
    tiles = sheet(maps, scale=scale or "channel", colours=colours)
    means, peaks = maps.mean((1, 2)), maps.max((1, 2))
    wide, narrow = st.columns([3, 2])
    with wide:
        channel = atlas(
            tiles.png,
            tiles=tiles.tiles,
            columns=tiles.columns,
            captions=[
                f"channel {i} · mean {mean:.3g} · highest {peak:.3g}"
                for i, (mean, peak) in enumerate(zip(means, peaks, strict=True))
            ],
            key=f"atlas.{subject.name}.{layer}",
            alt=f"All channels of {layer}",
        )
        if len(found.maps) > len(maps):
            st.caption(f"The first {len(maps)} of {len(found.maps):,} channels.")
    with narrow:
        one = maps[channel]
        st.subheader(f"Channel {channel}")
        st.image(
            picture(one, colours=colours), width="stretch", alt=f"Channel {channel} of {layer}"
        )
        with st.grid(3, min_column_width=70, border=True):
            st.metric("Mean", f"{one.mean():.3g}")
            st.metric("Highest", f"{one.max():.3g}")
            st.metric("Zeros", f"{(one == 0).mean():.0%}")
        st.download_button(
            "Save the sheet",
            tiles.png,
            f"{subject.name}-{layer}.png".replace("/", "-"),
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )

with left:
    st.subheader("What it sees")
    square = images.crop(chosen.image, cached.preparation(subject))
    st.image(square, width=224, alt=f"{chosen.name}, cropped as the network sees it")
    st.caption(f"{shape((1, *square.size))} pixels, cut from {shape((1, *chosen.image.size))}.")
    if subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: the maps show structure, the classes mean nothing."
        )
    for each in found.predictions:
        st.progress(each.probability, f"{each.label} · {each.probability:.1%}")
    st.page_link(
        page("anatomy"),
        label=f"Anatomy of {find(name).family}",
        icon=":material/account_tree:",
        query_params={"arch": name},
    )
