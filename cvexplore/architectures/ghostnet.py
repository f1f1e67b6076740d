"""GhostNet: most feature maps are cheap copies of a few."""

from cvexplore.architectures import Card, Paper

GHOSTNET = Card(
    name="GhostNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "GhostNet: More Features from Cheap Operations",
        "Han, Wang, Tian, Guo, Xu, Xu",
        arxiv="1911.11907",
    ),
    idea=(
        "Compute only some feature maps by full convolution, and derive the others from them by "
        "cheap depthwise filters."
    ),
    builds_on=("MobileNetV3",),
    models=("timm/ghostnet_*",),
)

REPGHOST = Card(
    name="RepGhost",
    year=2022,
    kind="CNN",
    paper=Paper(
        "RepGhost: A Hardware-Efficient Ghost Module via Re-parameterization",
        "Chen, Guo, Zeng, Xiong, Dong",
        arxiv="2211.06088",
    ),
    idea=(
        "Add the cheap features instead of appending them, so that both branches fold into one "
        "for inference."
    ),
    builds_on=("GhostNet", "RepVGG"),
    models=("timm/repghostnet_*",),
)

GHOSTNET_V2 = Card(
    name="GhostNetV2",
    year=2022,
    kind="CNN",
    paper=Paper(
        "GhostNetV2: Enhance Cheap Operation with Long-Range Attention",
        "Tang, Han, Guo, Xu, Xu, Wang",
        arxiv="2211.12905",
    ),
    idea=(
        "Weigh the features by a cheap look along rows and then columns, so that distant pixels "
        "count as well."
    ),
    builds_on=("GhostNet",),
    models=("timm/ghostnetv2_*",),
)

GHOSTNET_V3 = Card(
    name="GhostNetV3",
    year=2024,
    kind="CNN",
    learning="distillation",
    paper=Paper(
        "GhostNetV3: Exploring the Training Strategies for Compact Models",
        "Liu, Hao, Han, Tang, Wang",
        arxiv="2404.11202",
    ),
    idea=(
        "Train with extra branches that fold away afterwards, and with a teacher: a better small "
        "network at no cost."
    ),
    builds_on=("GhostNetV2", "RepVGG"),
    models=("timm/ghostnetv3_*",),
)
