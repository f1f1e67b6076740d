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
    formula=r"y = [W_{3\times3}*x_1,\ x_2],\quad x = [x_1,x_2]",
    strengths=(
        "Fast on GPUs, CPUs and ARM chips, because each 3×3 convolution reads and writes only a "
        "part of the channels."
    ),
    weaknesses=(
        "Most channels see no neighbours in a layer, so it needs 1×1 convolutions and width to "
        "spread what the others saw."
    ),
)
