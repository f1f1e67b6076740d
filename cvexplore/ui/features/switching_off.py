"""Switch a layer or some of its channels off: what the prediction loses."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.errors import LayerError
from cvexplore.figures.experiments import needed_channels
from cvexplore.ui import cached
from cvexplore.ui.features import Looking, before_after
from cvexplore.ui.messages import told

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.interpret.ablation import Instead, Need

_FEW = 32  # channels tried to begin with: those that are most active
_BATCH = 4  # images in a forward pass; between passes it can be stopped
_LAYER: dict["Instead", str] = {"zero": "Zeros", "mean": "Its own means", "input": "Its input"}
_HELP = (
    "Zeros: nothing at all. Its own means: each channel says the same at every place. Its input: "
    "the layer is skipped, which only one that keeps the shape allows (arXiv:1605.06431)."
)


# No fragment here: a click in one waits for its end, and Stop is to interrupt.
def show(looking: Looking) -> None:
    """Draw what the prediction loses without the layer or channels that someone chooses."""
    subject = looking.subject
    with told():
        if looking.layer not in cached.traced(subject.name, subject.options).kinds:
            raise LayerError(
                f"{looking.layer} is a function between layers, which cannot be switched off; "
                "choose the block it stands in, or a layer beside it."
            )
        image, output, activity = _before(looking)
        if getattr(output, "ndim", 0) != 2:
            raise LayerError("This network does not return one score a class; choose a classifier.")
        channels, instead = _pick(looking, activity)
        _draw_loss(looking, image, output, channels, instead)
        _draw_needs(looking, image, output, activity, "mean" if instead == "mean" else "zero")


def _pick(looking: Looking, activity: "Tensor") -> tuple[list[int] | None, "Instead"]:
    """Let a person choose what is switched off; None stands for the whole layer."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        whole = "The whole layer"
        part = st.segmented_control(
            "Switch off", [whole, "Channels"], default=whole, required=True, key="off.part"
        )
        allowed: list[Instead] = [each for each in _LAYER if part == whole or each != "input"]
        instead: Instead = st.segmented_control(  # pyright: ignore[reportAssignmentType]
            "In their place",
            allowed,
            default="zero",
            format_func=_LAYER.__getitem__,
            required=True,
            key=f"off.instead.{part}",
            help=_HELP,
        )
    if part == whole:
        return None, instead
    order = activity.argsort(descending=True).tolist()
    channels = st.multiselect(
        "Channels",
        order,
        order[:1],
        format_func=lambda each: f"channel {each}",
        key=f"off.channels.{looking.key}.{looking.layer}",
        help="Those with the largest values on this image come first.",
    )
    return channels, instead


def _draw_loss(
    looking: Looking,
    image: "Tensor",
    before: Any,
    channels: list[int] | None,
    instead: "Instead",
) -> None:
    from cvexplore.interpret.ablation import switched_off

    with cached.two_at_once:
        after = switched_off(
            cached.network(looking.subject), image, looking.layer, channels, instead
        )
    old, new = before[0].double().softmax(0), after[0].double().softmax(0)
    first = int(old.argmax())
    with st.grid(3, min_column_width=180, border=True):
        st.metric(
            f"Probability of {before_after.likeliest(looking, before)}",
            f"{new[first]:.1%}",
            f"{100 * (new[first] - old[first]):+.1f} points",
        )
        st.metric("Likeliest now", before_after.likeliest(looking, after))
        st.metric(
            "Answer distance",
            f"{0.5 * (new - old).abs().sum():.1%}",
            help="Total variation of the classes' probabilities: 0 % the same, 100 % none alike.",
        )
    before_after.classes(looking, before, after, key=f"off.classes.{looking.key}")


# ------------------------------------------------------------------ one channel after the other


def _draw_needs(
    looking: Looking, image: "Tensor", before: Any, activity: "Tensor", instead: "Instead"
) -> None:
    st.subheader("Which channel does this prediction need most?")
    order = activity.argsort(descending=True).tolist()
    few = order[:_FEW]
    found = _shelf(looking.subject, looking.picture.fingerprint, looking.layer, instead)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = order
        if len(order) > _FEW and not st.toggle(
            f"All {len(order):,} channels", key=f"off.all.{looking.key}.{looking.layer}"
        ):
            asked = few
        missing = [each for each in asked if each not in found]
        label = f"Try {len(missing)} channels" if missing else "All of them are tried"
        go = st.button(label, icon=":material/play_arrow:", disabled=not missing, key="off.try")
    st.caption(
        f"Each is switched off alone, its place taken by {_LAYER[instead].lower()}"
        + (f"; the {_FEW} most active on this image." if asked is not order else ".")
    )
    if go:
        _fill(looking, image, missing, instead, found)
    if found:
        first = before[0].double().softmax(0)
        st.plotly_chart(
            needed_channels(list(found.values()), before=first.max().item()),
            config={"displaylogo": False},
            key="off.needs",
            alt=f"Change of the first answer's probability without each channel of {looking.layer}",
        )
        _say_needs(looking, found, int(first.argmax()), first.max().item())


def _fill(
    looking: Looking,
    image: "Tensor",
    missing: list[int],
    instead: "Instead",
    found: dict[int, "Need"],
) -> None:
    """Try the missing channels; a click on Stop ends the script here, and what is found stays."""
    from cvexplore.interpret.ablation import needs

    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button("Stop", icon=":material/stop:", key="off.stop")
    model = cached.network(looking.subject)
    for start in range(0, len(missing), _BATCH):
        bar.progress(start / len(missing), f"{start} of {len(missing)} channels")
        with cached.two_at_once:
            some = missing[start : start + _BATCH]
            for need in needs(model, image, looking.layer, some, instead):
                found[need.channel] = need
    place.empty()
    st.rerun()


def _say_needs(looking: Looking, found: dict[int, "Need"], first: int, before: float) -> None:
    most = min(found.values(), key=lambda each: each.probability)
    others = [each for each in found.values() if each.likeliest != first]
    st.caption(
        f"{len(found)} channels tried. Without channel {most.channel} the probability is "
        f"{most.probability:.1%} instead of {before:.1%}; "
        + (
            f"without {len(others)} of them, each alone, another class is likelier."
            if others
            else "whichever of them is off, the likeliest class stays."
        )
    )


# ------------------------------------------------------------------ computed once


def _before(looking: Looking) -> tuple["Tensor", Any, "Tensor"]:
    return _seen(looking.subject, looking.picture.fingerprint, looking.layer, looking)


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _seen(
    subject: cached.Subject, fingerprint: str, layer: str, _looking: Looking
) -> tuple["Tensor", Any, "Tensor"]:
    """Return the image as the network takes it, the prediction, and each channel's mean size."""
    from cvexplore import images
    from cvexplore.interpret.activations import capture, maps_at

    model = cached.network(subject)
    prepared = images.prepare(_looking.picture.image, cached.preparation(subject))
    with cached.two_at_once:
        seen = capture(model, prepared, [layer])
    return prepared, seen.output, maps_at(seen, layer, model).maps[0].abs().mean((1, 2))


@st.cache_resource(max_entries=12, scope="session", show_spinner=False)
def _shelf(
    subject: cached.Subject, fingerprint: str, layer: str, instead: str
) -> dict[int, "Need"]:
    """Return where is kept what is left of the prediction without each channel."""
    return {}
