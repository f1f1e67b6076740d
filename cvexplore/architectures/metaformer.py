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
    formula=r"y = x + \mathrm{Pool}(\bar{x}) - \bar{x},\quad \bar{x} = \mathrm{Norm}(x)",
    strengths=(
        "A simple baseline whose mixing has no weights at all and whose cost grows only linearly "
        "with the number of positions."
    ),
    weaknesses=(
        "Average pooling is the same for every image and sees only 3×3 neighbours, so far "
        "positions meet only after many layers."
    ),
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
    formula=r"y = x + W_2\,(D_{7\times7} * \mathrm{StarReLU}(W_1 x))",
    strengths=(
        "Handles images of any size at a cost linear in the pixels, with blocks laid out as "
        "cleanly as a transformer's."
    ),
    weaknesses=(
        "It sees globally only through stacked 7×7 kernels, and depthwise convolutions run far "
        "below a GPU's peak speed."
    ),
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
    formula=r"\text{mixer} = (\mathrm{Conv},\, \mathrm{Conv},\, \mathrm{Attn},\, \mathrm{Attn})",
    strengths=(
        "Uses cheap convolution where maps are large and global attention where they are small, "
        "which suits each stage."
    ),
    weaknesses=(
        "The last two stages still pay a cost quadratic in positions, which is felt when the image "
        "is large."
    ),
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
    formula=r"y = x + W_2\,(\sigma(W_g x) \odot [\,W_i x,\; D * W_c x\,])",
    strengths=(
        "Classifies images well without a recurrent scan, so that it needs only standard "
        "convolutions and dense layers."
    ),
    weaknesses=(
        "Its authors find that it falls behind good state-space models in detection and "
        "segmentation, where sequences are long."
    ),
)
