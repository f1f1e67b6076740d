"""The layers of a design as rows: each a button that opens its form in place."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.designs import Design, Layer, count
from cvexplore.designs.edits import Place
from cvexplore.ui import designing
from cvexplore.ui.designing import form
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from cvexplore.designs.network import Step
    from cvexplore.plugins import Option

_ALL_OPEN = 30  # layers that a person overlooks at once
# Options that a row says even where they are the defaults, and in which words.
_SAID = {
    "channels": "{} filters",
    "kernel": "{0} × {0}",
    "function": "{}",
    "features": "{} outputs",
    "times": "{} times",
    "heads": "{} heads",
    "method": "{}",
    "patch_size": "patches of {0} × {0}",
    "window": "windows of {0} × {0}",
    "share": "{:.0%}",
    "ratio": "× {:g}",
}
_SPECIAL = {("channels", 0): "as many filters", ("times", 1): "once"}
_QUIET = ("bias", "padding", "epsilon", "first_scale", "width", "dropout", "side")

# A row is one button: what the layer is at its left, what comes out of it at its right.
_STYLE = """<style>
[class*="st-key-row"] button { min-height: 2rem; padding-top: .2rem; padding-bottom: .2rem; }
[class*="st-key-row"] button div, [class*="st-key-row"] button [data-has-shortcut] { width: 100%; }
[class*="st-key-row"] button p {
  display: flex; flex-wrap: wrap; gap: 0 .55rem; text-align: left; align-items: baseline;
}
[class*="st-key-row"] button p > span:last-child { margin-left: auto; font-size: .9em; }
[class*="st-key-row"] button p > strong { min-width: 1.4rem; }
[class*="st-key-inside"] { padding-left: 1.1rem; border-left: 2px solid #8884; }
</style>"""


def show(design: Design, steps: Sequence["Step"]) -> None:
    """Draw every layer with what comes of it; the selected one with its form."""
    st.html(_STYLE)
    place = designing.selected(design)
    known = {step.place: step for step in steps}
    with st.container(key="layers", gap="xxsmall"):
        _rows(design, design.layers, (), known, place)
        form.add("Add a layer", (len(design.layers) + 1,), _last(design, known))


def _last(design: Design, known: Mapping[Place, "Step"]) -> object:
    return known[(len(design.layers),)].outgoing if design.layers else None


def _rows(
    design: Design,
    layers: tuple[Layer, ...],
    above: Place,
    known: Mapping[Place, "Step"],
    selected: Place | None,
) -> None:
    for index, layer in enumerate(layers, 1):
        place = (*above, index)
        step = known[place]
        st.button(
            _label(step),
            key=f"row.{'.'.join(map(str, place))}",
            type="secondary" if place == selected else "tertiary",
            icon=":material/block:" if step.reason else None,
            width="stretch",
            on_click=designing.select,
            args=(None if place == selected else place,),
        )
        if step.reason:
            st.error(step.reason, icon=":material/block:")
        if place == selected:
            form.show(design, step)
        if layer.inside and _is_open(design, place, selected, known):
            with st.container(key=f"inside-{'-'.join(map(str, place))}", gap="xxsmall"):
                _rows(design, layer.inside, place, known, selected)


def _is_open(
    design: Design, place: Place, selected: Place | None, known: Mapping[Place, "Step"]
) -> bool:
    """Say whether the layers inside are shown: in a small design, or on the way to what matters."""
    if count(design.layers) <= _ALL_OPEN:
        return True
    told = [selected] if selected else []
    told += [each for each, step in known.items() if step.reason]
    return any(each[: len(place)] == place for each in told)


def _label(step: "Step") -> str:
    """Return a row's words; every option was checked, so that none is anybody's markup."""
    from cvexplore.designs.blocks import BLOCKS

    layer = step.layer
    name = layer.kind.replace("_", " ")
    said = [_option(each, layer) for each in BLOCKS.options(layer.kind)]
    if layer.inside:
        said.append(f"{len(layer.inside)} layer{'s' if layer.inside[1:] else ''} inside")
    made = f"{step.outgoing}" if step.outgoing else "?"
    learns = f" · {compact(step.parameters)}" if step.parameters else ""
    about = ", ".join(filter(None, said))
    return (
        f"**{'.'.join(map(str, step.place))}** {name} {about and f':gray[{about}]'} "
        f":gray[{made}{learns}]"
    )


def _option(option: "Option", layer: Layer) -> str:
    """Return an option in a word or two: what defines the layer, and what is not as usual."""
    value = layer.get(option.name, option.default)
    if option.name in _SAID:
        return _SPECIAL.get((option.name, value)) or _SAID[option.name].format(value)
    if value == option.default or option.name in _QUIET:
        return ""
    name = option.name.replace("_", " ")
    if option.type is bool:
        return name if value else f"no {name}"
    return f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
