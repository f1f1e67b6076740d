"""DenseNet: each layer sees the outputs of all layers before it."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.plugins import Range

DENSENET = Card(
    name="DenseNet",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Densely Connected Convolutional Networks",
        "Huang, Liu, van der Maaten, Weinberger",
        arxiv="1608.06993",
    ),
    idea="Hand every layer all earlier outputs side by side, so that it need only add a few maps.",
    builds_on=("ResNet",),
    models=("cvexplore/densenet", "torchvision/densenet*", "timm/densenet*"),
    formula=r"x_\ell = H_\ell([x_0,x_1,\dots,x_{\ell-1}])",
    strengths=(
        "Few parameters for its accuracy, since layers reuse earlier features and gradients "
        "reach early layers directly."
    ),
    weaknesses=(
        "Keeps and joins many feature maps, so training uses much memory and its many small "
        "layers run slowly on GPUs."
    ),
)

LAYERS = {
    121: (6, 12, 24, 16),
    161: (6, 12, 36, 24),
    169: (6, 12, 32, 32),
    201: (6, 12, 48, 32),
}  # in each dense block
PUBLISHED_GROWTH_RATES = {121: 32, 161: 48, 169: 32, 201: 32}


class DenseLayer(nn.Module):
    """A few new maps from all maps so far, laid beside them.

    Shape: (B, C, H, W) -> (B, C + growth_rate, H, W)
    """

    def __init__(self, inputs: int, growth_rate: int, dropout: float) -> None:
        super().__init__()
        bottleneck = 4 * growth_rate  # the 3x3 convolution would be costly on all C channels
        self.new_maps = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, bottleneck, kernel_size=1, bias=False),  # (B, 4 growth_rate, H, W)
            nn.BatchNorm2d(bottleneck),
            nn.ReLU(),
            nn.Conv2d(bottleneck, growth_rate, kernel_size=3, padding=1, bias=False),
            nn.Dropout(dropout),  # (B, growth_rate, H, W)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the input with the new maps behind it."""
        return torch.cat([x, self.new_maps(x)], dim=1)  # (B, C + growth_rate, H, W)


class Transition(nn.Sequential):
    """Between two dense blocks: half the channels, half the side.

    Shape: (B, C, H, W) -> (B, C/2, H/2, W/2)
    """

    def __init__(self, inputs: int) -> None:
        super().__init__(
            nn.BatchNorm2d(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, inputs // 2, kernel_size=1, bias=False),  # (B, C/2, H, W)
            nn.AvgPool2d(2),  # (B, C/2, H/2, W/2)
        )


class DenseNet(nn.Module):
    """A stem, four dense blocks with transitions between them, and one dense layer.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow DenseNet-121 at 224 x 224.
    """

    def __init__(
        self, depth: int, growth_rate: int, dropout: float, classes: int, channels: int
    ) -> None:
        super().__init__()
        width = 2 * growth_rate
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),  # (B, 64, 112, 112)
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  # (B, 64, 56, 56)
        )
        stages: list[nn.Module] = []
        for i, layers in enumerate(LAYERS[depth]):
            if i > 0:
                stages.append(Transition(width))
                width //= 2
            block = [
                DenseLayer(width + j * growth_rate, growth_rate, dropout) for j in range(layers)
            ]
            stages.append(nn.Sequential(*block))
            width += layers * growth_rate
        self.stages = nn.Sequential(*stages)  # blocks end at 256, 512, 1024, 1024 channels
        self.final = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),  # (B, 1024, 7, 7)
            nn.AdaptiveAvgPool2d(1),  # (B, 1024, 1, 1)
            nn.Flatten(),  # (B, 1024)
        )
        self.head = nn.Linear(width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(self.head.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        maps = self.stages(self.stem(images))  # (B, 1024, 7, 7)
        return self.head(self.final(maps))  # (B, classes)


@BUILDERS.register("densenet")
def densenet(
    *,
    depth: Literal[121, 161, 169, 201] = 121,
    growth_rate: Literal["published", 12, 16, 24, 32, 40, 48] = "published",
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> DenseNet:
    """Layers that keep all earlier maps and add a few: much depth from few parameters.

    Options:
        depth: layers with weights
        growth_rate: new maps a layer; published means 48 for depth 161 and 32 for the others
        dropout: share of the new maps' values that each training step switches off
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks",
        2016, arXiv 1608.06993.
    """
    growth = PUBLISHED_GROWTH_RATES[depth] if growth_rate == "published" else growth_rate
    return DenseNet(depth, growth, dropout, classes, channels)
