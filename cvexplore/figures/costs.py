"""Where a network costs: its modules as an icicle, each as large as what it spends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cvexplore.figures.theme import colour, frame
from cvexplore.trace.records import ROLES, Fact, Trace, role

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FACTS: Mapping[str, tuple[Fact, str]] = {
    "Parameters": ("parameters", "parameters"),
    "Multiply-adds": ("macs", "multiply-adds"),
    "Activation memory": ("activation_bytes", "bytes"),
}

_SMALL = 0.001  # of the whole: what is smaller shares a slice with its small neighbours
_GREY = "#7C8494"  # of the network itself: to be read on light and on dark
_TALL = 0.07  # of the whole: there is room for two lines
_MOST = 2000  # slices that a browser draws at once without delay


@dataclass(frozen=True)
class Slice:
    """One module, or the small ones of a module together.

    Args:
        path: the module's; of the small ones, their parent's and "/rest".
        parent: the path of the module around it; None for the network.
        label: what is written on it.
        value: what it spends.
        kind: its class, or how many small ones these are.
    """

    path: str
    parent: str | None
    label: str
    value: int
    kind: str


def slices(trace: Trace, fact: Fact, most: int = _MOST) -> tuple[Slice, ...]:
    """Return what each module spends, the network first, every parent before its parts.

    A module that runs several times has one slice, and so have modules that hold nothing but one
    another. Parts of one module that are each below a thousandth of the whole stand together as its
    rest; so the parts of a module fill it, and nothing is left out.

    Args:
        trace: of the network, unfolded.
        fact: what is spent.
        most: how many slices there may be; if there are more, larger ones are small too.
    """
    spent, kinds = _by_module(trace, fact)
    small = _SMALL * spent[""]
    while len(found := _sliced(spent, kinds, small)) > most:
        small *= 2
    return tuple(_merged(found))


def _by_module(trace: Trace, fact: Fact) -> tuple[dict[str, int], dict[str, str]]:
    spent, kinds = {"": 0}, {"": trace.kinds.get("", "network")}
    for layer in trace.layers:
        names = layer.path.split(".") if layer.path else []
        for end in range(len(names) + 1):
            path = ".".join(names[:end])
            spent[path] = spent.get(path, 0) + getattr(layer, fact)
            kinds.setdefault(path, trace.kinds.get(path, layer.kind))
    return spent, kinds


def _sliced(spent: dict[str, int], kinds: dict[str, str], small: float) -> list[Slice]:
    found = [Slice("", None, kinds[""], spent[""], "the network")]
    rests: dict[str, list[int]] = {}
    for path, value in spent.items():
        parent, _, name = path.rpartition(".")
        if path and value >= max(small, 1):
            found.append(Slice(path, parent, name, value, kinds[path]))
        elif path and value:
            rests.setdefault(parent, []).append(value)
    divided = {each.parent for each in found}
    for parent in rests.keys() & divided:
        values = rests[parent]
        kind = f"{len(values)} small {'parts' if len(values) > 1 else 'part'} together"
        found.append(Slice(f"{parent}/rest", parent, "rest", sum(values), kind))
    return found


def _merged(found: list[Slice]) -> Iterator[Slice]:
    """Yield the slices, a module that only holds one other as one slice with it."""
    parts: dict[str | None, list[Slice]] = {}
    for each in found:
        parts.setdefault(each.parent, []).append(each)
    waiting = [found[0]]
    while waiting:
        each = waiting.pop(0)
        inside = parts.get(each.path, [])
        while each.parent is not None and len(inside) == 1 and inside[0].value == each.value:
            label = f"{each.label}.{inside[0].label}"
            each = replace(inside[0], parent=each.parent, label=label)
            inside = parts.get(each.path, [])
        yield each
        waiting += (replace(part, parent=each.path) for part in inside)


def icicle(trace: Trace, title: str = "Parameters", height: int = 560) -> "Figure":
    """Return the network's modules side by side, the network on the left, its parts to the right.

    A click on a module zooms into it. Colours tell what layers serve.

    Args:
        trace: of the network, unfolded.
        title: what is drawn, a key of ``FACTS``.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Icicle, Scatter

    fact, unit = FACTS[title]
    found = slices(trace, fact)
    serves = _roles(found, trace)
    figure = Figure()
    shades = {each: colour(figure, ROLES.index(each)) for each in ROLES if each in serves.values()}
    figure.add_trace(
        Icicle(
            ids=[each.path or "/" for each in found],
            parents=["" if each.parent is None else each.parent or "/" for each in found],
            labels=[each.label for each in found],
            values=[each.value for each in found],
            customdata=[[each.path or each.label, each.kind] for each in found],
            marker={
                "colors": [shades.get(serves.get(each.path, ""), _GREY) for each in found],
                "line": {"width": 1},
            },
            branchvalues="total",
            sort=False,  # the order of the layers says where in the network one is
            leaf={"opacity": 1},
            tiling={"orientation": "h"},
            pathbar={"side": "bottom"},  # above it the legend stands
            text=[_text(each, found[0].value) for each in found],
            textinfo="text",
            hovertemplate=(
                "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
                f"%{{value:,}} {unit}<br>%{{percentRoot:.2%}} of the network, "
                "%{percentParent:.1%} of the module around it<extra></extra>"
            ),
        )
    )
    for name, shade in shades.items():  # an icicle has no legend of its own
        marker = {"symbol": "square", "size": 11, "color": shade}
        figure.add_trace(Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker))
    figure.update_layout(frame(height, uniformtext={"minsize": 9, "mode": "hide"}))
    figure.update_layout(legend={"itemclick": False, "itemdoubleclick": False}, dragmode=False)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def _roles(found: tuple[Slice, ...], trace: Trace) -> dict[str, str]:
    """Return what the layers among the slices serve, by path; a block serves many ends."""
    around = {each.parent for each in found}
    inner = {each.path for each in found} - around
    return {layer.path: role(layer.kind) for layer in trace.layers if layer.path in inner}


def _text(each: Slice, whole: int) -> str:
    share = each.value / max(1, whole)
    return f"{each.label}{'<br>' if share > _TALL else ' '}{share:.1%}"
