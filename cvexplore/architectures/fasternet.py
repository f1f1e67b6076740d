"""FasterNet: convolve a part of the channels only."""

from cvexplore.architectures import Card, Paper

FASTERNET = Card(
    name="FasterNet",
    year=2023,
    kind="CNN",
    paper=Paper(
        "Run, Don't Walk: Chasing Higher FLOPS for Faster Neural Networks",
        "Chen, Kao, He, Zhuo, Wen, Lee, Chan",
        arxiv="2303.03667",
    ),
    idea=(
        "Convolve only a part of the channels and leave the rest alone, because reading memory "
        "costs time as well."
    ),
    builds_on=("MobileNetV2", "ConvNeXt"),
    models=("timm/fasternet_*",),
)
