"""FocalNet: context gathered first, and multiplied in."""

from cvexplore.architectures import Card, Paper

FOCALNET = Card(
    name="FocalNet",
    year=2022,
    kind="CNN",
    paper=Paper("Focal Modulation Networks", "Yang, Li, Dai, Gao", arxiv="2203.11926"),
    idea=(
        "Replace attention: gather context with depthwise convolutions of growing reach, then "
        "multiply it into each position."
    ),
    builds_on=("Swin",),
    models=("timm/focalnet_*",),
)
