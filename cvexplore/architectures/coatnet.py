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
    formula=r"y_i = \sum_j\mathrm{softmax}_j(x_i^\top x_j+w_{i-j})\,x_j",
    strengths=(
        "Learns well from ImageNet alone thanks to its convolutions, and gains from larger data "
        "thanks to attention."
    ),
    weaknesses=(
        "Its table of relative positions fits one image size, and the cost of its late attention "
        "is quadratic in positions."
    ),
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
    formula=r"y = \mathrm{GridAttn}(\mathrm{WindowAttn}(\mathrm{MBConv}(x)))",
    strengths=(
        "Every block sees near and far at linear cost, so it suits large images, detection and "
        "segmentation."
    ),
    weaknesses=(
        "The image must divide evenly into windows and grids, and many reshapes cost time and "
        "memory."
    ),
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
    formula=r"y = \mathrm{GridAttn}(\mathrm{WindowAttn}(\mathrm{ConvNeXt}(x)))",
    strengths=(
        "Keeps MaxViT's near and far view with layer norm throughout, so that results do not "
        "depend on the batch size."
    ),
    weaknesses=(
        "Large depthwise kernels use GPUs poorly, and the image must divide evenly into windows "
        "and grids."
    ),
)
