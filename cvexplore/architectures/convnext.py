"""ConvNeXt: a ResNet rebuilt, step by step, in the image of a transformer."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.plugins import Range

CONVNEXT = Card(
    name="ConvNeXt",
    year=2022,
    kind="CNN",
    paper=Paper(
        "A ConvNet for the 2020s",
        "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie",
        arxiv="2201.03545",
    ),
    idea="Give a ResNet the shape and training of a transformer, but no attention: it is as good.",
    builds_on=("ResNet", "Swin"),
    models=(
        "cvexplore/convnext",
        "torchvision/convnext_*",
        "timm/convnext_*",
        "timm/test_convnext*",
    ),
    formula=r"y = x+\gamma\odot W_2\,\mathrm{GELU}(W_1\,\mathrm{LN}(D_{7\times7}*x))",
    strengths=(
        "Matches transformers of its time on classification, detection and segmentation, at any "
        "image size and linear cost."
    ),
    weaknesses=(
        "Its 7×7 depthwise convolutions run slower than their operation count promises, and it "
        "needs long training with strong augmentation."
    ),
)

SIZES = {
    "tiny": ((96, 192, 384, 768), (3, 3, 9, 3)),
    "small": ((96, 192, 384, 768), (3, 3, 27, 3)),
    "base": ((128, 256, 512, 1024), (3, 3, 27, 3)),
    "large": ((192, 384, 768, 1536), (3, 3, 27, 3)),
}  # channels and blocks of each stage


class LayerNorm2d(nn.LayerNorm):
    """Normalise the channels of each pixel on its own, as a transformer does with each token.

    Shape: (B, C, H, W) -> (B, C, H, W)
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, eps=1e-6)

    def forward(self, input: Tensor) -> Tensor:
        """Return the maps, normalised; torch's layer norm works on the last axis only."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def stochastic_depth(x: Tensor, rate: float, training: bool) -> Tensor:
    """In training, return zero for some images, so that they skip a layer by its shortcut.

    The other images grow to make up for it. Shape: (B, ...) -> (B, ...)
    """
    if not training or rate == 0:
        return x
    kept = x.new_empty(len(x), 1, 1, 1).bernoulli_(1 - rate)  # 0 or 1 for each image
    return x * kept / (1 - rate)


class ConvNeXtBlock(nn.Module):
    """Look around within each channel, then mix the channels at each pixel: y = F(x) + x.

    Shape: (B, C, H, W) -> (B, C, H, W)
    """

    def __init__(self, width: int, kernel_size: int, layer_scale: float, drop_rate: float) -> None:
        super().__init__()
        # Each channel starts with next to no say, and learns how much it shall have.
        self.layer_scale = nn.Parameter(torch.full((width,), layer_scale))
        # One filter a channel (depthwise): what attention is to a transformer's tokens.
        padding = kernel_size // 2
        self.depthwise = nn.Conv2d(width, width, kernel_size, padding=padding, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),  # (B, H, W, 4 C): wide inside, the bottleneck turned over
            nn.GELU(),
            nn.Linear(4 * width, width),  # (B, H, W, C)
        )
        self.drop_rate = drop_rate

    def forward(self, x: Tensor) -> Tensor:
        """Return F(x) + x."""
        y = self.depthwise(x)  # (B, C, H, W)
        # On the last axis, a dense layer does what a 1x1 convolution does, and is faster.
        y = y.permute(0, 2, 3, 1)  # (B, H, W, C)
        y = self.layer_scale * self.mlp(self.norm(y))
        y = y.permute(0, 3, 1, 2)  # (B, C, H, W)
        return stochastic_depth(y, self.drop_rate, self.training) + x  # F(x) + x


class ConvNeXt(nn.Module):
    """A stem of 4×4 patches, four stages of blocks, and one dense layer.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow ConvNeXt-T at 224 x 224.
    """

    def __init__(
        self,
        size: str,
        kernel_size: int,
        layer_scale: float,
        drop_rate: float,
        classes: int,
        channels: int,
    ) -> None:
        super().__init__()
        widths, depths = SIZES[size]
        # Later blocks are skipped more often: all others need what the early ones find.
        last = sum(depths) - 1
        drop_rates = iter([drop_rate * block / last for block in range(last + 1)])
        self.stem = nn.Sequential(
            nn.Conv2d(channels, widths[0], kernel_size=4, stride=4),  # (B, 96, 56, 56)
            LayerNorm2d(widths[0]),
        )
        stages = []
        for i, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            stage: list[nn.Module] = []
            if i > 0:
                stage.append(LayerNorm2d(widths[i - 1]))
                stage.append(nn.Conv2d(widths[i - 1], width, kernel_size=2, stride=2))
            stage += [
                ConvNeXtBlock(width, kernel_size, layer_scale, next(drop_rates))
                for _ in range(depth)
            ]
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)  # 96, 192, 384, 768 channels; 56, 28, 14, 7 pixels
        self.pool = nn.AdaptiveAvgPool2d(1)  # (B, 768, 1, 1)
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.head = nn.Linear(widths[-1], classes)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        maps = self.stages(self.stem(images))  # (B, 768, 7, 7)
        return self.head(self.norm(self.pool(maps).flatten(1)))  # (B, classes)


@BUILDERS.register("convnext")
def convnext(
    *,
    size: Literal["tiny", "small", "base", "large"] = "tiny",
    kernel_size: Literal[3, 5, 7, 9, 11] = 7,
    layer_scale: Annotated[float, Range(0.0, 1.0)] = 1e-6,
    stochastic_depth: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.1,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> ConvNeXt:
    """A convolutional network with a transformer's proportions: large filters, few of them.

    Options:
        size: channels and blocks, from 29 to 198 million parameters
        kernel_size: pixels a side of the depthwise filters
        layer_scale: what a block's output is multiplied by at first; each channel's is learned
        stochastic_depth: share of the images that skip the last block in training; published 0.1
            for tiny, 0.4 for small, 0.5 for base and large
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, "A ConvNet for the 2020s", 2022,
        arXiv 2201.03545.
    """
    return ConvNeXt(size, kernel_size, layer_scale, stochastic_depth, classes, channels)
