"""ResNet: each block adds a correction to its input, y = F(x) + x."""

from collections.abc import Callable
from typing import Annotated, Literal

from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.plugins import Range

RESNET = Card(
    name="ResNet",
    year=2015,
    kind="CNN",
    paper=Paper(
        "Deep Residual Learning for Image Recognition",
        "He, Zhang, Ren, Sun",
        arxiv="1512.03385",
    ),
    idea="Let each block learn only what to add to its input, so that even 152 layers can train.",
    builds_on=("VGG",),
    models=(
        "cvexplore/resnet*",
        "torchvision/resnet*",
        "torchvision/quantized_resnet*",
        "timm/resnet*",
    ),
    formula=r"y = F(x) + x",
    strengths=(
        "A dependable backbone for almost any task: it trains without tricks, and pre-trained "
        "weights exist everywhere."
    ),
    weaknesses=(
        "It sees globally only through depth, and at equal cost newer designs and training recipes "
        "are more accurate."
    ),
)

Norm = Callable[[int], nn.Module]

BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}  # in each stage


class ResidualBlock(nn.Module):
    """What both kinds of block share: the sum of a branch of layers F and the block's own input.

    Shape: (B, inputs, H, W) -> (B, outputs, H/stride, W/stride)
    """

    def __init__(
        self,
        branch: nn.Sequential,
        inputs: int,
        outputs: int,
        stride: int,
        residual: bool,
        norm: Norm,
    ) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut: nn.Module | None = None
        if residual and inputs == outputs and stride == 1:
            self.shortcut = nn.Identity()
        elif residual:
            # The sum needs equal shapes: one 1x1 convolution brings x to the shape of F(x).
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False), norm(outputs)
            )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x), or relu(F(x)) in a plain network."""
        y = self.branch(x)  # F(x)
        if self.shortcut is not None:
            y = y + self.shortcut(x)  # y = F(x) + x
        return self.relu(y)


class BasicBlock(ResidualBlock):
    """F is two 3×3 convolutions."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, residual: bool, norm: Norm) -> None:
        branch = nn.Sequential(
            nn.Conv2d(inputs, width, kernel_size=3, stride=stride, padding=1, bias=False),
            norm(width),
            nn.ReLU(),
            nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False),
            norm(width),
        )
        super().__init__(branch, inputs, width, stride, residual, norm)


class Bottleneck(ResidualBlock):
    """F is 1×1, 3×3, 1×1: the costly 3×3 convolution works on a quarter of the channels."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, residual: bool, norm: Norm) -> None:
        branch = nn.Sequential(
            nn.Conv2d(inputs, width, kernel_size=1, bias=False),
            norm(width),
            nn.ReLU(),
            # The paper strides in the 1x1 before; here no pixel is skipped (ResNet v1.5).
            nn.Conv2d(width, width, kernel_size=3, stride=stride, padding=1, bias=False),
            norm(width),
            nn.ReLU(),
            nn.Conv2d(width, 4 * width, kernel_size=1, bias=False),
            norm(4 * width),
        )
        super().__init__(branch, inputs, 4 * width, stride, residual, norm)


class ResNet(nn.Module):
    """A stem that quarters the image's sides, four stages of blocks, and one dense layer.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow ResNet-50 at 224 x 224.
    """

    def __init__(
        self,
        depth: int,
        width: int,
        residual: bool,
        classes: int,
        channels: int,
        norm: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        block = BasicBlock if depth < 50 else Bottleneck
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3, bias=False),
            norm(width),
            nn.ReLU(),  # (B, 64, 112, 112)
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  # (B, 64, 56, 56)
        )
        stages = []
        inputs = width
        for i, blocks in enumerate(BLOCKS[depth]):
            # Half the side, twice the channels: each stage costs about the same.
            stage_width = width * 2**i
            stage = []
            for j in range(blocks):
                stride = 2 if i > 0 and j == 0 else 1
                stage.append(block(inputs, stage_width, stride, residual, norm))
                inputs = stage_width * block.expansion
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)  # 256, 512, 1024, 2048 channels; 56, 28, 14, 7 pixels
        self.pool = nn.AdaptiveAvgPool2d(1)  # (B, 2048, 1, 1)
        self.head = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        maps = self.stages(self.stem(images))  # (B, 2048, 7, 7)
        return self.head(self.pool(maps).flatten(1))  # (B, classes)


@BUILDERS.register("resnet")
def resnet(
    *,
    depth: Literal[18, 34, 50, 101, 152] = 50,
    width: Annotated[int, Range(8, 256, step=8, unit="channels")] = 64,
    residual: bool = True,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> ResNet:
    """Blocks that add to their input, y = F(x) + x: the standard of the field since 2015.

    Options:
        depth: layers with weights; 18 and 34 have basic blocks, the others bottlenecks
        width: channels of the first stage's 3×3 convolutions; each later stage doubles them
        residual: whether the shortcut adds x; off gives the paper's plain network, hard to train
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015,
        arXiv 1512.03385.
    """
    return ResNet(depth, width, residual, classes, channels)
