"""RDNet: DenseNet brought up to date."""

from cvexplore.architectures import Card, Paper

RDNET = Card(
    name="RDNet",
    year=2024,
    kind="CNN",
    paper=Paper(
        "DenseNets Reloaded: Paradigm Shift Beyond ResNets and ViTs",
        "Kim, Heo, Han",
        arxiv="2403.19588",
    ),
    idea=(
        "Keep DenseNet's concatenation, but make it wider and shallower, with the blocks and the "
        "training of today."
    ),
    builds_on=("DenseNet", "ConvNeXt"),
    models=("timm/rdnet_*",),
)
