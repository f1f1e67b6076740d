"""Two networks, one image: their channels side by side, and how alike all their layers are."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.catalog import weights
from cvexplore.figures.sheet import picture, sheet
from cvexplore.figures.similarity import similarity_matrix
from cvexplore.ui import cached
from cvexplore.ui.cached import Seen, Subject
from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.features import Looking
from cvexplore.ui.features.image_sets import ImageSet, image_set, titles
from cvexplore.ui.pickers import pick_architecture, pick_weights
from cvexplore.ui.words import plain, shape

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from cvexplore.interpret.similarity import Similarity

_TRAINED = "timm/tf_efficientnet_lite0"  # stands against a network that has learned nothing
_WEIGHTS = "second_weights"
_ORDERS = {"Most active": 16, "In order": 256}  # and how many at most
_COUNTS = (64, 128, 256)
_AT_ONCE = 16  # images, so that Stop is heard soon; 32 would spare an error of some 0.02
_CHART = "two.chart"


def show(looking: Looking) -> None:
    """Draw a second network beside the page's, and the similarity of their layers."""
    second = _pick_second(looking)
    order = st.segmented_control(
        "Channels", list(_ORDERS), default="Most active", required=True, key="two.order"
    )
    left, right = st.columns(2, gap="large")
    with left:
        _draw(looking, order, "first")
    with right:
        _draw(second, order, "second")
    st.subheader("How alike are their layers?")
    _compare(looking, second)


# ------------------------------------------------------------------ the second network


def _pick_second(first: Looking) -> Looking:
    """Let a person choose the other network; at first what training changed can be seen."""
    trained = first.subject.weights != "random"
    network, numbers, layer = st.columns([3, 2, 3])
    with network:
        start = first.subject.name if trained else _TRAINED
        name = pick_architecture(
            start, key="second", tasks=("classification",), label="Second network"
        )
    with numbers:
        if trained and name == first.subject.name and _WEIGHTS not in st.query_params:
            st.query_params[_WEIGHTS] = "random"
        subject = pick_weights(name, key=_WEIGHTS)
        if subject.weights == "random" and name == first.subject.name:
            subject = replace(subject, options=first.subject.options)  # as it was at first
        st.query_params[_WEIGHTS] = subject.weights  # kept while another view is open
    with layer:
        return Looking(subject, first.picture, _pick_layer(first, subject))


def _pick_layer(first: Looking, second: Subject) -> str:
    """Let a person choose a layer of the second network; it starts as deep as the first's."""
    from cvexplore.interpret.similarity import relative_depth, representative_layers

    ours = cached.traced(first.subject.name, first.subject.options)
    theirs = cached.traced(second.name, second.options)
    layers = list(representative_layers(theirs))
    if _same_network(first.subject, second) and first.layer not in layers:
        layers.insert(0, first.layer)
    depth = relative_depth(ours, first.layer)
    nearest = min(layers, key=lambda layer: abs(relative_depth(theirs, layer) - depth))
    start = first.layer if _same_network(first.subject, second) else nearest
    return st.selectbox(
        "Its layer",
        layers,
        layers.index(start),
        key=_layer_key(first, second, first.layer),
        help="It starts as deep in its network as the first's layer, and follows it.",
    )


def _same_network(first: Subject, second: Subject) -> bool:
    return (first.name, first.options) == (second.name, second.options)


def _layer_key(first: Looking, second: Subject, layer: str) -> str:
    return f"two.layer.{first.key}.{second.name}.{second.weights}.{layer}"


# ------------------------------------------------------------------ side by side


def _draw(looking: Looking, order: str, side: str) -> None:
    """Draw what a network says of the image, and the channels of its layer."""
    subject, chosen = looking.subject, looking.picture
    found = cached.look(subject, chosen.image, chosen.fingerprint, looking.layer)
    st.markdown(f"**{subject.name}**")
    for each in found.predictions[:3]:
        st.progress(each.probability, f"{plain(each.label)} · {each.probability:.1%}")
    st.caption(f"{looking.layer}: {shape((1, *found.maps.shape))}, {_words(subject)}")
    _draw_channels(looking, found, order, side)


def _draw_channels(looking: Looking, found: Seen, order: str, side: str) -> None:
    activity = abs(found.maps).mean((1, 2))
    places = (-activity).argsort(kind="stable") if order == "Most active" else range(len(activity))
    places = [int(place) for place in places[: _ORDERS[order]]]
    tiles = sheet(found.maps[places])
    picked = atlas(
        tiles.png,
        tiles=tiles.tiles,
        columns=tiles.columns,
        captions=[f"channel {place} · mean size {activity[place]:.3g}" for place in places],
        key=f"two.{side}.{looking.key}.{looking.layer}.{order}",
        alt=f"Channels of {looking.layer} of {looking.subject.name}",
    )
    _draw_one(found.maps, places[picked], looking.layer)


def _draw_one(maps: "np.ndarray", channel: int, layer: str) -> None:
    st.image(picture(maps[channel]), width="stretch", alt=f"Channel {channel} of {layer}")
    st.caption(f"Channel {channel} of {len(maps):,}")


