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
    formula=r"y_i = q(x_i)\odot h\Big(\sum_{\ell=1}^{L+1}g_i^\ell\,z_i^\ell\Big)",
    strengths=(
        "Gathers context at several ranges at a cost linear in pixels, which suits detection and "
        "segmentation."
    ),
    weaknesses=(
        "Large depthwise kernels at every level are slow on GPUs, and a position weighs whole "
        "levels, not single positions."
    ),
)
