"""What the parameters of other people's constructors mean, by the names they go by.

timm and torchvision call the same thing by the same name in nearly all of their networks, so one
table says what a person may choose and what it does. A parameter that is not in it is not offered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cvexplore.plugins import Option, Range

_MOST_PLACES = 6  # of a value a stage; longer lists are not for sliders


@dataclass(frozen=True)
class Meaning:
    """What a parameter may be and what it does.

    Args:
        type: of its values.
        help: a clause for a person.
        range: of numbers.
        choices: instead of a range.
        also: further choices, offered only where a constructor's own checks name them.
    """

    type: type
    help: str
    range: Range | None = None
    choices: tuple[Any, ...] = ()
    also: tuple[Any, ...] = ()


def _whole(low: int, high: int, help: str, step: int = 1, unit: str = "") -> Meaning:
    return Meaning(int, help, Range(low, high, step, unit))


def _number(low: float, high: float, step: float | None, help: str) -> Meaning:
    return Meaning(float, help, Range(low, high, step))


def _share(help: str) -> Meaning:
    return _number(0, 0.9, 0.05, help)


def _switch(help: str) -> Meaning:
    return Meaning(bool, help)


_DEPTH = _whole(1, 64, "blocks, one after the other")
_WIDTH = _whole(8, 4096, "values a position: the width of the network", 8)
_HEADS = _whole(1, 64, "attention heads; they share the width among them, so it must divide evenly")
_WIDER = _number(0.25, 16, 0.25, "how much wider the hidden layer of a block's MLP is")
_KERNEL = _whole(1, 31, "pixels a side of the convolutions' kernels", 2)
_SCALE = _number(0, 2, None, "what each block's branch is multiplied by at first")
_GROUPS = _whole(1, 64, "groups a convolution is split into")
_LEFT_OUT = "share of the {} that are left out at random in training; none when predicting"
_ZERO = _switch("begin with blocks that change nothing: their last scale is zero")

# In the order of a form: what shapes the network, then what shapes its training.
MEANINGS: Mapping[str, Meaning] = {
    "patch_size": _whole(1, 64, "pixels a side of the patches the image is cut into"),
    "depth": _DEPTH,
    "num_blocks": _DEPTH,
    "depths": _DEPTH,
    "layers": _DEPTH,
    "stages": _DEPTH,
    "serial_depths": _DEPTH,
    "block_config": _DEPTH,
    "embed_dim": _WIDTH,
    "num_heads": _HEADS,
    "window_size": _whole(1, 64, "tokens a side of the windows that attention looks into"),
    "mlp_ratio": _WIDER,
    "class_token": _switch("one more token that gathers what the class is read from"),
    "reg_tokens": _whole(0, 16, "further tokens that only serve as registers"),
    "num_reg_tokens": _whole(0, 16, "further tokens that only serve as registers"),
    "qkv_bias": _switch("add a bias to queries, keys and values"),
    "qk_norm": _switch("normalise queries and keys"),
    "width_mult": _number(0.1, 4, 0.05, "how many times as wide every layer is"),
    "width_factor": _number(0.1, 4, 0.05, "how many times as wide every layer is"),
    "depth_mult": _number(0.1, 4, 0.05, "how many times as many blocks there are"),
    "dim": _WIDTH,
    "kernel_size": _KERNEL,
    "kernel_sizes": _KERNEL,
    "expand_ratio": _number(0.25, 16, 0.25, "how much wider the inside of a block is"),
    "bottle_ratio": _number(0.125, 4, 0.125, "how wide the inside of a block is, as a share"),
    "se_ratio": _number(0, 1, None, "how wide squeeze-and-excitation is, as a share; 0 for none"),
    "groups": _GROUPS,
    "cardinality": _GROUPS,
    "group_size": _whole(1, 512, "channels in a group of a convolution"),
    "width_per_group": _whole(1, 512, "channels in a group, at the first stage"),
    "base_width": _whole(1, 512, "channels in a group, at the first stage"),
    "growth_rate": _whole(1, 256, "maps that each layer adds to those before it"),
    "bn_size": _whole(1, 16, "how many times the growth rate a bottleneck is wide"),
    "w0": _whole(8, 512, "width of the first block, before it is rounded", 8),
    "wa": _number(1, 300, None, "how much the width grows with each block"),
    "wm": _number(1.1, 5, None, "how many times wider each stage is than the one before"),
    "stem_width": _whole(4, 256, "maps of the first convolution"),
    "stem_size": _whole(4, 256, "maps of the first convolution"),
    "num_features": _whole(0, 8192, "values the class is read from; 0 for no layer of its own"),
    "output_stride": Meaning(
        int, "pixels of the image that one place of the last map stands for", choices=(8, 16, 32)
    ),
    "global_pool": Meaning(
        str,
        "how all places become one: their mean, their maximum, both, one token, or attention",
        choices=("avg", "max", "avgmax"),
        also=("token", "map"),
    ),
    "avg_down": _switch("average before a shortcut's convolution, so that no pixel is passed over"),
    "embed_dims": _WIDTH,
    "dims": _WIDTH,
    "channels": _WIDTH,
    "widths": _WIDTH,
    "heads": _HEADS,
    "mlp_ratios": _WIDER,
    "dropout": _share(_LEFT_OUT.format("values before the classifier")),
    "drop_rate": _share(_LEFT_OUT.format("values before the classifier")),
    "dropout_aux": _share(_LEFT_OUT.format("values before the auxiliary classifiers")),
    "stochastic_depth_prob": _share(_LEFT_OUT.format("blocks")),
    "drop_path_rate": _share(_LEFT_OUT.format("blocks")),
    "attention_dropout": _share(_LEFT_OUT.format("attention weights")),
    "attn_drop_rate": _share(_LEFT_OUT.format("attention weights")),
    "proj_drop_rate": _share(_LEFT_OUT.format("values after a projection")),
    "mlp_dropout": _share(_LEFT_OUT.format("values inside an MLP")),
    "pos_drop_rate": _share(_LEFT_OUT.format("values after the positions are added")),
    "patch_drop_rate": _share(_LEFT_OUT.format("patches")),
    "init_values": _SCALE,
    "ls_init_value": _SCALE,
    "layer_scale_init_value": _SCALE,
    "layer_scale": _SCALE,
    "zero_init_residual": _ZERO,
    "zero_init_last": _ZERO,
    "dynamic_img_size": _switch("take images of any size and stretch the positions to fit"),
    "min_size": _whole(32, 2048, "every picture is resized to so many pixels on its short side"),
    "max_size": _whole(32, 2048, "but to no more than so many on its long side"),
}


def offered(
    values: Mapping[str, Any], allowed: Mapping[str, tuple[Any, ...]] | None = None
) -> Iterator[Option]:
    """Yield an option for each parameter whose meaning is known, with its value as the default.

    A list with a value a stage becomes an option a stage: depths=(3, 3, 9, 3) is depths_1 … 4.

    Args:
        values: by the names of parameters.
        allowed: what some parameters may be, where constructors say it.
    """
    for name, meaning in MEANINGS.items():
        value = values.get(name)
        here = meaning
        if allowed and name in allowed:
            every = meaning.choices + meaning.also
            here = replace(meaning, choices=tuple(e for e in every if e in allowed[name]))
        if not isinstance(value, (tuple, list)):
            yield from _option(name, here, value)
        elif len(value) <= _MOST_PLACES:
            for place, each in enumerate(value, start=1):
                yield from _option(f"{name}_{place}", here, each, f"; part {place}")


def _option(name: str, meaning: Meaning, value: Any, where: str = "") -> Iterator[Option]:
    """Yield the option, unless its value is of another kind than the name means."""
    number = meaning.range
    if number is not None:
        if type(value) in (meaning.type, int):
            low, high = min(number.low, value), max(number.high, value)
            bounds = replace(number, low=low, high=high)
            default = meaning.type(value)
            yield Option(name, meaning.type, default, bounds, help=meaning.help + where)
    elif type(value) is meaning.type and (
        meaning.type is bool or _is_one_of_several(value, meaning)
    ):
        yield Option(name, meaning.type, value, choices=meaning.choices, help=meaning.help + where)


def _is_one_of_several(value: Any, meaning: Meaning) -> bool:
    return len(meaning.choices) > 1 and value in meaning.choices


def parameter_of(option: str, values: Mapping[str, Any]) -> str:
    """Return the parameter that an option belongs to: depths, for depths_2."""
    return option if option in values else option.rpartition("_")[0]


def arguments(chosen: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return chosen options as a constructor's arguments, lists put together again.

    Args:
        chosen: values by the names of options.
        values: by the names of parameters, where nothing is chosen.
    """
    given: dict[str, Any] = {}
    for name, value in chosen.items():
        parameter = parameter_of(name, values)
        default = values[parameter]
        if parameter == name:
            given[name] = _like(default, value)
        else:
            place = int(name.rpartition("_")[2]) - 1
            row = list(given.get(parameter, default))
            row[place] = _like(default[place], value)
            given[parameter] = type(default)(row)
    return given


def _like(default: Any, value: Any) -> Any:
    """Return a whole number as one where the library writes one: it may count with it."""
    whole = type(default) is int and type(value) is float and value.is_integer()
    return int(value) if whole else value
