"""AlexNet: the network that brought deep learning to vision."""

from typing import Annotated

from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.plugins import Range

ALEXNET = Card(
    name="AlexNet",
    year=2012,
    kind="CNN",
    paper=Paper(
        "ImageNet Classification with Deep Convolutional Neural Networks",
        "Krizhevsky, Sutskever, Hinton",
        url="https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html",
    ),
    idea="Make the small CNN deep and wide, with ReLU and dropout; train it on a million photos.",
    builds_on=("Simple CNN",),
    models=("cvexplore/alexnet", "torchvision/alexnet"),
    formula=r"y = W\,(m\odot\max(0,x)),\quad m_i\sim\mathrm{Bernoulli}(1-p)",
    strengths=(
        "Good for learning how a CNN is built: few layers, each easy to follow, and quick on "
        "today's GPUs."
    ),
    weaknesses=(
        "Costs about 61 million parameters, nearly all in its dense layers, for an accuracy that "
        "far smaller networks now pass."
    ),
)


class AlexNet(nn.Module):
    """Five convolutions that see ever larger patterns, then three dense layers that decide.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow a photo of 224 x 224.
    """

    def __init__(self, dropout: float, classes: int, channels: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            # Eleven pixels wide and four apart: a cheap first look that throws detail away early.
            nn.Conv2d(channels, 64, kernel_size=11, stride=4, padding=2),  # (B, 64, 55, 55)
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),  # (B, 64, 27, 27)
            nn.Conv2d(64, 192, kernel_size=5, padding=2),  # (B, 192, 27, 27)
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),  # (B, 192, 13, 13)
            nn.Conv2d(192, 384, kernel_size=3, padding=1),  # (B, 384, 13, 13)
            nn.ReLU(),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),  # (B, 256, 13, 13)
            nn.ReLU(),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),  # (B, 256, 13, 13)
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),  # (B, 256, 6, 6)
        )
        # The dense layers need 6 x 6 places, whatever the size of the photo.
        self.pool = nn.AdaptiveAvgPool2d(6)  # (B, 256, 6, 6)
        self.classifier = nn.Sequential(
            nn.Flatten(),  # (B, 9216)
            # 58.6 of the 61 million parameters are in these layers, so this is where dropout helps.
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, classes),
        )
        # The paper's Gaussian of 0.01 lets the signal fade; Kaiming keeps its size through ReLU.
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            else:
                nn.init.kaiming_normal_(parameter, nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        return self.classifier(self.pool(self.features(images)))


@BUILDERS.register("alexnet")
def alexnet(
    *,
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.5,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
) -> AlexNet:
    """Five convolutions and three dense layers, the start of deep learning in vision.

    Options:
        dropout: share of the features before a dense layer that each training step switches off
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour

    Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
        Networks", 2012, in the one-tower form of Krizhevsky, "One weird trick for parallelizing
        convolutional neural networks", 2014, arXiv 1404.5997.
    """
    return AlexNet(dropout, classes, channels)
