"""A small convolutional network for 28-pixel digits: the place to begin."""

from typing import Annotated

from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.plugins import Range

SIMPLE_CNN = Card(
    name="Simple CNN",
    year=1998,
    kind="CNN",
    paper=Paper(
        "Gradient-based learning applied to document recognition",
        "LeCun, Bottou, Bengio, Haffner",
        url="https://doi.org/10.1109/5.726791",
    ),
    idea="Learn small filters and slide them over the image: the same weights see every place.",
    models=("cvexplore/simple_cnn",),
    formula=r"y_{ij} = \delta\left(b + \sum_{u,v} w_{uv}\, x_{i+u,\, j+v}\right)",
    strengths="Quick to train and easy to follow, well suited to small pictures such as digits.",
    weaknesses=(
        "Its dense layers fix the image size and hold most weights, and two convolutions are too "
        "few for complex photos."
    ),
)


class SimpleCNN(nn.Module):
    """Two convolutions that each halve the image afterwards, then two dense layers.

    Shape: (B, channels, H, W) -> (B, classes)
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        dropout: float,
        classes: int,
        channels: int,
        image_size: int,
        *,
        batch_norm: bool = False,
        spatial_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        side = image_size // 2 // 2

        def after_convolution(channels: int) -> list[nn.Module]:
            norm = [nn.BatchNorm2d(channels)] if batch_norm else []
            drop = [nn.Dropout2d(spatial_dropout)] if spatial_dropout else []
            return [*norm, nn.ReLU(), nn.MaxPool2d(2), *drop]

        self.features = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=3, padding=1),  # (B, 32, 28, 28)
            *after_convolution(width),  # (B, 32, 14, 14)
            nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),  # (B, 64, 14, 14)
            *after_convolution(2 * width),  # (B, 64, 7, 7)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # (B, 3136)
            nn.Linear(2 * width * side * side, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        return self.classifier(self.features(images))


@BUILDERS.register("simple_cnn")
def simple_cnn(
    *,
    width: Annotated[int, Range(1, 256, unit="channels")] = 32,
    hidden: Annotated[int, Range(1, 4096, unit="features")] = 128,
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.5,
    spatial_dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0,
    batch_norm: bool = False,
    classes: Annotated[int, Range(1, 10_000)] = 10,
    channels: Annotated[int, Range(1, 16)] = 1,
    image_size: Annotated[int, Range(4, 256, unit="pixels")] = 28,
) -> SimpleCNN:
    """Two convolutions, two poolings, two dense layers: 421,642 parameters.

    Options:
        width: filters of the first convolution; the second has twice as many
        hidden: features between the two dense layers
        dropout: share of the hidden features that each training step switches off
        spatial_dropout: share of each convolution's maps that each training step switches off
        batch_norm: whether the maps of each convolution are normalised over the batch
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour
        image_size: pixels a side

    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
        recognition", 1998, with the ReLU, max pooling and dropout of 2012, batch normalisation
        (Ioffe, Szegedy, 2015, arXiv 1502.03167) and spatial dropout (Tompson et al., 2014,
        arXiv 1411.4280).
    """
    return SimpleCNN(
        width,
        hidden,
        dropout,
        classes,
        channels,
        image_size,
        batch_norm=batch_norm,
        spatial_dropout=spatial_dropout,
    )
