"""Designs to start from: each readable builder as a list of layers that makes the same network.

>>> start("resnet", depth=18).layers[4].kind
'stack'
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cvexplore.architectures import BUILDERS
from cvexplore.designs import Design, Layer, layer
from cvexplore.designs.blocks import checked
from cvexplore.plugins import Choice

# What each builder's images have a side where that is no option of its own.
_PUBLISHED = 224
_DETECTION = 800

Layers = list[Layer]
Chosen = Mapping[str, Any]
_STARTS: dict[str, Callable[[Chosen], Layers]] = {}


def starts() -> tuple[str, ...]:
    """Return the builders that a design can start from."""
    return tuple(_STARTS)


def start(name: str, **options: Any) -> Design:
    """Return the design of the network that a readable builder makes with these options.

    Raises:
        UnknownName, OptionError: there is no such builder or option, or a value is not allowed.
    """
    given = BUILDERS.check(Choice(name, options))
    chosen = {each.name: each.default for each in BUILDERS.options(name)} | given
    standard = _DETECTION if name == "detr" else _PUBLISHED
    design = Design(
        title=f"My {name.replace('_', ' ')}",
        channels=chosen["channels"],
        image_size=chosen.get("image_size", standard),
        classes=chosen["classes"],
        layers=tuple(_STARTS[name](chosen)),
    )
    return checked(design)  # which leaves out what is a default anyway


def _enter(function: Callable[[Chosen], Layers]) -> Callable[[Chosen], Layers]:
    _STARTS[function.__name__.strip("_")] = function
    return function


def _stack(*inside: Layer, times: int = 1) -> Layer:
    return layer("stack", *inside, times=times)


def _relu() -> Layer:
    return layer("activation")


def _convolution(channels: int, kernel: int = 3, **options: Any) -> Layer:
    """Return a convolution whose padding keeps the sides, if nothing else is said."""
    said = {"padding": kernel // 2, **options}
    return layer("convolution", channels=channels, kernel=kernel, **said)


def _pool(kernel: int, **options: int) -> Layer:
    return layer("max_pooling", kernel=kernel, **options)


def _dropout(share: float) -> Layer:
    return layer("dropout", share=share)


def _dense(features: int) -> Layer:
    return layer("dense", features=features)


@_enter
def _simple_cnn(chosen: Chosen) -> Layers:
    width = chosen["width"]
    return [
        *(_convolution(width), _relu(), _pool(2)),
        *(_convolution(2 * width), _relu(), _pool(2)),
        layer("flatten"),
        *(_dense(chosen["hidden"]), _relu(), _dropout(chosen["dropout"])),
        layer("classifier"),
    ]


@_enter
def _alexnet(chosen: Chosen) -> Layers:
    dropout = chosen["dropout"]
    return [
        *(_convolution(64, 11, stride=4, padding=2), _relu(), _pool(3)),
        *(_convolution(192, 5), _relu(), _pool(3)),
        *(_convolution(384), _relu(), _convolution(256), _relu(), _convolution(256), _relu()),
        *(_pool(3), layer("adaptive_pooling", side=6), layer("flatten")),
        *(_dropout(dropout), _dense(4096), _relu()),
        *(_dropout(dropout), _dense(4096), _relu()),
        layer("classifier"),
    ]


@_enter
def _vgg(chosen: Chosen) -> Layers:
    from cvexplore.architectures.vgg import CONVOLUTIONS, WIDTHS

    norm = [layer("batch_norm")] if chosen["batch_norm"] else []
    layers: Layers = []
    for width, times in zip(WIDTHS, CONVOLUTIONS[chosen["depth"]], strict=True):
        layers += [_stack(_convolution(width), *norm, _relu(), times=times), _pool(2)]
    dense = _dense(4096), _relu(), _dropout(chosen["dropout"])
    return [
        *layers,
        *(layer("adaptive_pooling"), layer("flatten"), *dense, *dense, layer("classifier")),
    ]


@_enter
def _resnet(chosen: Chosen) -> Layers:
    body = _resnet_body(chosen["depth"], chosen["width"], residual=chosen["residual"])
    return [*body, layer("global_pooling"), layer("classifier")]


def _resnet_body(
    depth: int, width: int, *, residual: bool, frozen: bool = False, stages: int = 4
) -> Layers:
    """Return stem and stages; the first block of a stage strides, the others are alike."""
    from cvexplore.architectures.resnet import BLOCKS

    norm = layer("batch_norm", frozen=frozen)

    def convolve(channels: int, kernel: int, stride: int = 1) -> Layers:
        return [_convolution(channels, kernel, stride=stride, bias=False), norm]

    def block(channels: int, stride: int) -> Layers:
        if depth < 50:
            branch = [*convolve(channels, 3, stride), _relu(), *convolve(channels, 3)]
        else:
            branch = [*convolve(channels, 1), _relu(), *convolve(channels, 3, stride), _relu()]
            branch += convolve(4 * channels, 1)
        if not residual:
            return [*branch, _relu()]
        projection = "with frozen batch norm" if frozen else "with batch norm"
        return [layer("residual", *branch, projection=projection), _relu()]

    layers = [*convolve(width, 7, 2), _relu(), _pool(3, padding=1)]
    for stage, blocks in enumerate(BLOCKS[depth][:stages]):
        channels = width * 2**stage
        layers.append(_stack(*block(channels, 2 if stage else 1)))
        layers.append(_stack(*block(channels, 1), times=blocks - 1))
    return layers


@_enter
def _densenet(chosen: Chosen) -> Layers:
    from cvexplore.architectures.densenet import LAYERS, PUBLISHED_GROWTH_RATES

    published = chosen["growth_rate"] == "published"
    growth = PUBLISHED_GROWTH_RATES[chosen["depth"]] if published else chosen["growth_rate"]
    norm = [layer("batch_norm"), _relu()]
    new_maps = layer(
        "concatenation",
        *(*norm, _convolution(4 * growth, 1, bias=False)),
        *(*norm, _convolution(growth, bias=False), _dropout(chosen["dropout"])),
    )
    width = 2 * growth
    layers = [_convolution(width, 7, stride=2, bias=False), *norm, _pool(3, padding=1)]
    for stage, times in enumerate(LAYERS[chosen["depth"]]):
        if stage:
            width //= 2
            halved = _convolution(width, 1, bias=False)
            layers.append(_stack(*norm, halved, layer("average_pooling")))
        layers.append(_stack(new_maps, times=times))
        width += times * growth
    return [*layers, *norm, layer("global_pooling"), layer("classifier")]


@_enter
def _vit(chosen: Chosen) -> Layers:
    dropout = _dropout(chosen["dropout"])
    norm, gather = layer("layer_norm"), layer("attention", heads=chosen["heads"])
    think = layer("mlp", ratio=chosen["mlp_ratio"], dropout=chosen["dropout"])
    if chosen["norm"] == "pre":
        block = [layer("residual", norm, gather, dropout), layer("residual", norm, think)]
    else:
        block = [layer("residual", gather, dropout), norm, layer("residual", think), norm]
    return [
        *_tokens(chosen["patch_size"], chosen["width"], chosen["stem"]),
        dropout,
        _stack(*block, times=chosen["depth"]),
        *([norm] if chosen["norm"] == "pre" else []),
        layer("token_pooling", method="class token"),
        layer("classifier"),
    ]


def _tokens(patch_size: int, width: int, stem: str) -> Layers:
    """Return a patch embedding, or convolutions that halve the sides and one of single pixels."""
    if stem == "patches":
        return [layer("patch_embedding", patch_size=patch_size, width=width)]
    single = layer("patch_embedding", patch_size=1, width=width)
    return [*_halvings(patch_size, width), single]


def _halvings(patch_size: int, width: int) -> Layers:
    layers: Layers = []
    for left in reversed(range(patch_size.bit_length() - 1)):
        wider = max(1, width >> left)
        layers += [_convolution(wider, stride=2, bias=False), layer("batch_norm"), _relu()]
    return layers


@_enter
def _convnext(chosen: Chosen) -> Layers:
    from cvexplore.architectures.convnext import SIZES

    widths, depths = SIZES[chosen["size"]]
    kernel, norm = chosen["kernel_size"], layer("layer_norm")
    look = _convolution(0, kernel, depthwise=True)
    rates = _rates(chosen["stochastic_depth"], sum(depths))
    scale = {"layer_scale": True, "first_scale": chosen["layer_scale"]}
    layers = [_convolution(widths[0], 4, stride=4, padding=0), norm]
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            layers += [norm, _convolution(width, 2, stride=2, padding=0)]
        blocks = [
            layer("residual", look, norm, layer("mlp"), **scale, stochastic_depth=next(rates))
            for _ in range(depth)
        ]
        layers.append(_folded(blocks, 1))
    return [*layers, layer("global_pooling"), norm, layer("classifier")]


@_enter
def _swin(chosen: Chosen) -> Layers:
    from cvexplore.architectures.swin import SIZES

    width, depths, heads = SIZES[chosen["size"]]
    window, patch = chosen["window"], chosen["patch_size"]
    rates = _rates(chosen["stochastic_depth"], sum(depths))
    norm = layer("layer_norm", epsilon=1e-5)
    if chosen["stem"] == "patches":
        layers = [_convolution(width, patch, stride=patch, padding=0), norm]
    else:
        layers = [*_halvings(patch, width), _convolution(width, 1), norm]
    for stage, depth in enumerate(depths):
        if stage:
            layers.append(layer("patch_merging"))
        blocks: Layers = []
        for index in range(depth):
            rate = next(rates)
            shift = window // 2 if index % 2 else 0  # windows, shifted windows, windows, ...
            gather = layer("window_attention", heads=heads[stage], window=window, shift=shift)
            blocks.append(layer("residual", norm, gather, stochastic_depth=rate))
            blocks.append(layer("residual", norm, layer("mlp"), stochastic_depth=rate))
        layers.append(_folded(blocks, 4))
    return [*layers, norm, layer("global_pooling"), layer("classifier")]


@_enter
def _detr(chosen: Chosen) -> Layers:
    return [
        *_resnet_body(
            chosen["backbone_depth"],
            chosen["backbone_width"],
            residual=True,
            frozen=chosen["norm"] == "frozen",
            stages=chosen["stages"],
        ),
        _convolution(chosen["width"], 1),
        layer(
            "detection",
            **{
                name: chosen[name]
                for name in (
                    *("heads", "encoder_layers", "decoder_layers", "queries", "dropout"),
                    "mlp_ratio",
                )
            },
        ),
    ]


def _rates(last: float, blocks: int) -> Iterator[float]:
    """Yield each block's stochastic depth: later ones are skipped more often."""
    yield from (last * block / (blocks - 1) for block in range(blocks))


def _folded(blocks: Layers, period: int) -> Layer:
    """Return blocks as one stack: a few of them many times over, where those repeat."""
    first = blocks[:period]
    times, rest = divmod(len(blocks), period)
    if not rest and first * times == blocks:
        return _stack(*first, times=times)
    return _stack(*blocks)