# ------------------------------------------------------------------ similarity


def _compare(first: Looking, second: Looking) -> None:
    """Let a person choose images, and compare all layers over them."""
    pair = first, second
    of_run = next((each for each in pair if cached.learned_from(each.subject)), first)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.selectbox(
            "Over these images", titles(of_run.subject), key=f"two.set.{of_run.key}"
        )
        count = st.segmented_control(
            "How many", _COUNTS, default=128, required=True, key="two.count"
        )
        wanted = st.button("Compare all layers", icon=":material/grid_on:", key="two.compare")
    images = image_set(title, of_run.subject)
    count = min(count, images.size)
    kept = _kept(first.subject, second.subject, images.name, count)
    if wanted and not ("found" in kept and kept["found"].images == count):
        _estimate(first.subject, second.subject, images, count, kept)
    if "found" in kept:
        _draw_matrix(first, second, kept["found"], count)
    st.caption(images.about)


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(first: Subject, second: Subject, images: str, count: int) -> "dict[str, Similarity]":
    """Return where the similarity of two networks over everybody's images is kept."""
    return {}


def _estimate(
    first: Subject, second: Subject, images: ImageSet, count: int, kept: dict[str, "Similarity"]
) -> None:
    """Compare batch by batch; what is there when it is stopped stays."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, f"0 of {count} images")
        st.button("Stop", icon=":material/stop:", key="two.stop")
    for found in _steps(first, second, images, count):
        kept["found"] = found
        bar.progress(found.images / count, f"{found.images} of {count} images")
    place.empty()


def _steps(first: Subject, second: Subject, images: ImageSet, count: int) -> "Iterator[Similarity]":
    from cvexplore.interpret.similarity import batch_size, similarity

    models = [cached.network(each) for each in (first, second)]
    layers = [_layers(each) for each in (first, second)]
    sizes = [
        batch_size(cached.traced(each.name, each.options), chosen, _AT_ONCE)
        for each, chosen in zip((first, second), layers, strict=True)
    ]
    batches = _batches(first, second, images, count, min(sizes))
    steps = similarity(models[0], layers[0], models[1], layers[1], batches)
    while True:
        with cached.two_at_once:
            found = next(steps, None)
        if found is None:
            return
        yield found


def _batches(
    first: Subject, second: Subject, images: ImageSet, count: int, size: int
) -> "Iterator[tuple[Tensor, Tensor]]":
    """Yield the same images as either network takes them, in batches of about one size."""
    order = random.Random(0).sample(range(count), count)  # a batch is no better than its chance
    batches = math.ceil(count / size)
    for batch in range(batches):
        places = order[count * batch // batches : count * (batch + 1) // batches]
        yield (
            images.prepared(places, cached.preparation(first)),
            images.prepared(places, cached.preparation(second)),
        )


def _layers(subject: Subject) -> tuple[str, ...]:
    from cvexplore.interpret.similarity import representative_layers

    return representative_layers(cached.traced(subject.name, subject.options))


def _draw_matrix(first: Looking, second: Looking, found: "Similarity", count: int) -> None:
    rows, columns = _layers(first.subject), _layers(second.subject)
    shown = first.layer in rows and second.layer in columns
    st.plotly_chart(
        similarity_matrix(
            found.values,
            rows,
            columns,
            names=(_title(first.subject), _title(second.subject)),
            picked=(rows.index(first.layer), columns.index(second.layer)) if shown else None,
        ),
        key=_CHART,
        on_select=lambda: _click(first, second.subject),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"Similarity of {len(rows)} layers of {first.subject.name} and {len(columns)} layers "
        f"of {second.subject.name}, from {found.values.min():.2f} to {found.values.max():.2f}",
    )
    stopped = f", where {count} were asked for" if found.images < count else ""
    st.caption(
        f"Linear CKA, estimated without bias from {found.images} images{stopped}. 1: the images "
        "that look alike to one layer look alike to the other; 0: they have nothing in common. A "
        "bright diagonal says that both do the same at the same depth, a bright block that its "
        "layers change little. Click a square to see its two layers above. Sources: "
        "[Kornblith et al. 2019](https://arxiv.org/abs/1905.00414), in batches "
        "[Nguyen et al. 2021](https://arxiv.org/abs/2010.15327)."
    )


def _click(first: Looking, second: Subject) -> None:
    """Look at the pair of layers that was clicked."""
    rows, columns = _layers(first.subject), _layers(second)
    for point in st.session_state[_CHART]["selection"]["points"]:
        row, column = point["customdata"]
        st.session_state[f"layer.{first.key}"] = rows[row]
        st.session_state[_layer_key(first, second, rows[row])] = columns[column]


def _title(subject: Subject) -> str:
    return f"{subject.name.rpartition('/')[2]} · {_words(subject)}"


def _words(subject: Subject) -> str:
    bundled = f"trained on {weights.bundled_from(subject.name)}"
    said = {"random": "random weights", "bundled": bundled, "pretrained": "published"}
    return said.get(subject.weights, subject.weights)
