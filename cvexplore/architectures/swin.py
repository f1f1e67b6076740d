"""Swin: attention within small windows that shift from block to block."""

import math
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.architectures.vit import convolutional_stem, must_halve
from cvexplore.plugins import Range

SWIN = Card(
    name="Swin",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
        "Liu, Lin, Cao, Hu, Wei, Zhang, Lin, Guo",
        arxiv="2103.14030",
    ),
    idea="Attend within small windows, and shift them every other block so that neighbours meet.",
    builds_on=("ViT", "ResNet"),
    models=("cvexplore/swin", "torchvision/swin_[tsb]", "timm/swin_*"),
    formula=r"\mathrm{softmax}(QK^\top/\sqrt{d} + B)\,V\ \text{in windows}",
    strengths=(
        "A general backbone for large images, as its cost grows linearly with the area and it "
        "gives a pyramid of maps."
    ),
    weaknesses=(
        "Shifting and cutting windows moves much data, the bias table fixes the window size, and "
        "far regions meet late."
    ),
)

SIZES = {
    "micro": (24, (2, 2, 2), (2, 4, 8)),  # ours, for small images; the others are published
    "tiny": (96, (2, 2, 6, 2), (3, 6, 12, 24)),
    "small": (96, (2, 2, 18, 2), (3, 6, 12, 24)),
    "base": (128, (2, 2, 18, 2), (4, 8, 16, 32)),
}  # width of the first stage; blocks and heads of each stage


class ShiftedWindowAttention(nn.Module):
    """Multi-head attention within windows, with a learned bias for each relative position.

    Shape: (B, H, W, D) -> (B, H, W, D)
    """

    relative_positions: Tensor

    def __init__(self, width: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.shift = shift
        # Within a window, two tokens can lie apart in (2 window - 1)² ways: 169 for a window of 7.
        self.position_bias = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_positions", relative_positions(window))
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return, for each token, what it gathers from the tokens of its window."""
        height, width = x.shape[1:3]
        # Where the map is no multiple of the window, the last windows are filled up with zeros.
        x = F.pad(x, (0, 0, 0, -width % self.window, 0, -height % self.window))
        padded_height, padded_width = x.shape[1:3]
        # An axis with a single window has no neighbours to meet by shifting.
        down = self.shift if padded_height > self.window else 0
        right = self.shift if padded_width > self.window else 0
        # To shift the windows, roll the map under them; what leaves at one edge enters opposite.
        x = x.roll((-down, -right), dims=(1, 2))

        windows = partition(x, self.window)  # (B windows, N, D), N = window²
        qkv = self.qkv(windows).unflatten(-1, (3, self.heads, -1))
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # three times (B windows, heads, N, D/heads)
        bias = self.position_bias[self.relative_positions].permute(2, 0, 1)  # (heads, N, N)
        if down or right:
            strangers = rolled_apart(x, self.window, down, right)
            bias = torch.where(strangers, -math.inf, bias)  # (windows, heads, N, N)
            bias = bias.repeat(len(x), 1, 1, 1)  # (B windows, heads, N, N)
        # softmax(query @ key.T / sqrt(D/heads) + bias) @ value
        windows = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        windows = self.projection(windows.transpose(1, 2).flatten(2))  # (B windows, N, D)

        x = unpartition(windows, self.window, padded_height, padded_width)  # (B, H, W, D)
        return x.roll((down, right), dims=(1, 2))[:, :height, :width]


def partition(x: Tensor, window: int) -> Tensor:
    """Return the windows of a map, row by row: (B, H, W, D) -> (B windows, N, D)."""
    x = x.unflatten(1, (-1, window)).unflatten(3, (-1, window))  # (B, H/7, 7, W/7, 7, D)
    return x.transpose(2, 3).flatten(3, 4).flatten(0, 2)


def unpartition(windows: Tensor, window: int, height: int, width: int) -> Tensor:
    """Return the map that these are the windows of: (B windows, N, D) -> (B, H, W, D)."""
    grid = (-1, height // window, width // window)
    x = windows.unflatten(0, grid).unflatten(3, (window, window))  # (B, H/7, W/7, 7, 7, D)
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def relative_positions(window: int) -> Tensor:
    """Return, for each two tokens of a window, the number of the way they lie apart: (N, N)."""
    places = torch.cartesian_prod(torch.arange(window), torch.arange(window))  # (N, 2)
    apart = places[:, None] - places[None, :] + window - 1  # (N, N, 2), each from 0 to 2 window - 2
    return apart[..., 0] * (2 * window - 1) + apart[..., 1]


def rolled_apart(x: Tensor, window: int, down: int, right: int) -> Tensor:
    """Return which tokens share a window only because the map was rolled: (windows, 1, N, N)."""
    height, width = x.shape[1:3]
    from_top = torch.arange(height, device=x.device) >= height - down
    from_left = torch.arange(width, device=x.device) >= width - right
    origin = 2 * from_top[:, None] + from_left[None, :]  # (H, W): four parts, far from each other
    origin = partition(origin[None, :, :, None], window).squeeze(-1)  # (windows, N)
    return (origin[:, :, None] != origin[:, None, :])[:, None]


def stochastic_depth(x: Tensor, rate: float, training: bool) -> Tensor:
    """In training, return zero for some images, so that they skip a layer by its shortcut.

    The other images grow to make up for it. Shape: (B, ...) -> (B, ...)
    """
    if not training or rate == 0:
        return x
    kept = x.new_empty(len(x), 1, 1, 1).bernoulli_(1 - rate)  # 0 or 1 for each image
    return x * kept / (1 - rate)


class SwinBlock(nn.Module):
    """A transformer's encoder block, but that a token meets its window only, not the whole image.

    Shape: (B, H, W, D) -> (B, H, W, D)
    """

    def __init__(self, width: int, heads: int, window: int, shift: int, drop_rate: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = ShiftedWindowAttention(width, heads, window, shift)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),  # (B, H, W, 4 D)
            nn.GELU(),
            nn.Linear(4 * width, width),  # (B, H, W, D)
        )
        self.drop_rate = drop_rate

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens with what attention and MLP add to them."""
        y = self.attention(self.norm1(x))
        x = x + stochastic_depth(y, self.drop_rate, self.training)
        y = self.mlp(self.norm2(x))
        return x + stochastic_depth(y, self.drop_rate, self.training)


class PatchEmbedding(nn.Module):
    """Each patch of the image becomes one token; the map keeps its two sides.

    Shape: (B, channels, H, W) -> (B, H/patch_size, W/patch_size, D)
    """

    def __init__(self, patch_size: int, width: int, channels: int, stem: str) -> None:
        super().__init__()
        if stem == "convolutions":
            self.projection = convolutional_stem(patch_size, width, channels)
        else:
            self.projection = nn.Conv2d(channels, width, kernel_size=patch_size, stride=patch_size)
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Tensor) -> Tensor:
        """Return the map of tokens."""
        return self.norm(self.projection(images).permute(0, 2, 3, 1))


