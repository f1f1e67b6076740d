"""CoAtNet and MaxViT: convolution and attention in one stack."""

from cvexplore.architectures import Card, Paper

COATNET = Card(
    name="CoAtNet",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "CoAtNet: Marrying Convolution and Attention for All Data Sizes",
        "Dai, Liu, Le, Tan",
        arxiv="2106.04803",
    ),
    idea=(
        "Stack inverted bottlenecks first and attention with relative positions after, which "
        "suits small and large data."
    ),
    builds_on=("MobileNetV2", "SENet", "ViT"),
    models=("timm/coatnet_*", "timm/test_coatnet"),
)

MAXVIT = Card(
    name="MaxViT",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "MaxViT: Multi-Axis Vision Transformer",
        "Tu, Talebi, Zhang, Yang, Milanfar, Bovik, Li",
        arxiv="2204.01697",
    ),
    idea=(
        "Convolve, attend within windows, then attend along a sparse grid over the whole image, "
        "in every block."
    ),
    builds_on=("CoAtNet", "Swin"),
    models=("torchvision/maxvit_t", "timm/maxvit_*", "timm/test_maxvit"),
)

MAXXVIT = Card(
    name="MaxxViT",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "MaxViT and CoAtNet in timm",
        "Wightman",
        url="https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/maxxvit.py",
    ),
    idea="Put ConvNeXt's blocks in the place of the inverted bottlenecks of MaxViT and CoAtNet.",
    builds_on=("MaxViT", "CoAtNet", "ConvNeXt"),
    # An experiment of timm's author, without a paper.
    models=("timm/maxxvit*", "timm/coatnext_*"),
)
