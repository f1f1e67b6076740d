"""VGG: nothing but 3×3 convolutions, many of them."""

from typing import Annotated, Literal

from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.plugins import Range

VGG_CARD = Card(
    name="VGG",
    year=2014,
    kind="CNN",
    paper=Paper(
        "Very Deep Convolutional Networks for Large-Scale Image Recognition",
        "Simonyan, Zisserman",
        arxiv="1409.1556",
    ),
    idea="Stack many 3×3 convolutions: two of them see as far as one 5×5, with fewer weights.",
    builds_on=("AlexNet",),
    models=("cvexplore/vgg", "torchvision/vgg*", "timm/vgg*"),
    formula=r"2 \cdot 3^2 C^2 < 5^2 C^2",
    strengths=(
        "Easy to understand and change, and its features are popular for comparing or restyling "
        "images."
    ),
    weaknesses=(
        "It is large and slow: the dense layers of VGG-16 hold most of its 138 million weights, "
        "and depth stops at 19 layers."
    ),
)

WIDTHS = (64, 128, 256, 512, 512)
CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}  # in each stage; with the three dense layers they add up to the depth


class VGG(nn.Module):
    """Five stages that each halve the image, then three dense layers.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow a photo of 224 x 224.
    """

    def __init__(
        self, depth: int, batch_norm: bool, dropout: float, classes: int, channels: int
    ) -> None:
        super().__init__()
        stages = []
        inputs = channels
        for width, convolutions in zip(WIDTHS, CONVOLUTIONS[depth], strict=True):
            stages.append(stage(inputs, width, convolutions, batch_norm))
            inputs = width
        self.features = nn.Sequential(*stages)  # (B, 512, 7, 7)
        # The dense layers need 7 x 7 places, whatever the size of the photo.
        self.pool = nn.AdaptiveAvgPool2d(7)  # (B, 512, 7, 7)
        self.classifier = nn.Sequential(
            nn.Flatten(),  # (B, 25088)
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, classes),
        )
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.dim() == 4:  # a convolution's weights
                nn.init.kaiming_normal_(parameter, mode="fan_out", nonlinearity="relu")
            elif parameter.dim() == 2:  # a dense layer's
                nn.init.normal_(parameter, std=0.01)

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        return self.classifier(self.pool(self.features(images)))


def stage(inputs: int, width: int, convolutions: int, batch_norm: bool) -> nn.Sequential:
    """Return convolutions that keep the image's size, then the pooling that halves it.

    Shape: (B, inputs, H, W) -> (B, width, H/2, W/2)
    """
    layers: list[nn.Module] = []
    for _ in range(convolutions):
        layers.append(nn.Conv2d(inputs, width, kernel_size=3, padding=1))  # (B, width, H, W)
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU())
        inputs = width
    layers.append(nn.MaxPool2d(2))  # (B, width, H/2, W/2)
    return nn.Sequential(*layers)


@BUILDERS.register("vgg")
def vgg(
    *,
    depth: Literal[11, 13, 16, 19] = 16,
    batch_norm: bool = False,
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.5,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> VGG:
    """Five stages of 3×3 convolutions and three dense layers: depth in its plainest form.

    Options:
        depth: layers with weights, convolutions and dense ones together
        batch_norm: whether each convolution's output is normalised; published a year after VGG
        dropout: share of the features after a dense layer that each training step switches off
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
        Recognition", 2014, arXiv 1409.1556.
    """
    return VGG(depth, batch_norm, dropout, classes, channels)