class PatchMerging(nn.Module):
    """Four neighbours become one token of twice the width: what pooling is to a CNN.

    Shape: (B, H, W, D) -> (B, H/2, W/2, 2 D)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the smaller map."""
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        upper_left, lower_left = x[:, 0::2, 0::2], x[:, 1::2, 0::2]  # (B, H/2, W/2, D) each
        upper_right, lower_right = x[:, 0::2, 1::2], x[:, 1::2, 1::2]
        x = torch.cat([upper_left, lower_left, upper_right, lower_right], dim=-1)
        return self.reduction(self.norm(x))  # (B, H/2, W/2, 4 D) -> (B, H/2, W/2, 2 D)


class SwinTransformer(nn.Module):
    """Stages at ever coarser maps, like a CNN's, and one dense layer on the average of the last.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow Swin-T at 224 x 224.
    """

    def __init__(
        self,
        size: str,
        patch_size: int,
        window: int,
        drop_rate: float,
        classes: int,
        channels: int,
        stem: str,
    ) -> None:
        super().__init__()
        width, depths, heads = SIZES[size]
        # Later blocks are skipped more often: all others need what the early ones find.
        last = sum(depths) - 1
        drop_rates = iter([drop_rate * block / last for block in range(last + 1)])
        stages = []
        for i, depth in enumerate(depths):
            stage: list[nn.Module] = []
            if i == 0:
                stage.append(PatchEmbedding(patch_size, width, channels, stem))  # (B, 56, 56, 96)
            else:
                stage.append(PatchMerging(width))
                width *= 2
            for j in range(depth):
                shift = window // 2 if j % 2 else 0  # windows, shifted windows, windows, ...
                stage.append(SwinBlock(width, heads[i], window, shift, next(drop_rates)))
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)  # 96, 192, 384, 768 wide; 56, 28, 14, 7 tokens a side
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        if size == "micro":
            # 0.02 is for layers hundreds wide: it leaves narrow ones next to silent.
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    nn.init.xavier_uniform_(module.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        tokens = self.norm(self.stages(images))  # (B, 7, 7, 768)
        return self.head(tokens.mean(dim=(1, 2)))  # (B, classes)


@BUILDERS.register("swin")
def swin(
    *,
    size: Literal["micro", "tiny", "small", "base"] = "tiny",
    stem: Literal["patches", "convolutions"] = "patches",
    patch_size: Annotated[int, Range(1, 16, unit="pixels")] = 4,
    window: Annotated[int, Range(2, 16, unit="tokens")] = 7,
    stochastic_depth: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.2,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> SwinTransformer:
    """A transformer with the stages of a CNN, whose cost grows with the image, not its square.

    Options:
        size: width, blocks and heads, from 0.3 to 88 million parameters
        stem: whether one dense layer makes a patch a token, or a few small convolutions do
        patch_size: pixels a side of the patch that becomes one token
        window: tokens a side of the windows that attention stays within
        stochastic_depth: share of the images that skip the last block in training
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: Liu, Lin, Cao, Hu, Wei, Zhang, Lin, Guo, "Swin Transformer: Hierarchical Vision
        Transformer using Shifted Windows", 2021, arXiv 2103.14030.
    """
    if stem == "convolutions":
        must_halve(patch_size)
    return SwinTransformer(size, patch_size, window, stochastic_depth, classes, channels, stem)
