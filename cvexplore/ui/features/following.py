"""How a layer and the prediction follow a change at every strength, and all layers at one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.experiments import answer_curves, depth_curves, layer_curves
from cvexplore.ui import cached
from cvexplore.ui.features import Looking, before_after
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from cvexplore.interpret.changes import Change
    from cvexplore.interpret.equivariance import Baseline, Response

_BATCH = 4  # images in a forward pass of the curve; between passes it can be stopped
_AT_ONCE = 150e9  # multiply-adds; what takes more begins when someone says so
_STATIONS = 12  # layers of the curve through the network, at most


def draw_curves(
    looking: Looking,
    original: "Baseline",
    sweep: dict[float, "Change"],
    now: float,
    title: str,
) -> None:
    """Draw how the layer and the prediction follow at every strength, measuring what is missing.

    Args:
        looking: what stands on the page.
        original: what the network makes of the original.
        sweep: the change at each strength.
        now: the strength to mark.
        title: of the axis.
    """
    fixed = repr(next(iter(sweep.values())))  # the other options, with the first strength
    done = _shelf(looking.subject, looking.picture.fingerprint, looking.layer, fixed)
    _fill(looking, original, sweep, done, key=f"{looking.key}.{fixed}")
    if not done:
        return
    strengths = [each for each in sweep if each in done]
    effects = [done[each].effect for each in strengths]
    left, right = st.columns(2)
    with left:
        st.markdown("**How far the layer's maps are off**")
        differences = [done[each].layers[looking.layer] for each in strengths]
        st.plotly_chart(
            layer_curves(strengths, differences, now=now, title=title),
            config={"displaylogo": False},
            key="experiment.layer",
            alt=f"How far the maps of {looking.layer} are off, at each strength",
        )
    with right:
        st.markdown("**What becomes of the prediction**")
        told_effects = [each for each in effects if each is not None]
        if not told_effects:
            st.caption("This network does not return one score a class.")
            return
        st.plotly_chart(
            answer_curves(
                strengths,
                told_effects,
                now=now,
                title=title,
                label=before_after.likeliest(looking, original.seen.output),
            ),
            config={"displaylogo": False},
            key="experiment.answer",
            alt="Probability of the first answer, and distance from it, at each strength",
        )
    st.caption(
        "Relative differences: 0 is none at all, and about 1.4 is what unrelated maps have. What "
        "comes in at the border of the image reaches into the maps, so even a layer that is "
        "exactly equivariant inside is a little off."
    )


def _fill(
    looking: Looking,
    original: "Baseline",
    sweep: dict[float, "Change"],
    done: dict[float, "Response"],
    key: str,
) -> None:
    """Measure the strengths that are missing, until all are there or someone stops it."""
    from cvexplore.interpret.equivariance import responses

    missing = [each for each in sweep if each not in done]
    if not missing:
        return
    subject, going = looking.subject, f"experiment.going.{key}"

    def go(on: bool) -> None:
        st.session_state[going] = on

    macs = cached.traced(subject.name, subject.options).macs * len(missing)
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        if not st.session_state.get(going, macs <= _AT_ONCE):
            st.caption(
                f"{len(done)} of {len(sweep)} strengths measured; the others take "
                f"{compact(2 * macs, 'FLOP')}."
            )
            words = "Measure the rest" if done else "Measure them"
            st.button(words, icon=":material/play_arrow:", on_click=go, args=(True,))
            return
        bar = st.progress(0.0)
        st.button("Stop", icon=":material/stop:", on_click=go, args=(False,))
    for start in range(0, len(missing), _BATCH):
        some = missing[start : start + _BATCH]
        bar.progress(len(done) / len(sweep), f"{len(done)} of {len(sweep)} strengths")
        with cached.two_at_once:
            found = responses(cached.network(subject), original, [sweep[each] for each in some])
            done.update(zip(some, found, strict=True))
    place.empty()


# ------------------------------------------------------------------ through the network


def draw_depth(looking: Looking, change: "Change") -> None:
    """Draw how layers from the first to the last follow one change, if someone asks."""
    from cvexplore.interpret.equivariance import responses

    if not st.toggle(
        "Through the whole network",
        key="experiment.depth",
        help="The same measure for layers from the first to the last, at this strength",
    ):
        return
    original = original_seen(looking, _stations(looking))
    with cached.two_at_once:
        (found,) = responses(cached.network(looking.subject), original, [change])
    st.plotly_chart(
        depth_curves(list(found.layers), list(found.layers.values()), picked=looking.layer),
        config={"displaylogo": False},
        key="experiment.depths",
        alt="How far the maps of layers through the network are off",
    )
    if change.motion:
        st.caption(
            "A convolution's maps move along with the image; each stride or pooling makes them "
            "coarser, so they move along less exactly and change less. A layer that keeps no "
            "places, such as the last pooling, can only be invariant."
        )


def _stations(looking: Looking) -> tuple[str, ...]:
    """Return layers evenly through the network, in the order they run, and the chosen one."""
    from cvexplore.interpret.similarity import representative_layers

    trace = cached.traced(looking.subject.name, looking.subject.options)
    order = {path: place for place, path in enumerate(trace.kinds)}
    chosen = {looking.layer} & order.keys()
    wanted = {*representative_layers(trace, _STATIONS), *chosen}
    return tuple(sorted(wanted, key=order.__getitem__))


# ------------------------------------------------------------------ computed once


def original_seen(looking: Looking, layers: Sequence[str] = ()) -> "Baseline":
    """Return what the network makes of the original at these layers, else at the chosen one."""
    which = tuple(layers) or (looking.layer,)
    return _seen(looking.subject, looking.picture.fingerprint, which, looking)


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _seen(
    subject: cached.Subject, fingerprint: str, layers: tuple[str, ...], _looking: Looking
) -> "Baseline":
    from torchvision.transforms.v2 import functional as transforms

    from cvexplore.interpret.equivariance import baseline

    preparation = cached.preparation(subject)
    mean, std = list(preparation.mean), list(preparation.std)
    with cached.two_at_once:
        return baseline(
            cached.network(subject),
            before_after.square(_looking),
            lambda squares: transforms.normalize(squares, mean, std),
            layers,
        )


@st.cache_resource(max_entries=12, scope="session", show_spinner=False)
def _shelf(
    subject: cached.Subject, fingerprint: str, layer: str, change: str
) -> dict[float, "Response"]:
    """Return where the responses of one layer to one change are kept, by strength."""
    return {}
