"""ResNet for small pictures: 20 to 110 layers, which showed that depth needs shortcuts.

Its card is ResNet's. With ``residual`` off they are the paper's plain networks: of those, the one
of 56 layers learns even its training pictures worse than the one of 20.
"""

from typing import Annotated, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS
from cvexplore.plugins import Range


class PaddedShortcut(nn.Module):
    """The block's own input, brought to the shape of F(x) without any weights.

    Pixels are skipped, and the channels that are missing are zeros (the paper's option A).

    Shape: (B, C, H, W) -> (B, C + more, H/stride, W/stride)
    """

    def __init__(self, stride: int, more: int) -> None:
        super().__init__()
        self.skip = nn.MaxPool2d(kernel_size=1, stride=stride)  # of one pixel: it only skips
        self.more = more

    def forward(self, x: Tensor) -> Tensor:
        """Return every other pixel, if the block strides, and zeros as further channels."""
        return F.pad(self.skip(x), (0, 0, 0, 0, 0, self.more))


class SmallBlock(nn.Module):
    """Two 3×3 convolutions, F(x), and the shortcut around them.

    Shape: (B, inputs, H, W) -> (B, outputs, H/stride, W/stride)
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, residual: bool, batch_norm: bool
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *convolution(inputs, outputs, stride, batch_norm),
            nn.ReLU(),
            *convolution(outputs, outputs, 1, batch_norm),
        )
        self.shortcut: nn.Module | None = None
        if residual:
            same = inputs == outputs and stride == 1
            self.shortcut = nn.Identity() if same else PaddedShortcut(stride, outputs - inputs)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x), or relu(F(x)) in a plain network."""
        y = self.branch(x)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return self.relu(y)


def convolution(inputs: int, outputs: int, stride: int, batch_norm: bool) -> list[nn.Module]:
    """Return a 3×3 convolution, and its normalisation, which makes a bias needless."""
    layer = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=not batch_norm)
    return [layer, nn.BatchNorm2d(outputs)] if batch_norm else [layer]


class SmallResNet(nn.Module):
    """A convolution, three stages of blocks, and one dense layer: 6n + 2 layers with weights.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow a picture of 32 pixels.
    """

    def __init__(
        self,
        depth: int,
        width: int,
        residual: bool,
        batch_norm: bool,
        classes: int,
        channels: int,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(*convolution(channels, width, 1, batch_norm), nn.ReLU())
        stages = []
        inputs = width
        for i in range(3):
            outputs = width * 2**i
            stage = []
            for j in range((depth - 2) // 6):
                stride = 2 if i > 0 and j == 0 else 1
                stage.append(SmallBlock(inputs, outputs, stride, residual, batch_norm))
                inputs = outputs
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)  # 16, 32, 64 channels; 32, 16, 8 pixels
        self.pool = nn.AdaptiveAvgPool2d(1)  # (B, 64, 1, 1)
        self.head = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        maps = self.stages(self.stem(images))  # (B, 64, 8, 8)
        return self.head(self.pool(maps).flatten(1))  # (B, classes)


@BUILDERS.register("resnet_cifar")
def resnet_cifar(
    *,
    depth: Literal[20, 32, 44, 56, 110] = 20,
    width: Annotated[int, Range(4, 64, step=4, unit="channels")] = 16,
    residual: bool = True,
    batch_norm: bool = True,
    classes: Annotated[int, Range(1, 10_000)] = 10,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> SmallResNet:
    """ResNet as it was for CIFAR-10: deep, narrow, and small enough to learn on one processor core.

    Options:
        depth: layers with weights
        width: channels of the first stage; each of the two others doubles them
        residual: whether the shortcut adds x; off gives the paper's plain network, hard to train
        batch_norm: normalise after each convolution; off, sums of shortcuts grow block by block
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015, section 4.2,
        arXiv 1512.03385.
    """
    return SmallResNet(depth, width, residual, batch_norm, classes, channels)
