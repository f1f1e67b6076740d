"""RepVGG and MobileOne: many branches in training, a single one in use."""

from cvexplore.architectures import Card, Paper

REPVGG = Card(
    name="RepVGG",
    year=2021,
    kind="CNN",
    paper=Paper(
        "RepVGG: Making VGG-style ConvNets Great Again",
        "Ding, Zhang, Ma, Han, Ding, Sun",
        arxiv="2101.03697",
    ),
    idea=(
        "Train with three branches in every layer, then fold them exactly into one 3×3 "
        "convolution: a VGG in use."
    ),
    builds_on=("VGG", "ResNet"),
    models=("timm/repvgg_*",),
)

MOBILEONE = Card(
    name="MobileOne",
    year=2022,
    kind="CNN",
    paper=Paper(
        "MobileOne: An Improved One millisecond Mobile Backbone",
        "Vasu, Gabriel, Zhu, Tuzel, Ranjan",
        arxiv="2206.04040",
    ),
    idea=(
        "Fold several training branches into each layer of a MobileNet, and choose the sizes by "
        "the time on a real phone."
    ),
    builds_on=("MobileNet", "RepVGG"),
    models=("timm/mobileone_*",),
)
