"""Blocks of transformers: patches, attention, windows, and DETR's questions."""

from typing import Annotated, Literal

from cvexplore.architectures.detr import DetectionTransformer
from cvexplore.architectures.vit import MultiHeadAttention
from cvexplore.designs.blocks import BLOCKS, Data, Misfit, divisible
from cvexplore.designs.modules import (
    MapsPatchMerging,
    PatchEmbedding,
    TokenPooling,
    WindowAttention,
)
from cvexplore.designs.parts import Part, part
from cvexplore.plugins import Range

_MOST_HEADS = 64
# Numbers that the windows of one image compare in all heads; each takes four bytes.
_MOST_PAIRS = 2**28


@BLOCKS.register("patch_embedding")
def patch_embedding(
    incoming: Data,
    *,
    patch_size: Annotated[int, Range(1, 64, unit="places")] = 4,
    width: Annotated[int, Range(1, 4096, unit="features")] = 64,
    class_token: bool = True,
    positions: bool = True,
) -> Part:
    """Each patch of the image, or of the maps, becomes one token.

    Options:
        patch_size: places a side of a patch
        width: features of a token
        class_token: whether one more token stands in front, to gather what decides
        positions: whether each token learns where it lies; the image's size is then fixed
    """
    channels, height, side = incoming.maps()
    if height % patch_size or side % patch_size:
        fit = [each for each in range(1, 65) if height % each == 0 and side % each == 0]
        near = [n for n in fit if n < patch_size][-1:] + [n for n in fit if n > patch_size][:1]
        raise Misfit(
            f"cannot cut {height} × {side} maps into patches of {patch_size} × {patch_size}: "
            f"patch size {' or '.join(map(str, near))} would fit."
        )
    places = (height // patch_size) * (side // patch_size)
    return part(
        PatchEmbedding, channels, width, patch_size, places if positions else 0, class_token
    )


@BLOCKS.register("attention")
def attention(incoming: Data, *, heads: Annotated[int, Range(1, _MOST_HEADS)] = 4) -> Part:
    """Every token gathers from all tokens what it looks for: softmax(QKᵀ/√d)V.

    Options:
        heads: attention maps; each works on its share of the features
    """
    _, width = incoming.tokens()
    divisible("features", width, heads, "heads", _MOST_HEADS)
    return part(MultiHeadAttention, width, heads)


@BLOCKS.register("token_pooling")
def token_pooling(incoming: Data, *, method: Literal["class token", "mean"] = "mean") -> Part:
    """One row of features from all tokens.

    Options:
        method: the mean of all, or the class token, which patch embedding puts first
    """
    incoming.tokens()
    return part(TokenPooling, method == "class token")


@BLOCKS.register("window_attention")
def window_attention(
    incoming: Data,
    *,
    heads: Annotated[int, Range(1, _MOST_HEADS)] = 4,
    window: Annotated[int, Range(2, 16, unit="places")] = 7,
    shift: Annotated[int, Range(0, 15, unit="places")] = 0,
) -> Part:
    """Swin's attention: every place gathers from the places of its window.

    Options:
        heads: attention maps; each works on its share of the channels
        window: places a side of a window
        shift: how far the windows are moved; half a window in every other block
    """
    channels, height, width = incoming.maps()
    divisible("channels", channels, heads, "heads", _MOST_HEADS)
    if shift >= window:
        raise Misfit(f"shifts by {shift}, which is no less than its window: {window // 2} is half.")
    if (height + window) * (width + window) * window**2 * heads > _MOST_PAIRS:
        raise Misfit(
            f"compares too many places of {incoming}: take a smaller window, or pool before it."
        )
    return part(WindowAttention, channels, heads, window, shift)


@BLOCKS.register("patch_merging")
def patch_merging(incoming: Data) -> Part:
    """Swin's pooling: four neighbours become one place of twice the channels."""
    channels, height, width = incoming.maps()
    if min(height, width) < 2:
        raise Misfit(f"merges 2 × 2 places, but gets {incoming}: remove it, or pool less before.")
    return part(MapsPatchMerging, channels)


@BLOCKS.register("detection")
def detection(
    incoming: Data,
    *,
    heads: Annotated[int, Range(1, _MOST_HEADS)] = 8,
    encoder_layers: Annotated[int, Range(0, 12)] = 6,
    decoder_layers: Annotated[int, Range(1, 12)] = 6,
    queries: Annotated[int, Range(1, 1000)] = 100,
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.1,
    mlp_ratio: Annotated[float, Range(0.5, 16.0, step=0.5)] = 8.0,
) -> Part:
    """DETR's transformer: each query finds one object in the maps, its class and its box.

    Options:
        heads: attention maps a layer
        encoder_layers: layers in which the places look at each other
        decoder_layers: layers in which the queries look at each other and at the image
        queries: how many objects an image can have at most
        dropout: share of the values that a training step switches off
        mlp_ratio: hidden features of the feed-forward layers, in widths
    """
    channels, _, _ = incoming.maps()
    if channels % 4:
        raise Misfit(
            f"needs channels in fours, sines and cosines of a row and a column, but gets "
            f"{incoming}: put a 1 × 1 convolution with {max(1, channels // 4) * 4} before it."
        )
    divisible("channels", channels, heads, "heads", _MOST_HEADS)
    return part(
        DetectionTransformer,
        channels,
        heads,
        encoder_layers,
        decoder_layers,
        queries,
        dropout,
        incoming.classes,
        mlp_ratio,
    )
