"""Experiments: change the image, or switch a layer off, and see what follows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.figures.experiments import on_one_scale
from cvexplore.plugins import Option
from cvexplore.ui import cached
from cvexplore.ui.features import Looking, before_after, following, switching_off
from cvexplore.ui.messages import told

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.interpret.changes import Change
    from cvexplore.interpret.equivariance import Baseline, Followed

_ORDER = ("shift", "rotate", "scale", "blur", "recolour", "occlude")
_ALL = -1  # stands for the mean over all channels


def show(looking: Looking) -> None:
    """Draw the experiment that someone chooses."""
    kinds = {"Change the image": _change, "Switch off": switching_off.show}
    kind = st.segmented_control(
        "Experiment", list(kinds), default="Change the image", required=True, key="experiment"
    )
    kinds[kind](looking)


# No fragment here: a click in one waits for its end, and Stop and the sliders are to interrupt.
def _change(looking: Looking) -> None:
    from cvexplore.interpret.changes import CHANGES, stops

    names = sorted(CHANGES, key=lambda name: (*_ORDER, name).index(name))
    name = st.segmented_control(
        "Change", names, default=names[0], format_func=str.capitalize, required=True, key="change"
    )
    side = cached.preparation(looking.subject).image_size
    first, *others = CHANGES.options(name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"change.{name}.{side}"
        strength = _value(first, stops(first, side), key)
        fixed = {each.name: _value(each, each.range and stops(each, side), key) for each in others}
    st.caption(CHANGES.summary(name))
    sweep = {each: CHANGES[name](**{first.name: each, **fixed}) for each in stops(first, side)}
    with told():
        original = following.original_seen(looking)
        _draw_maps(looking, original, sweep[strength])
        following.draw_curves(looking, original, sweep, strength, _title(first))
        following.draw_depth(looking, sweep[strength])


def _value(option: Option, stops: Sequence[float] | None, key: str) -> Any:
    """Draw the widget of one option of a change and return what it stands at."""
    label, key = option.name.capitalize(), f"{key}.{option.name}"
    if stops is None:
        return st.segmented_control(
            label, option.choices, default=option.default, required=True, key=key
        )
    unit = option.range.unit if option.range else ""
    return st.select_slider(
        label, stops, option.default, format_func=lambda value: f"{value:g} {unit}", key=key,
        help=option.help,
    )  # fmt: skip


def _title(option: Option) -> str:
    return f"{option.name.capitalize()} ({option.range.unit if option.range else ''})"


# ------------------------------------------------------------------ at one strength


def _draw_maps(looking: Looking, original: "Baseline", change: "Change") -> None:
    from cvexplore.interpret.equivariance import followed

    model = cached.network(looking.subject)
    with cached.two_at_once:
        found = followed(model, original, change, looking.layer)
    _draw_pictures(looking, original, change, found)
    difference, effect = found.response.layers[looking.layer], found.response.effect
    with st.grid(4 if effect else 2, min_column_width=140, border=True):
        if difference.moved is not None:
            st.metric("Equivariance error", f"{difference.moved:.3f}")
        st.metric("Invariance error", f"{difference.unmoved:.3f}")
        if effect:
            label = before_after.likeliest(looking, original.seen.output)
            st.metric(
                "Probability", f"{effect.probability:.1%}", help=f"Of the first answer: {label}"
            )
            st.metric(
                "Answer distance",
                f"{effect.distance:.1%}",
                help="Total variation: half the sum of the absolute differences of all classes' "
                "probabilities. 0 %: the same; 100 %: no class in common.",
            )
    if difference.moved is not None:
        st.caption(
            "Equivariance error: how far the map is off from the original's, moved along, "
            "‖f(T x) − T f(x)‖ / ‖T f(x)‖ over the places known in both; at 0 it moves with the "
            "image. Invariance error: the same for the original's map as it was, "
            "‖f(T x) − f(x)‖ / ‖f(x)‖; at 0 it stays."
        )
    if effect:
        before_after.classes(
            looking, original.seen.output, found.output, key=f"change.classes.{looking.key}"
        )


def _draw_pictures(
    looking: Looking, original: "Baseline", change: "Change", found: "Followed"
) -> None:
    channel = _pick_channel(looking, original)
    changed = change(original.square)[0].clamp(0, 1).permute(1, 2, 0).squeeze(-1).numpy()
    pictures = {"The image, changed": changed}
    maps = found.maps.float()
    if maps[0].numel() > 1:
        one, expected = (
            each.abs().mean(0) if channel == _ALL else each[channel]
            for each in (maps, found.expected.float())
        )
        unknown = float("nan")
        along = expected.masked_fill(~found.known, unknown).numpy()
        shown = {
            "Its map": one.numpy(),
            "The original's map" + (", moved along" if change.motion else ""): along,
            "Difference": abs(one.numpy() - along) + _least(one.numpy(), along),
        }
        drawn = on_one_scale(list(shown.values()))
        pictures |= dict(zip(shown, drawn, strict=True))
    with st.grid(len(pictures), min_column_width=150):
        for name, picture in pictures.items():
            with st.container(gap="xsmall"):
                st.image(picture, width="stretch", alt=f"{name}: {looking.layer}")
                st.caption(name)
    if len(pictures) > 1:
        st.caption("One colour scale for all three maps; in the difference, the darkest is none.")
    else:
        st.caption(f"{looking.layer} keeps no places, so there is no map to draw.")


def _least(*maps: "np.ndarray") -> float:
    """Return the least value, where the colours begin: there a difference of zero stands."""
    return min(float(each[each == each].min(initial=float("inf"))) for each in maps)


def _pick_channel(looking: Looking, original: "Baseline") -> int:
    """Let a person choose a channel, those that vary most over the original first."""
    from cvexplore.interpret.activations import maps_at

    maps = maps_at(original.seen, looking.layer, cached.network(looking.subject)).maps[0]
    if maps[0].numel() == 1:
        return _ALL
    spread = maps.float().std((1, 2))
    order = spread.argsort(descending=True).tolist()
    return st.selectbox(
        "Channel",
        [*order, _ALL],
        format_func=lambda each: "mean size of all" if each == _ALL else f"channel {each}",
        key=f"experiment.channel.{looking.key}.{looking.layer}.{looking.picture.fingerprint}",
        help="Those that vary most over the original image come first.",
        width=220,
    )
