"""Networks that people put together: a design is a list of layers, as a value.

A design is data and never code. Its JSON may come from anybody, so ``from_json`` takes nothing on
trust; which kinds of layers there are, and what they do, is told by the folder ``blocks/``:

    Design(layers=(Layer("convolution", (("channels", 16),)), Layer("global_pooling"), …))

A layer's options are pairs that differ from the block's defaults, sorted by name: then equal layers
are equal values, and what was worked out for one holds for all.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvexplore.errors import DesignError, OptionError
from cvexplore.plugins import Option, Range

FORMAT = 1
MOST_BYTES = 200_000  # of a design's JSON
MOST_LAYERS = 500  # written down, whatever they hold
MOST_RUNNING = 2_000  # of a network, with every stack unrolled
DEEPEST = 6  # layers within layers
_LONGEST_TITLE = 60
# Messages repeat these words, so that nothing else than words may stand there.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORDS = re.compile(r"[A-Za-z0-9 ×.+-]{0,40}")
_LARGEST_NUMBER = 1e9

Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Layer:
    """One layer of a design.

    Args:
        kind: the name of a block, such as "convolution".
        options: what differs from the block's defaults, sorted by name.
        inside: the layers that this one holds, as a residual layer does.
    """

    kind: str
    options: Options = ()
    inside: tuple["Layer", ...] = ()

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of an option, if this layer says one."""
        return dict(self.options).get(name, otherwise)


@dataclass(frozen=True)
class Design:
    """A network as a list of layers, and what it is for.

    Args:
        title: what its maker calls it.
        channels: of the image.
        image_size: pixels a side that its shapes are worked out for.
        classes: scores it gives.
        layers: in the order they run.
    """

    title: str = "My network"
    channels: int = 1
    image_size: int = 28
    classes: int = 10
    layers: tuple[Layer, ...] = ()


# What a data set, or a person, may change of any design.
SETTINGS = (
    Option("classes", int, 10, Range(1, 10_000), help="number of outputs"),
    Option("channels", int, 1, Range(1, 16), help="of the image: 1 for grey and 3 for colour"),
    Option("image_size", int, 28, Range(4, 1024, unit="pixels"), help="pixels a side"),
)


def layer(kind: str, *inside: Layer, **options: Any) -> Layer:
    """Return a layer, its options sorted."""
    return Layer(kind, tuple(sorted(options.items())), inside)


