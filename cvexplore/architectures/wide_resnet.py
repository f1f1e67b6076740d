"""Wide ResNet: few wide layers in place of many narrow ones."""

from cvexplore.architectures import Card, Paper

WIDE_RESNET = Card(
    name="Wide ResNet",
    year=2016,
    kind="CNN",
    paper=Paper("Wide Residual Networks", "Zagoruyko, Komodakis", arxiv="1605.07146"),
    idea=(
        "Make residual networks wider instead of deeper: fewer layers with more channels train "
        "faster and do as well."
    ),
    builds_on=("ResNet",),
    models=("torchvision/wide_resnet*", "timm/wide_resnet*"),
    formula=r"\text{weights} \propto \text{depth} \cdot k^2",
    strengths="Trains faster than a very deep ResNet, as wide layers keep a GPU busy.",
    weaknesses=(
        "Weights and computation grow with the square of the widening factor, which makes models "
        "large."
    ),
)
