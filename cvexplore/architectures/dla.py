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
    formula=r"N(x_1,\dots,x_n) = \mathrm{ReLU}(\mathrm{BN}(\textstyle\sum_i W_ix_i))",
    strengths=(
        "Fuses fine detail with deep meaning, which suits segmentation, key points and detection."
    ),
    weaknesses=(
        "Feature maps wait in memory until they are merged, and the branching tree is complex to "
        "change."
    ),
)
