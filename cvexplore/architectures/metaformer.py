"""MetaFormer: the transformer's layout matters more than its attention."""

from cvexplore.architectures import Card, Paper

POOLFORMER = Card(
    name="PoolFormer",
    year=2021,
    kind="CNN",
    paper=Paper(
        "MetaFormer Is Actually What You Need for Vision",
        "Yu, Luo, Zhou, Si, Zhou, Wang, Feng, Yan",
        arxiv="2111.11418",
    ),
    idea=(
        "Replace attention by mere average pooling, which we file as a fixed convolution: the "
        "block's layout does the work."
    ),
    builds_on=("ViT", "MLP-Mixer"),
    models=("timm/poolformer*",),
)

CONVFORMER = Card(
    name="ConvFormer",
    year=2022,
    kind="CNN",
    paper=Paper(
        "MetaFormer Baselines for Vision",
        "Yu, Si, Zhou, Luo, Zhou, Feng, Yan, Wang",
        arxiv="2210.13452",
    ),
    idea="Put separable convolutions where the transformer's block has attention.",
    builds_on=("PoolFormer", "MobileNetV2"),
    models=("timm/convformer_*",),
)

CAFORMER = Card(
    name="CAFormer",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "MetaFormer Baselines for Vision",
        "Yu, Si, Zhou, Luo, Zhou, Feng, Yan, Wang",
        arxiv="2210.13452",
    ),
    idea=(
        "Keep one layout of blocks, and mix by convolution in the first two stages and by "
        "attention in the last two."
    ),
    builds_on=("ConvFormer", "ViT"),
    models=("timm/caformer_*",),
)

MAMBAOUT = Card(
    name="MambaOut",
    year=2024,
    kind="CNN",
    paper=Paper("MambaOut: Do We Really Need Mamba for Vision?", "Yu, Wang", arxiv="2405.07992"),
    idea=(
        "Take the state-space layer out of Mamba's block: the gated convolution that remains "
        "classifies images better."
    ),
    builds_on=("ConvFormer", "InceptionNeXt"),
    models=("timm/mambaout_*", "timm/test_mambaout"),
)
