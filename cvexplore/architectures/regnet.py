"""RegNet: a whole space of good networks instead of a single one."""

from cvexplore.architectures import Card, Paper

REGNET = Card(
    name="RegNet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Designing Network Design Spaces",
        "Radosavovic, Kosaraju, Girshick, He, Dollár",
        arxiv="2003.13678",
    ),
    idea=(
        "Shrink a huge space of networks to a simple rule: widths that grow along a straight "
        "line, rounded stage by stage."
    ),
    builds_on=("ResNeXt", "SENet"),
    models=("torchvision/regnet_[xy]_*", "timm/regnet[vxy]_*"),
)

REGNET_Z = Card(
    name="RegNetZ",
    year=2021,
    kind="CNN",
    paper=Paper("Fast and Accurate Model Scaling", "Dollár, Singh, Girshick", arxiv="2103.06877"),
    idea=(
        "Scale mainly the width, so that the activations to be moved, and with them the time, "
        "grow slowly."
    ),
    builds_on=("RegNet", "MobileNetV2"),
    models=("timm/regnetz_*",),
)
