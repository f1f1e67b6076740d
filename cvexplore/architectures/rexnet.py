"""ReXNet: channels that grow layer by layer."""

from cvexplore.architectures import Card, Paper

REXNET = Card(
    name="ReXNet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Rethinking Channel Dimensions for Efficient Model Design",
        "Han, Yun, Heo, Yoo",
        arxiv="2007.00992",
    ),
    idea=(
        "Let the number of channels grow along a straight line from block to block, so that none "
        "becomes a bottleneck."
    ),
    builds_on=("MobileNetV2", "SENet"),
    models=("timm/rexnet*",),
    formula=r"C_i = a\,i + b",
    strengths=(
        "A small network for phones whose features stay rich, with one plain rule for the widths."
    ),
    weaknesses=(
        "Odd channel counts fit hardware badly, and its depthwise layers and channel attention are "
        "slow on GPUs."
    ),
)
