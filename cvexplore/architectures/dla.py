"""DLA: layers merged along a tree."""

from cvexplore.architectures import Card, Paper

DLA = Card(
    name="DLA",
    year=2017,
    kind="CNN",
    paper=Paper("Deep Layer Aggregation", "Yu, Wang, Shelhamer, Darrell", arxiv="1707.06484"),
    idea=(
        "Merge shallow and deep features step by step along a tree, over the whole depth of the "
        "network."
    ),
    builds_on=("ResNet", "DenseNet"),
    models=("timm/dla*",),
)
