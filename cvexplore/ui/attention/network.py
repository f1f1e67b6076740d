"""The whole network: from one layer's attention to what the answer comes from."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.figures.attribution import attribution_over, attribution_small
from cvexplore.ui import cached
from cvexplore.ui.attention import Attending, flowing, objects, recorded
from cvexplore.ui.attention.methods import CAUTION, METHODS
from cvexplore.ui.attention.step_table import number
from cvexplore.ui.cached import Subject, two_at_once
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from cvexplore.attention import AttentionLayer, Recording
    from cvexplore.attention.carrying import Attribution, Start

_CAP = 2**30  # bytes of weights, where a session keeps too few: freed when the map is made


def show(attending: Attending) -> None:
    """Draw which places of the image the answer comes from, by one of four methods."""
    name = st.segmented_control(
        "Method", list(METHODS), default="Rollout", required=True, key="network.method"
    )
    method = METHODS[name]
    if attending.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: maps show how the network is wired (windows, "
            "merging, residual connections), nothing learned."
        )
    if name in ("Relevance", "LeGrad") and objects.applies(attending.subject):
        st.info(
            "A detector gives each query classes of its own, so there is no one score of a class "
            "to ask for. Choose Rollout: it follows one object query."
        )
        return
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    left, right = st.columns(2, gap="medium")
    with right:
        st.latex(method.formula)
        st.markdown(
            f"{method.says}  \n**Not shown:** {method.not_shown}  \n:gray[Source: {method.source}.]"
        )
        st.caption(CAUTION)
    with controls:
        start, label = _pick_start(attending) if name in ("Rollout", "Flow") else (None, "")
        if name == "Flow":
            with left:
                found = flowing.show(attending, start)
            if found is not None:
                with left:
                    _draw(attending, found, start, "Attention flow", label)
            return
        found, words = _rollout(attending, start) if name == "Rollout" else _slopes(attending, name)
    with left:
        _draw(attending, found.map.numpy(), start, words, label)
    _facts(found, name)
    _build_up(attending, found, name)


# ------------------------------------------------------------------ pick


def _pick_start(attending: Attending) -> "tuple[Start | None, str]":
    """Ask whose row to draw; the first choice is what the answer is read off."""
    from cvexplore.attention import TOKEN
    from cvexplore.attention.carrying import Start
    from cvexplore.attention.tokens import token_names

    last = _last(attending)
    if last is None:
        return None, ""
    model, places = cached.network(attending.subject), last.on_image
    tokens = token_names(model, places.queries) if bool((places.queries == TOKEN).any()) else ()
    choices: dict[str, Start] = {_capital(each): Start(token=i) for i, each in enumerate(tokens)}
    rows, columns = places.query_grid
    if rows:
        choices["Mean of all places"] = Start()
        choices["One place"] = Start(place=0)
    pooled = rows and getattr(model, "global_pool", "token") == "avg"
    label = st.selectbox(
        "Whose row",
        list(choices),
        index=len(tokens) if pooled else objects.surest(attending),
        key=f"network.start.{attending.key}",
        help="Where the way back through the network starts: to begin with at what the classifier "
        "reads, or at the surest object query",
        width=200,
    )
    if label != "One place":
        return choices[label], label
    row = _number("Row", rows, attending)
    column = _number("Column", columns, attending)
    return Start(place=row * columns + column), f"The token in row {row + 1}, column {column + 1}"


def _number(word: str, count: int, attending: Attending) -> int:
    key = f"network.{word}.{attending.key}"
    return int(st.number_input(word, 1, count, (count + 1) // 2, key=key, width=120)) - 1


def _rollout(attending: Attending, start: "Start | None") -> "tuple[Attribution, str]":
    fuse = st.segmented_control(
        "Heads become one by",
        ["mean", "max", "min"],
        default="mean",
        required=True,
        key="network.fuse",
        help="The largest of all heads keeps what a single head saw; the mean is the paper's",
    )
    discard = st.slider(
        "Discard the smallest weights",
        0,
        95,
        0,
        step=5,
        format="%d %%",
        key="network.discard",
        help="The share of each layer's weights that is set to 0: what is left stands out",
        width=240,
    )
    picture = attending.picture
    found = _rolled(
        attending.subject, picture.image, picture.fingerprint, start, fuse, discard / 100
    )
    return found, "Attention rollout"


def _slopes(attending: Attending, name: str) -> "tuple[Attribution, str]":
    index, label = _pick_class(attending)
    picture = attending.picture
    relevant, sensitive = _by_gradients(
        attending.subject, picture.image, picture.fingerprint, index
    )
    return (relevant if name == "Relevance" else sensitive), f"{name} for {label}"


def _pick_class(attending: Attending) -> tuple[int, str]:
    """Ask for a class, the likeliest first."""
    from cvexplore.attention.recording import class_scores

    subject, picture = attending.subject, attending.picture
    count = class_scores(attending.all_attention().output).shape[1]
    answer: Any = cached.answered(subject, picture.image, picture.fingerprint)
    first = {each.index: f"{each.label} · {each.probability:.1%}" for each in answer}
    names = dict(enumerate(catalog.labels(subject.name, subject.weights)))
    others = [each for each in range(count) if each not in first]
    index = st.selectbox(
        "Class",
        [*first, *others],
        format_func=lambda each: first.get(each) or names.get(each, f"class {each}"),
        key=f"network.class.{attending.key}.{picture.fingerprint}",
        help="The likeliest come first; type to find another",
        width=320,
    )
    return index, names.get(index, f"class {index}")


# ------------------------------------------------------------------ show


def _draw(
    attending: Attending, map_: "np.ndarray", start: "Start | None", words: str, label: str
) -> None:
    smooth = st.toggle("Blend between places", value=True, key="network.smooth")
    place = start.place if start else None
    last = _last(attending)
    if place is not None and last is not None:
        place = _on_grid(place, last.on_image.query_grid, map_.shape)
    whose = f", {label[:1].lower()}{label[1:]}" if label else ""
    low, high = (number(float(end), 3) for end in (map_.min(), map_.max()))
    st.image(
        attribution_over(attending.square, map_, smooth=smooth, place=place),
        width="stretch",
        alt=f"{words}{whose}, over {attending.picture.name}",
        caption=f"{words}{whose}: from {low} (dark) to {high} (bright)",
    )


def _on_grid(place: int, grid: tuple[int, int], onto: tuple[int, ...]) -> int | None:
    """Return a place on a map of another grid; None where it covers several of its places."""
    return place if tuple(onto) == tuple(grid) else None


def _facts(found: "Attribution", name: str) -> None:
    shares = found.map.flatten().sort(descending=True).values
    total = float(shares.sum())
    half = int((shares.cumsum(0) < total / 2).sum()) + 1
    row, column = divmod(int(found.map.argmax()), found.map.shape[1])
    on_tokens = name == "Rollout" and len(found.tokens) > 0
    with st.grid(3 if on_tokens else 2, min_column_width=130, border=True):
        st.metric("Strongest at", f"{row + 1}, {column + 1}", help="Its row and column")
        st.metric(
            "Half lies in",
            f"{half} / {len(shares)}",
            help="The fewest places that hold half of the map, of all places",
        )
        if on_tokens:
            st.metric(
                "On tokens",
                f"{float(found.tokens.sum()):.1%}",
                help="What comes from tokens that stand for no place, such as the class token",
            )
    if found.branches:
        st.caption(
            ":material/call_split: This network has branches side by side. They are taken one "
            "after another here, so the map is a rough one."
        )
    if found.skipped:
        names = ", ".join(plain(each) for each in found.skipped[:3])
        more = f" and {len(found.skipped) - 3} more" if len(found.skipped) > 3 else ""
        st.caption(f"Passed over, since they do not attend between places: {names}{more}.")


def _build_up(attending: Attending, found: "Attribution", name: str) -> None:
    """Draw the map after each layer, or of LeGrad what each layer adds to it."""
    if len(found.layers) < 2:
        return
    st.subheader("Layer by layer")
    if name == "LeGrad":
        st.caption("What each layer adds; the map above is their mean. Each has its own colours.")
    else:
        st.caption("The map if the network ended after this layer. Each has its own colours.")
    square = attending.square
    with st.grid(8, min_column_width=96, gap="small"):
        for after, (layer, each) in enumerate(zip(found.layers, found.by_layer, strict=True), 1):
            small = attribution_small(square, each.numpy())
            said = str(after) if each.any() else f"{after}: nothing yet"
            st.image(small, width="stretch", caption=said, alt=f"After {layer}")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# ------------------------------------------------------------------ compute


def _last(attending: Attending) -> "AttentionLayer | None":
    """Return the last layer that looks at places, whose rows can be asked for."""
    spatial = [each for each in attending.all_attention().layers if each.kind == "spatial"]
    return spatial[-1] if spatial else None


@st.cache_resource(max_entries=8, scope="session", show_spinner="Following it through the layers…")
def _rolled(
    subject: Subject,
    _image: "Image",
    fingerprint: str,
    start: "Start | None",
    fuse: Any,
    discard: float,
) -> "Attribution":
    from cvexplore.attention.rollout import rollout

    kept = recorded.whole(subject, _image, fingerprint)
    recording = _record(subject, _image, None) if kept.left_out else kept
    return rollout(recording, start, fuse=fuse, discard=discard)


@st.cache_resource(max_entries=8, scope="session", show_spinner="Asking for the slopes…")
def _by_gradients(
    subject: Subject, _image: "Image", fingerprint: str, target: int
) -> "tuple[Attribution, Attribution]":
    """Return relevance and LeGrad; the recording, with its gradients, is not kept."""
    from cvexplore.attention.legrad import legrad
    from cvexplore.attention.relevance import relevance

    recording = _record(subject, _image, target)
    return relevance(recording), legrad(recording)


def _record(subject: Subject, image: "Image", target: int | None) -> "Recording":
    from cvexplore.attention import record

    with two_at_once:
        return record(
            cached.network(subject),
            recorded.prepared(subject, image),
            locations=recorded.located(subject),
            check=False,
            target=target,
            cap=_CAP,
        )
