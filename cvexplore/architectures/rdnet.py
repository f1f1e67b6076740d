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
    formula=r"x_{l+1} = [\,x_l,\; \gamma_l \odot F(x_l)\,]",
    strengths=(
        "Keeps all earlier features of a stage available, which helps dense tasks such as "
        "segmentation."
    ),
    weaknesses=(
        "Growing concatenations take memory and bandwidth, and each block sees more input channels "
        "than the last."
    ),
)
