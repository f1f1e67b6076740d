"""SqueezeNet: the accuracy of AlexNet with very few parameters."""

from cvexplore.architectures import Card, Paper

SQUEEZENET = Card(
    name="SqueezeNet",
    year=2016,
    kind="CNN",
    paper=Paper(
        "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
        "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
        arxiv="1602.07360",
    ),
    idea=(
        "Squeeze the channels with 1×1 filters before widening them again: AlexNet's accuracy "
        "with 50 times fewer parameters."
    ),
    builds_on=("AlexNet", "GoogLeNet"),
    models=("torchvision/squeezenet*",),
    formula=r"s = P_{1\times1} * x,\quad y = [\,P' * s,\; K_{3\times3} * s\,]",
    strengths="Very few weights, so it fits where storage or download size is scarce.",
    weaknesses=(
        "Few weights do not mean little time: its early maps are large, and its accuracy is only "
        "that of AlexNet."
    ),
)
