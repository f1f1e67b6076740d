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
)