def to_json(design: Design) -> str:
    """Return the design as text that ``from_json`` reads; equal designs give equal texts."""
    whole = {
        "cvexplore_design": FORMAT,
        "title": design.title,
        **{each.name: getattr(design, each.name) for each in SETTINGS},
        "layers": [_plain(each) for each in design.layers],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _plain(layer: Layer) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": layer.kind}
    if layer.options:
        said["options"] = dict(layer.options)
    if layer.inside:
        said["inside"] = [_plain(each) for each in layer.inside]
    return said


def read(path: Path) -> Design:
    """Return the design in a file.

    Raises:
        DesignError: it cannot be read, or holds no design.
    """
    try:
        with path.open("rb") as file:
            return from_json(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise DesignError(f"{path} cannot be read: {error.strerror}.") from None


def from_json(text: str | bytes) -> Design:
    """Return the design that ``to_json`` wrote, or that anybody wrote by hand.

    Raises:
        DesignError: it is not a design, or one larger than a shared server can bear.
    """
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(data) > MOST_BYTES:
        raise DesignError(f"A design has at most {MOST_BYTES // 1000} kB; this one has more.")
    try:
        given = json.loads(data.decode(), parse_constant=_no_number)
    except RecursionError:
        raise DesignError(f"A design has at most {DEEPEST} layers within layers.") from None
    except ValueError as error:
        raise DesignError(f"This is not a design's JSON: {error}.") from None
    if not isinstance(given, dict) or given.get("cvexplore_design") != FORMAT:
        raise DesignError('This is not a design: its JSON does not begin {"cvexplore_design": 1.')
    design = Design(
        title=_title(given.get("title", Design.title)),
        **{each.name: _setting(each, given) for each in SETTINGS},
        layers=_layers(given.get("layers", []), ()),
    )
    bounded(design)
    return design


def bounded(design: Design) -> None:
    """See to it that a design has no more layers than a shared server can bear.

    Raises:
        DesignError: it has; the message says how many are allowed.
    """
    if (deepest := _depth(design.layers)) > DEEPEST:
        raise DesignError(f"Layers lie {deepest} deep in each other; {DEEPEST} are allowed.")
    if (written := count(design.layers)) > MOST_LAYERS:
        raise DesignError(f"This design has {written:,} layers; {MOST_LAYERS} are allowed.")
    if (running := count(design.layers, unrolled=True)) > MOST_RUNNING:
        raise DesignError(
            f"With its stacks unrolled, this design has {_many(running)} layers; "
            f"{MOST_RUNNING:,} are allowed."
        )


def count(layers: tuple[Layer, ...], *, unrolled: bool = False) -> int:
    """Return the number of layers with all that they hold, as written or as they run."""
    whole = 0
    for each in layers:
        times = each.get("times", 2) if unrolled and each.kind == "stack" else 1
        inside = count(each.inside, unrolled=unrolled)
        whole += 1 + inside * (1 if isinstance(times, str) else int(times))
    return whole


def _depth(layers: tuple[Layer, ...]) -> int:
    return 1 + max((_depth(each.inside) for each in layers), default=0) if layers else 0


def _layers(given: Any, place: tuple[int, ...]) -> tuple[Layer, ...]:
    if not isinstance(given, list):
        raise DesignError(f"{_of(place)} must be a list of layers.")
    if len(place) >= DEEPEST and given:
        raise DesignError(f"A design has at most {DEEPEST} layers within layers.")
    if len(given) > MOST_LAYERS:
        raise DesignError(f"This design has {len(given):,} layers; {MOST_LAYERS} are allowed.")
    return tuple(_layer(each, (*place, index)) for index, each in enumerate(given, 1))


def _layer(given: Any, place: tuple[int, ...]) -> Layer:
    name = ".".join(map(str, place))
    if not isinstance(given, dict) or not isinstance(given.get("kind"), str):
        raise DesignError(f'Layer {name} is not a layer: it must say {{"kind": …}}.')
    kind, options = given["kind"], given.get("options", {})
    if not _NAME.fullmatch(kind):
        raise DesignError(f"Layer {name} is of a kind that no block can be called.")
    if not isinstance(options, dict) or not all(map(_NAME.fullmatch, options)):
        raise DesignError(f"Layer {name} ({kind}): its options must be names with values.")
    for key, value in options.items():
        if not _scalar(value):
            raise DesignError(
                f"Layer {name} ({kind}): {key} must be a word, a number, true or false."
            )
    return Layer(kind, tuple(sorted(options.items())), _layers(given.get("inside", []), place))


def _scalar(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_WORDS.fullmatch(value))
    number = isinstance(value, (bool, int, float))
    return number and abs(value) <= _LARGEST_NUMBER and math.isfinite(value)


def _title(given: Any) -> str:
    if not isinstance(given, str) or len(given) > _LONGEST_TITLE or not given.isprintable():
        raise DesignError(f"A design's title has at most {_LONGEST_TITLE} letters in one line.")
    return given.strip() or Design.title


def _setting(option: Option, given: Mapping[str, Any]) -> Any:
    try:
        return option.check(given.get(option.name, option.default))
    except OptionError:
        low, high = (option.range.low, option.range.high) if option.range else (1, 1)
        raise DesignError(
            f"The design's {option.name} must be a whole number between {low:g} and {high:g}."
        ) from None


def _of(place: tuple[int, ...]) -> str:
    return f"What layer {'.'.join(map(str, place))} holds" if place else "A design's layers"


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _many(number: int) -> str:
    return f"{number:,}" if number < 10**9 else "billions of"
